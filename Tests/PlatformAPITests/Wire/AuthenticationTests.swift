// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

/// Who calls: headers, their precedence, and tokens that are none (contract sections 1.1 and 1.2).
@Suite struct AuthenticationTests {
    @Test func headersAndTheirPrecedence() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let id = try await app.newUser("ada@example.org")
            let good = try #require(app.token)
            let bad = "mst_app_nonsense"
            let cases: [([(String, String)], Bool)] = [
                ([("api_access_token", good)], true), ([("Api-Access-Token", good)], true), ([("API_ACCESS_TOKEN", good)], true),
                ([("api-access-token", "  \(good)  ")], true), ([("Authorization", "Bearer \(good)")], true),
                ([("authorization", "bearer \(good)")], true), ([("AUTHORIZATION", "BEARER   \(good)")], true),
                ([("Authorization", "Bearer \(good)"), ("api_access_token", bad)], true),
                ([("Authorization", "Bearer \(bad)"), ("api_access_token", good)], false),
                ([("Authorization", "bEaReR"), ("api_access_token", good)], false),
                ([("Authorization", "Basic YTpi"), ("api_access_token", good)], true),
                ([("Authorization", "Basic \(good)")], false),
                ([("Authorization", good)], false),
                ([("Authorization", "Token token=\(good)"), ("Api-Access-Token", good)], true),
                ([], false), ([("api_access_token", "")], false), ([("api_access_token", bad)], false),
                ([("access_token", good)], false),
                ([("api_access_token", good), ("api_access_token", bad)], false),
                ([("Cookie", "api_access_token=\(good)")], false),
            ]
            for (headers, accepted) in cases {
                let answer = try await app.call("GET", "/users/\(id)", headers: headers)
                #expect(answer.status == (accepted ? 200 : 401), "\(headers.map { ($0.0, $0.1.prefix(12)) }): \(answer)")
                if !accepted { #expect(answer.body == Body.invalidToken) }
            }
            for path in ["/users/\(id)?api_access_token=\(good)", "/users/\(id)?access_token=\(good)"] {
                #expect(try await api.stranger.get(path).body == Body.invalidToken)
            }
            #expect(
                try await api.stranger.post("/users", #"{"api_access_token":"\#(good)","name":"A","email":"a@example.org"}"#)
                    .status == 401)
        }
    }

    @Test func tokensThatAreNotAnAppsAre401Everywhere() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (user, account) = (try await app.newUser("ada@example.org"), try await app.newAccount())
            let good = try #require(app.token)
            let ofUser = try #require(try await app.get("/users/\(user)").json()["access_token"]?.string)
            let revoked = try await api.app("Revoked"), expired = try await api.app("Expired"),
                disabled = try await api.app("Disabled")
            for (table, owner, column, value) in [
                ("access_tokens", revoked, "revoked_at", "now()"), ("access_tokens", expired, "expires_at", "now()"),
                ("platform_apps", disabled, "disabled_at", "now()"),
            ] {
                #expect(try await owner.get("/accounts").body == "[]")
                let key = table == "platform_apps" ? "id" : "owner_kind = 'platform_app' and owner_id"
                try await api.execute(
                    "update \(table) set \(column) = \(value) where \(key) = \(owner.appID)")
            }
            let last = good.last == "a" ? "b" : "a"
            let tokens: [String?] = [
                nil, "", ofUser, "mst_app_" + ofUser.dropFirst(8), String(good.dropLast()) + last, String(good.dropLast()),
                good + last,
                good.uppercased(), "mst_usr_" + good.dropFirst(8), "mst_adm_" + good.dropFirst(8), String(good.dropFirst(8)),
                good + " " + good,
                "wZ4hP9kLmN2vB7xQ3tR5yU8s", String(repeating: "x", count: 8_000), revoked.token, expired.token, disabled.token,
            ]
            let before = try await api.fingerprint()
            for token in tokens {
                let caller = APIClient(port: api.port, token: token, appID: 0)
                for (method, path, content) in Self.everyCall(user: user, account: account) {
                    let answer = try await caller.call(method, path, content)
                    #expect(
                        answer.status == 401 && answer.body == Body.invalidToken,
                        "\(token?.prefix(12) ?? "none") \(method) \(path): \(answer)")
                }
            }
            #expect(try await api.fingerprint() == before)
        }
    }

    /// Every call of the API on two objects, with bodies that would do something or are refused as such.
    static func everyCall(user: Int64, account: Int64) -> [(String, String, Content)] {
        [
            ("POST", "/users", .json(#"{"name":"N","email":"new@example.org"}"#)), ("POST", "/users", .json("{}")),
            ("GET", "/users/\(user)", .none), ("PATCH", "/users/\(user)", .json(#"{"name":"X"}"#)),
            ("PUT", "/users/\(user)", .json(#"{"email":"x"}"#)), ("DELETE", "/users/\(user)", .none),
            ("POST", "/users/\(user)/token", .none),
            ("GET", "/accounts", .none), ("POST", "/accounts", .json(#"{"name":"N"}"#)), ("POST", "/accounts", .json("{}")),
            ("GET", "/accounts/\(account)", .none), ("PATCH", "/accounts/\(account)", .json(#"{"name":"X"}"#)),
            ("PUT", "/accounts/\(account)", .json(#"{"status":"x"}"#)), ("DELETE", "/accounts/\(account)", .none),
            ("GET", "/accounts/\(account)/account_users", .none),
            ("POST", "/accounts/\(account)/account_users", .json(#"{"user_id":\#(user)}"#)),
            ("POST", "/accounts/\(account)/account_users", .json("{}")),
            ("DELETE", "/accounts/\(account)/account_users", .json(#"{"user_id":\#(user)}"#)),
            ("DELETE", "/accounts/\(account)/account_users", .none), ("POST", "/users", .json("{")),
            ("POST", "/accounts", .json("[]")),
            ("PATCH", "/users/\(user)", .json("{")), ("GET", "/users/none", .none), ("PUT", "/accounts/0", .none),
            ("POST", "/accounts/x/account_users", .none),
        ]
    }

    @Test func bodyIsLookedAtLast() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            let (user, account) = (try await one.newUser("ada@example.org"), try await one.newAccount())
            let broken: [Content] = [
                .json("{"), .json("[]"), .other(type: "text/plain", "x"), .form("a=%zz"), .json(#"{"name":"\u0000"}"#),
            ]
            for content in broken {
                for (method, path) in [
                    ("PATCH", "/users/\(user)"), ("PUT", "/accounts/\(account)"), ("POST", "/accounts/\(account)/account_users"),
                    ("DELETE", "/accounts/\(account)/account_users"),
                ] {
                    #expect(
                        try await api.stranger.call(method, path, content).body == Body.invalidToken,
                        "\(method) \(path) \(content)")
                    let refused = try await two.call(method, path, content)
                    #expect(
                        refused.status == 401 && refused.body == Body.nonPermissible, "\(method) \(path) \(content): \(refused)")
                }
            }
        }
    }
}
