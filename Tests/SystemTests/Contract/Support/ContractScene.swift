// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Two apps that know nothing of each other, and addresses that no other test uses.
struct ContractScene: Sendable {
    let daemon: ContractDaemon
    let one: ContractClient
    /// The same one in most tests; what it owns is nobody's business there.
    let two: ContractClient
    /// Without a token.
    let nobody: ContractClient
    /// The part of an address behind its `@`.
    let domain: String

    /// - Parameter freshTwo: for tests that list what the second app has.
    init(freshTwo: Bool = false) async throws {
        daemon = try ContractDaemon.current
        one = try await daemon.app()
        two = freshTwo ? try await daemon.app() : try #require(RealDaemon.stranger)
        nobody = daemon.nobody
        domain = "d\(UInt32.random(in: 0...UInt32.max)).example"
    }
}

extension ContractClient {
    /// Creates a user and gives its id.
    func newUser(_ email: String, name: String = "Ada", password: String? = nil) async throws -> Int64 {
        let password = password.map { #","password":"\#($0)""# } ?? ""
        return try await made("POST /users", #"{"name":"\#(name)","email":"\#(email)"\#(password)}"#)
    }

    /// Creates an account and gives its id.
    func newAccount(_ name: String = "Harbour") async throws -> Int64 {
        try await made("POST /accounts", #"{"name":"\#(name)"}"#)
    }

    /// Makes a user a member.
    func join(_ user: Int64, _ account: Int64, role: String = "agent") async throws {
        let answer = try await call("POST /accounts/\(account)/account_users", #"{"user_id":\#(user),"role":"\#(role)"}"#)
        try #require(answer.status == 200, "\(answer)")
    }

    /// Mints a login link and gives its token.
    func linkToken(_ user: Int64) async throws -> String {
        let answer = try await call("GET /users/\(user)/login")
        return String(try #require(answer.text("url")?.split(separator: "=").last, "\(answer)"))
    }

    /// Opens a login link as a browser does.
    func redeem(_ email: String, _ token: String, from address: String? = nil) async throws -> Answer {
        try await call(
            "POST /auth/sign_in", #"{"email":"\#(email)","password":"","sso_auth_token":"\#(token)"}"#,
            headers: [("X-Forwarded-For", address ?? Self.address(of: email))])
    }

    /// Signs in by password.
    func signIn(_ email: String, _ password: String, from address: String? = nil) async throws -> Answer {
        daemon.secrets.note(password)
        return try await call(
            "POST /auth/sign_in", #"{"email":"\#(email)","password":"\#(password)"}"#,
            headers: [("X-Forwarded-For", address ?? Self.address(of: email))])
    }

    /// Where the people of a scene call from: failures of other tests are not counted there.
    static func address(of email: String) -> String {
        let number = UInt32(email.split(separator: "@").last?.filter(\.isNumber) ?? "") ?? 1
        return "2001:db8:\(String(number >> 16, radix: 16)):\(String(number & 0xFFFF, radix: 16))::1"
    }

    private func made(_ line: String, _ body: String) async throws -> Int64 {
        let answer = try await call(line, .json(body))
        return try #require((answer.json["id"] as? NSNumber)?.int64Value, "\(answer)")
    }
}
