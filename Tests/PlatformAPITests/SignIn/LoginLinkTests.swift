// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WebSurface

@testable import PlatformAPI

/// Login links (contract sections 2.6 and 7; weakness 9).
@Suite struct LoginLinkTests {
    @Test func theLinkLooksAsTheContractHasIt() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newUser("Ada+x@example.org")
            for method in ["GET", "POST"] {
                let answer = try await app.call(method, "/users/\(user)/login")
                let wanted =
                    /\{"url":"https:\/\/muster\.example\/base\/app\/login\?email=ada%2Bx%40example\.org&sso_auth_token=[0-9a-f]{64}"\}/
                #expect(answer.status == 200 && answer.body.wholeMatch(of: wanted) != nil, "\(answer)")
            }
            #expect(
                try await api.count("select count(*) from login_links where expires_at - created_at = interval '5 minutes'") == 2)
            try await api.execute("update platform_apps set login_link_seconds = 30")
            _ = try await app.linkToken(user)
            #expect(
                try await api.count("select count(*) from login_links where expires_at - created_at = interval '30 seconds'") == 1
            )
            #expect(
                try await api.count("select count(*) from audit_events where action = 'user.login_link' and subject_id = \(user)")
                    == 3)
        }
    }

    @Test func redeemingAnswersAsTheContractHasIt() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newUser("ada@example.org")
            let account = try await app.newAccount("Harbour")
            let closed = try await app.newAccount("Closed")
            try await app.join(user, to: account, role: "administrator")
            try await app.join(user, to: closed)
            _ = try await app.call("POST", "/accounts/\(closed)/account_users/suspend", .json(#"{"user_id":\#(user)}"#))
            let answer = try await app.redeem(" ADA@example.org ", try await app.linkToken(user))
            #expect(answer.status == 200, "\(answer)")
            let headers = answer.headers
            #expect(headers["access-token"]?.wholeMatch(of: /[A-Za-z0-9_-]{22}/) != nil, "\(headers)")
            #expect(headers["client"]?.wholeMatch(of: /[A-Za-z0-9_-]{22}/) != nil, "\(headers)")
            #expect(headers["token-type"] == "Bearer" && headers["uid"] == "ada@example.org")
            let days = (Double(headers["expiry"] ?? "") ?? 0) / 86_400 - Date().timeIntervalSince1970 / 86_400
            #expect((58.9...62.1).contains(days), "\(days)")
            let bearer = try #require(headers["authorization"]?.split(separator: " "))
            let decoded = try JSONParser.parse(Array(try #require(Data(base64Encoded: String(bearer[1]))))).value
            #expect(bearer[0] == "Bearer" && decoded.keys == ["access-token", "token-type", "client", "expiry", "uid"])
            for key in decoded.keys { #expect(decoded[key]?.string == headers[key]) }

            let data = try #require(try answer.json()["data"])
            #expect(
                data.keys == [
                    "access_token", "account_id", "available_name", "avatar_url", "confirmed", "display_name",
                    "message_signature", "email", "id", "inviter_id", "name", "provider", "pubsub_token", "role", "ui_settings",
                    "uid", "type", "accounts",
                ])
            #expect(data["id"]?.integer == user && data["role"]?.string == "administrator" && data["type"] == .null)
            let accounts = try #require(data["accounts"]?.elements)
            #expect(accounts.map { $0["id"]?.integer } == [account], "a closed account is not listed")
            #expect(
                accounts[0].keys == [
                    "id", "name", "status", "active_at", "role", "permissions", "availability", "availability_status",
                    "auto_offline",
                ])
            #expect(accounts[0]["permissions"]?.elements == [.string("administrator")])
            #expect(try await app.isSignedIn(answer))
        }
    }

    @Test func jsonFormAndQueryAreRead() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newUser("ada+x@example.org")
            let fields = "email=ada%2Bx%40example.org&password=&sso_auth_token="
            let form = try await app.call("POST", "/auth/sign_in", .form(fields + (try await app.linkToken(user))), headers: [])
            #expect(form.status == 200)
            let query = try await app.call("POST", "/auth/sign_in?" + fields + (try await app.linkToken(user)), headers: [])
            #expect(query.status == 200)
        }
    }

    @Test func twoHundredAtOnceAndOneWins() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newUser("ada@example.org")
            let token = try await app.linkToken(user)
            let answers = try await withThrowingTaskGroup(of: Answer.self) { tasks in
                for _ in 0..<200 { tasks.addTask { try await app.redeem("ada@example.org", token) } }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count { $0.status == 200 } == 1)
            #expect(answers.allSatisfy { $0.status == 200 || $0.body == Body.invalidCredentials || $0.status == 429 })
            #expect(try await api.count("select count(*) from sessions") == 1)
        }
    }

    @Test func whatIsNoGoodLinkSignsNobodyIn() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newUser("ada@example.org")
            _ = try await app.newUser("eve@example.org")
            let token = try await app.linkToken(user)
            func isRefused(_ email: String, _ token: String, _ comment: Comment) async throws {
                let answer = try await app.redeem(email, token)
                #expect(answer.status == 401 && answer.body == Body.invalidCredentials, comment)
                #expect(answer.headers["access-token"] == nil, comment)
            }
            try await isRefused("eve@example.org", token, "another's address")
            try await isRefused("", token, "no address")
            try await isRefused("ada@example.org", token.uppercased(), "another spelling")
            try await isRefused("ada@example.org", String(repeating: "0", count: 64), "unknown")
            try await isRefused("ada@example.org", "%", "nonsense")
            try await isRefused("ada@example.org\\u0000", token, "what cannot be stored")
            // None of these used it up.
            #expect(try await app.redeem("ada@example.org", token).status == 200)
            try await isRefused("ada@example.org", token, "used")

            let expired = try await app.linkToken(user)
            try await api.execute("update login_links set expires_at = now() where redeemed_at is null")
            try await isRefused("ada@example.org", expired, "expired")

            let (first, second) = (try await app.linkToken(user), try await app.linkToken(user))
            #expect(try await app.delete("/users/\(user)/login").status == 200)
            try await isRefused("ada@example.org", first, "revoked")
            try await isRefused("ada@example.org", second, "revoked")

            let suspended = try await app.linkToken(user)
            _ = try await app.call("POST", "/users/\(user)/suspend")
            try await isRefused("ada@example.org", suspended, "suspended")
            let refusal = try await app.get("/users/\(user)/login")
            #expect(refusal.status == 422 && refusal.body == Body.invalid("User is suspended", "user"), "\(refusal)")
            _ = try await app.call("POST", "/users/\(user)/restore")

            let ungranted = try await app.linkToken(user)
            try await api.execute("update platform_app_permissibles set rights = 11 where kind = 'user' and object_id = \(user)")
            try await isRefused("ada@example.org", ungranted, "the app lost the right")
            try await api.execute("update platform_app_permissibles set rights = 15 where kind = 'user' and object_id = \(user)")

            let disabled = try await app.linkToken(user)
            try await api.execute("update platform_apps set disabled_at = now()")
            try await isRefused("ada@example.org", disabled, "the app is disabled")
            try await api.execute("update platform_apps set disabled_at = null")

            let deleted = try await app.linkToken(user)
            #expect(try await app.delete("/users/\(user)").status == 200)
            try await isRefused("ada@example.org", deleted, "deleted")
            for method in ["GET", "POST", "DELETE"] {
                let gone = try await app.call(method, "/users/\(user)/login")
                #expect(gone.status == 404 && gone.body == Body.notFound)
            }
        }
    }

    @Test func onlyWhoMayImpersonateMintsAndEachRevokesItsOwn() async throws {
        try await withInstallation { api in
            let (app, other) = (try await api.app("One"), try await api.app("Two"))
            let user = try await app.newUser("ada@example.org")
            for method in ["GET", "POST", "DELETE"] {
                let answer = try await other.call(method, "/users/\(user)/login")
                #expect(answer.status == 401 && answer.body == Body.nonPermissible)
                #expect(try await api.stranger.call(method, "/users/\(user)/login").body == Body.invalidToken)
            }
            try await api.grant("user", user, to: other, rights: 11)
            for method in ["GET", "POST", "DELETE"] {
                #expect(try await other.call(method, "/users/\(user)/login").body == Body.nonPermissible)
            }
            try await api.execute("update platform_app_permissibles set rights = 15 where platform_app_id = \(other.appID)")
            let token = try await app.linkToken(user)
            #expect(try await other.delete("/users/\(user)/login").status == 200)
            #expect(try await app.redeem("ada@example.org", token).status == 200)
            try await api.execute(
                "update access_tokens set scopes = '{users:read,users:write}' where owner_kind = 'platform_app'")
            for method in ["GET", "POST", "DELETE"] { #expect(try await app.call(method, "/users/\(user)/login").status == 403) }
        }
    }
}
