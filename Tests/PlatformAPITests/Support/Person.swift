// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

@testable import PlatformAPI

/// What a browser or an app does on behalf of a person.
extension APIClient {
    /// Makes a user with a password.
    func newUser(_ email: String, password: String) async throws -> Int64 {
        try await post("/users", #"{"name":"Person","email":"\#(email)","password":"\#(password)"}"#).id()
    }

    /// Mints a login link and gives its token.
    func linkToken(_ user: Int64, sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let answer = try await get("/users/\(user)/login")
        try #require(answer.status == 200, "\(answer)", sourceLocation: sourceLocation)
        let url = try #require(answer.json()["url"]?.string)
        return String(try #require(url.split(separator: "=").last))
    }

    /// Redeems a login link.
    func redeem(_ email: String, _ token: String, from address: String? = nil) async throws -> Answer {
        try await signIn(#"{"email":"\#(email)","password":"","sso_auth_token":"\#(token)"}"#, from: address)
    }

    /// Signs in by password.
    func signIn(_ email: String, password: String, from address: String? = nil) async throws -> Answer {
        try await signIn(#"{"email":"\#(email)","password":"\#(password)"}"#, from: address)
    }

    private func signIn(_ body: String, from address: String?) async throws -> Answer {
        try await call("POST", "/auth/sign_in", .json(body), headers: address.map { [("X-Forwarded-For", $0)] } ?? [])
    }

    /// Whether the session that this answer began is still good.
    func isSignedIn(_ session: Answer) async throws -> Bool {
        let answer = try await call("GET", "/auth/validate_token", headers: session.sessionHeaders)
        if answer.status != 200 { #expect(answer.status == 401 && answer.body == Body.invalidSession, "\(answer)") }
        return answer.status == 200
    }
}

extension Answer {
    /// The headers that a client sends back.
    var sessionHeaders: [(String, String)] { ["access-token", "client", "uid"].map { ($0, headers[$0] ?? "") } }
}

extension Body {
    static let invalidCredentials = #"{"success":false,"errors":["Invalid login credentials. Please try again."]}"#
    static let invalidSession = #"{"success":false,"errors":["Invalid login credentials"]}"#
}

/// A password that the policy takes.
let goodPassword = "Harbour1!"
