// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Testing
import WebSurface

/// Scopes of tokens, over the wire: each call with each token.
@Suite struct ScopeTests {
    private static let denied = #"{"error":"Insufficient scope"}"#

    @Test func everyCallNeedsItsScope() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (user, account) = (try await app.newUser("ada@example.org"), try await app.newAccount())
            try await app.join(user, to: account)
            let role = try await app.post("/accounts/\(account)/custom_roles", #"{"name":"R"}"#).id()
            let at = "/accounts/\(account)"
            let calls: [(String, String, String, [String])] = [
                ("GET", "/users", "", ["users:read"]), ("GET", "/users/\(user)", "", ["users:read"]),
                ("GET", "/users?account_id=\(account)", "", ["users:read", "account_users:read"]),
                ("POST", "/users", #"{"name":"N","email":"ada@example.org"}"#, ["users:write"]),
                ("POST", "/users", #"{"name":"N","email":"ada@example.org","password":"x"}"#, ["users:write"]),
                ("PATCH", "/users/\(user)", #"{"name":"B"}"#, ["users:write"]),
                ("PATCH", "/users/\(user)", "{}", ["users:write"]),
                ("PATCH", "/users/\(user)", #"{"email":"ada@example.org"}"#, ["users:write", "users:impersonate"]),
                ("POST", "/users/\(user)/token", "", ["users:impersonate"]),
                ("POST", "/users/\(user)/token", #"{"rotate":true}"#, ["users:impersonate"]),
                ("POST", "/users/\(user)/restore", "", ["users:write"]),
                ("GET", "/accounts", "", ["accounts:read"]), ("GET", at, "", ["accounts:read"]),
                ("PATCH", at, #"{"name":"B"}"#, ["accounts:write"]), ("PATCH", at, "{}", ["accounts:write"]),
                ("GET", "\(at)/account_users", "", ["account_users:read"]),
                ("POST", "\(at)/account_users", #"{"user_id":\#(user)}"#, ["account_users:write"]),
                ("POST", "\(at)/account_users/restore", #"{"user_id":\#(user)}"#, ["account_users:write"]),
                ("DELETE", "\(at)/account_users", "{}", ["account_users:delete"]),
                ("GET", "\(at)/custom_roles", "", ["custom_roles:read"]),
                ("GET", "\(at)/custom_roles/\(role)", "", ["custom_roles:read"]),
                ("PATCH", "\(at)/custom_roles/\(role)", #"{"name":"R"}"#, ["custom_roles:write"]),
                ("PATCH", "\(at)/custom_roles/\(role)", "{}", ["custom_roles:write"]),
                ("GET", "/permissibles?kind=user", "", ["permissibles:read"]),
                ("DELETE", "/users/\(user)", "", ["users:delete"]), ("DELETE", at, "", ["accounts:delete"]),
                ("DELETE", "\(at)/custom_roles/\(role)", "", ["custom_roles:delete"]),
                ("DELETE", "/permissibles/user/\(user)", "", ["permissibles:delete"]),
            ]
            let scopes = Scope.verbs.flatMap { noun, verbs in verbs.map { "\(noun):\($0)" } }.sorted()
            var clients: [String: APIClient] = [:]
            func client(_ scopes: [String]) async throws -> APIClient {
                let key = scopes.joined(separator: " ")
                if let known = clients[key] { return known }
                let token = try await api.world.directory.tokens.issue(
                    to: app.appID, scopes: scopes.map { try #require(Scope($0)) }, by: .command)
                let client = APIClient(port: api.port, token: token.accessToken, appID: app.appID)
                clients[key] = client
                return client
            }
            for (method, path, body, needed) in calls {
                let content = body.isEmpty ? Content.none : .json(body)
                // Every other scope together is not enough, for each that is needed.
                for missing in needed {
                    let answer = try await client(scopes.filter { $0 != missing }).call(method, path, content)
                    #expect(answer.status == 403 && answer.body == Self.denied, "\(method) \(path) without \(missing): \(answer)")
                }
                if method == "DELETE" { continue }
                for enough in [needed, needed.map { $0.split(separator: ":")[0] + ":*" }, ["*"]] {
                    let answer = try await client(enough).call(method, path, content)
                    #expect(answer.status == 200, "\(method) \(path) with \(enough): \(answer)")
                }
            }
        }
    }

    @Test func whoMayOnlyReadSeesNoSecret() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newUser("ada@example.org")
            func client(_ scopes: Scope...) async throws -> APIClient {
                let token = try await api.world.directory.tokens.issue(to: app.appID, scopes: scopes, by: .command)
                return APIClient(port: api.port, token: token.accessToken, appID: app.appID)
            }
            let reader = try await client(.usersRead, .usersWrite)
            for answer in [
                try await reader.get("/users/\(user)"), try await reader.get("/users"),
                try await reader.patch("/users/\(user)", #"{"name":"B"}"#),
                try await reader.post("/users", #"{"name":"New","email":"new@example.org"}"#),
                try await reader.post("/users", #"{"name":"New","email":"new@example.org"}"#),
                try await reader.post("/users/\(user)/restore", ""),
            ] {
                #expect(answer.status == 200 && !answer.body.contains("mst_") && !answer.body.contains("_token"), "\(answer)")
            }
            let full = try await client(.usersRead, .usersImpersonate)
            #expect(try await full.get("/users/\(user)").body.contains("mst_usr_"))
        }
    }

    /// Whoever may change a webhook is told what is wrong with the change, without the scope to read it.
    @Test func aScopeToWriteIsEnoughToWrite() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let webhook = try await app.post("/webhooks", #"{"url":"https://hooks.example/"}"#).id()
            let token = try await api.world.directory.tokens.issue(to: app.appID, scopes: [.webhooksWrite], by: .command)
            let writer = APIClient(port: api.port, token: token.accessToken, appID: app.appID)
            for (body, status) in [(#"{"enabled":true}"#, 200), ("{}", 200), (#"{"url":"x"}"#, 422), ("{", 400)] {
                #expect(try await writer.patch("/webhooks/\(webhook)", body).status == status, "\(body)")
            }
            #expect(try await writer.get("/webhooks/\(webhook)").body == Self.denied)
        }
    }

    @Test func deadTokensAreNotToldAboutScopes() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let token = try await api.world.directory.tokens.issue(to: app.appID, scopes: [.usersRead], by: .command)
            let client = APIClient(port: api.port, token: token.accessToken, appID: app.appID)
            #expect(try await client.get("/accounts").body == Self.denied)
            try await api.world.directory.tokens.revoke(token.id, of: app.appID, by: .command)
            #expect(try await client.get("/accounts").body == Body.invalidToken)
            #expect(try await client.get("/users").body == Body.invalidToken)
        }
    }
}
