// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

extension Answer {
    /// The body as JSON.
    func json(sourceLocation: SourceLocation = #_sourceLocation) throws -> JSONValue {
        try #require(try? JSONParser.parse(Array(body.utf8)).value, "\(self)", sourceLocation: sourceLocation)
    }

    /// The `id` of a body that must be an object with one, on a 200.
    func id(sourceLocation: SourceLocation = #_sourceLocation) throws -> Int64 {
        try #require(status == 200, "\(self)", sourceLocation: sourceLocation)
        return try #require(try json(sourceLocation: sourceLocation)["id"]?.integer, "\(self)", sourceLocation: sourceLocation)
    }
}

extension JSONValue {
    subscript(key: String) -> JSONValue? {
        if case .object(let object) = self { object[key] } else { nil }
    }

    var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
    var string: String? { if case .string(let text) = self { text } else { nil } }
    var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
    var keys: [String] { if case .object(let object) = self { object.keys } else { [] } }
}

extension APIClient {
    /// Creates a user with this address and gives its id.
    func newUser(_ email: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Int64 {
        try await post("/users", #"{"name":"Person","email":"\#(email)"}"#).id(sourceLocation: sourceLocation)
    }

    /// Creates an account and gives its id.
    func newAccount(_ name: String = "Place", sourceLocation: SourceLocation = #_sourceLocation) async throws -> Int64 {
        try await post("/accounts", #"{"name":"\#(name)"}"#).id(sourceLocation: sourceLocation)
    }

    /// Joins a user to an account.
    func join(_ user: Int64, to account: Int64, role: String = "agent") async throws {
        let answer = try await post("/accounts/\(account)/account_users", #"{"user_id":\#(user),"role":"\#(role)"}"#)
        try #require(answer.status == 200, "\(answer)")
    }
}

/// The bodies of the catalogue (contract section 1.2).
enum Body {
    static let invalidToken = #"{"error":"Invalid access_token"}"#
    static let nonPermissible = #"{"error":"Non permissible resource"}"#
    static let notFound = #"{"status":404,"error":"Not Found"}"#
    static let badRequest = #"{"status":400,"error":"Bad Request"}"#

    static func invalid(_ message: String, _ attributes: String...) -> String {
        #"{"message":"\#(message)","attributes":[\#(attributes.map { "\"\($0)\"" }.joined(separator: ","))]}"#
    }
}
