// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

extension ContractClient {
    /// A row of the contract: a call, and the status and bytes that answer it.
    ///
    /// - Parameters:
    ///   - fact: the row, in the page's words.
    ///   - line: verb and path.
    ///   - status: what is answered, beside everything that each answer has (``check(_:_:_:)``).
    @discardableResult
    func row(
        _ fact: Comment, _ line: String, _ content: Content = .none, headers: [(String, String)]? = nil, is status: Int,
        _ body: Expected = .anything, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        let answer = try await call(line, content, headers: headers, sourceLocation: sourceLocation)
        Self.check(answer, "\(fact.rawValue) | \(line)", sourceLocation)
        #expect(answer.status == status, "\(fact) | \(line): \(answer)", sourceLocation: sourceLocation)
        if let text = body.text, !body.matches(answer.body) {
            Issue.record(
                "\(fact) | \(line.prefix(200))\nexpected \(text)\nanswered \(answer.body)", sourceLocation: sourceLocation)
        }
        return answer
    }

    /// What stands for every answer of the API (1.1): never 201 or 202, never a 500, JSON or nothing.
    private static func check(_ answer: Answer, _ call: String, _ location: SourceLocation) {
        let text: Comment = "\(call): \(answer) \(answer.headers)"
        #expect(![201, 202].contains(answer.status) && answer.status < 500, text, sourceLocation: location)
        #expect(answer.headers["x-content-type-options"] == "nosniff", text, sourceLocation: location)
        #expect(answer.headers["cache-control"] == "no-store", text, sourceLocation: location)
        #expect((answer.headers["x-request-id"] ?? "").count >= 16, text, sourceLocation: location)
        let type = "application/json; charset=utf-8"
        if ![204, 304].contains(answer.status) {
            #expect(answer.headers["content-type"] == type, text, sourceLocation: location)
        }
    }
}

/// The bytes of a body; where they cannot be known, a word in angle brackets says what stands there.
struct Expected: Sendable, ExpressibleByStringInterpolation {
    let text: String?

    init(stringLiteral value: String) { text = value }
    init(_ text: String?) { self.text = text }

    private static let known = [
        "<id>": "[1-9][0-9]*", "<date>": #"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"#,
        "<token>": "[A-Za-z0-9_-]{24,}", "<hex64>": "[0-9a-f]{64}", "<seconds>": "[1-9][0-9]{9}",
    ]

    func matches(_ body: String) -> Bool {
        guard let text else { return true }
        if !text.contains("<") { return text == body }
        var pattern = NSRegularExpression.escapedPattern(for: text)
        for (word, expression) in Self.known { pattern = pattern.replacingOccurrences(of: word, with: expression) }
        return body.range(of: "^(?:\(pattern))\\z", options: .regularExpression) != nil
    }

    /// A body that the row says nothing about.
    static let anything = Expected(nil)
    static let empty: Expected = ""

    // The error catalogue (1.2).
    static let invalidToken: Expected = #"{"error":"Invalid access_token"}"#
    static let nonPermissible: Expected = #"{"error":"Non permissible resource"}"#
    static let notFound: Expected = #"{"status":404,"error":"Not Found"}"#
    static let badRequest: Expected = #"{"status":400,"error":"Bad Request"}"#
    static let methodNotAllowed: Expected = #"{"status":405,"error":"Method Not Allowed"}"#
    static let invalidCredentials: Expected =
        #"{"success":false,"errors":["Invalid login credentials. Please try again."]}"#

    /// 422 with whole sentences, joined with a comma and a space.
    static func invalid(_ message: String, _ attributes: String...) -> Expected {
        Expected(#"{"message":"\#(message)","attributes":[\#(attributes.map { "\"\($0)\"" }.joined(separator: ","))]}"#)
    }
}
