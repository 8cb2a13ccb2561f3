// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Testing
import WebSurface

/// The calls on users, accounts and bots with a super admin's token: the same answers, for whoever reaches everything.
@Suite struct OperatorRouteTests {
    @Test func reachesWhatAppsOwnAndOwnsNothing() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (user, account) = (try await app.newUser("ada@example.org"), try await app.newAccount())
            let root = try await superAdmin(api)
            #expect(try await root.get("/users/\(user)").json()["email"]?.string == "ada@example.org")
            #expect(try await root.get("/users/\(user)").json()["access_token"] == nil)
            #expect(try await root.post("/accounts/\(account)/account_users", #"{"user_id":\#(user)}"#).status == 200)
            #expect(try await root.get("/accounts/\(account)/account_users").json().elements.count == 1)
            #expect(try await root.get("/users/999").body == Body.notFound)
            // Whoever names a key is not refused for it.
            let made = try await root.call(
                "POST", "/users", .json(#"{"name":"Bob","email":"bob@example.org"}"#),
                headers: [("api_access_token", root.token ?? ""), ("Idempotency-Key", "1")])
            let bob = try made.id()
            #expect(try await app.get("/users/\(bob)").body == Body.nonPermissible)
            #expect(try await root.get("/users?q=bob").json().elements.map { $0["id"]?.integer } == [bob])
            #expect(try await root.post("/users", #"{"name":"Bob","email":"bob@example.org"}"#).status == 422)
            let link = try await root.get("/users/\(user)/login").json()["url"]?.string
            #expect(link?.contains("/app/login?email=ada%40example.org&sso_auth_token=") == true)
            #expect(try await root.post("/users/\(user)/suspend", #"{"reason":"left"}"#).status == 200)
            #expect(try await app.post("/users/\(user)/restore", "").json()["suspensions"]?.elements.count != 0)
            #expect(try await root.delete("/users/\(bob)").status == 200)
            #expect(try await root.get("/users/\(bob)").body == Body.notFound)
            #expect(
                try await api.count(
                    "select count(*) from audit_events where actor = 'super_admin' and platform_app_id is null and request_id is not null"
                )
                    >= 5)
        }
    }

    @Test func eachTokenOpensItsOwnDoor() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newUser("ada@example.org")
            let root = try await superAdmin(api)
            let before = try await api.fingerprint()
            let asApp = APIClient(port: api.port, token: root.token, appID: 0)
            let asRoot = APIClient(port: api.port, token: app.token, appID: 0, base: OperatorRouteTests.base)
            for path in ["/users/\(user)", "/users", "/accounts", "/agent_bots"] {
                #expect(try await asApp.get(path).body == Body.invalidToken, "\(path)")
                #expect(try await asRoot.get(path).body == Body.invalidToken, "\(path)")
            }
            #expect(try await asRoot.delete("/users/\(user)").body == Body.invalidToken)
            // What is an app's business has no door here.
            for path in ["/permissibles", "/webhooks", "/bulk", "/provision"] {
                #expect(try await root.get(path).status == 404, "\(path)")
            }
            #expect(try await api.fingerprint() == before)
        }
    }

    @Test func scopesNarrow() async throws {
        try await withInstallation { api in
            let user = try await api.app("One").newUser("ada@example.org")
            let root = try await superAdmin(api, scopes: [.usersRead])
            #expect(try await root.get("/users/\(user)").status == 200)
            for (method, path) in [("GET", "/accounts"), ("DELETE", "/users/\(user)"), ("GET", "/users/\(user)/login")] {
                #expect(try await root.call(method, path, .none).status == 403, "\(method) \(path)")
            }
        }
    }

    private static let base = "/super_admin/api/v1"

    private func superAdmin(_ api: LiveInstallation, scopes: [Scope]? = nil) async throws -> APIClient {
        let root = try await api.world.superAdmin()
        let token = try await api.world.directory.superAdmins.issueToken(
            to: root.id, scopes: scopes, expiresIn: nil, by: root.caller)
        return APIClient(port: api.port, token: token.accessToken, appID: 0, base: Self.base)
    }
}
