// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Testing
import WebSurface

/// Issuance by programs: apps, grants, tokens and the trail, with a super admin's token.
@Suite struct SuperAdminAPITests {
    @Test func anAppIsMadeUsedRotatedAndEnded() async throws {
        try await withInstallation { api in
            let root = try await superAdmin(api)
            let made = try await root.post(
                "/platform_apps", #"{"name":"Desk","scopes":["users:*","accounts:read"],"calls_per_minute":600}"#)
            #expect(made.status == 200)
            let id = try made.id()
            let token = try made.json()["access_token"]?.string
            let desk = APIClient(port: api.port, token: token, appID: id)
            let user = try await desk.newUser("ada@example.org")
            #expect(try await desk.post("/accounts", #"{"name":"A"}"#).status == 403)
            let shown = try await root.get("/platform_apps/\(id)").json()
            #expect(shown["reach"]?["users"]?["count"]?.integer == 1 && shown["calls_per_minute"]?.integer == 600)

            let first = try await root.get("/access_tokens?owner_kind=platform_app&owner_id=\(id)").json().elements[0]
            #expect(first["state"]?.string == "live" && first["scopes"]?.elements.count == 2)
            let number = try #require(first["id"]?.integer)
            let next = try await root.post("/access_tokens/\(number)/rotate", #"{"overlap":3600}"#).json()
            let later = APIClient(port: api.port, token: next["access_token"]?.string, appID: id)
            #expect(try await desk.get("/users/\(user)").status == 200, "until the overlap ends")
            #expect(try await later.get("/users/\(user)").status == 200)
            #expect(try await root.delete("/access_tokens/\(number)").status == 200)
            #expect(try await desk.get("/users/\(user)").body == Body.invalidToken)
            let revealed = try await root.post("/access_tokens/\(next["id"]?.integer ?? 0)/reveal", "").json()
            #expect(revealed["access_token"]?.string == next["access_token"]?.string)

            #expect(try await root.post("/platform_apps/\(id)/disable", "").json()["disabled_at"] != .null)
            #expect(try await later.get("/users/\(user)").body == Body.invalidToken)
            #expect(try await root.post("/platform_apps/\(id)/enable", "").status == 200)
            #expect(try await root.delete("/platform_apps/\(id)").status == 422, "what becomes of the objects is not assumed")
            #expect(try await root.delete("/platform_apps/\(id)?release=true").json()["users"]?.integer == 1)
            #expect(try await root.get("/users/\(user)").status == 200, "objects live on")
        }
    }

    @Test func aGrantReadsThenWritesThenEnds() async throws {
        try await withInstallation { api in
            let root = try await superAdmin(api)
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            let account = try await one.newAccount()
            let at = "/platform_apps/\(two.appID)/permissibles/account/\(account)"
            #expect(try await two.get("/accounts/\(account)").body == Body.nonPermissible)
            let granted = try await root.call("PUT", at, .json(#"{"rights":["read"]}"#)).json()
            #expect(granted["origin"]?.string == "granted" && granted["rights"]?.elements.compactMap(\.string) == ["read"])
            #expect(try await two.get("/accounts/\(account)").status == 200)
            #expect(try await two.patch("/accounts/\(account)", #"{"name":"B"}"#).body == Body.nonPermissible)
            #expect(try await root.call("PUT", at, .json(#"{"rights":["read","write"]}"#)).status == 200)
            #expect(try await two.patch("/accounts/\(account)", #"{"name":"B"}"#).status == 200)
            #expect(try await two.delete("/accounts/\(account)").body == Body.nonPermissible)
            let listed = try await root.get("/platform_apps/\(two.appID)/permissibles?kind=account").json().elements
            #expect(listed.map { $0["id"]?.integer } == [account])
            for body in [#"{"rights":["fly"]}"#, #"{"rights":[]}"#, "{}"] {
                #expect(try await root.call("PUT", at, .json(body)).status == 422, "\(body)")
            }
            #expect(try await root.delete(at).status == 200)
            #expect(try await two.get("/accounts/\(account)").body == Body.nonPermissible)
            #expect(try await root.delete(at).status == 404)
            let trail = try await root.get("/audit_events?action=permissible.*").json().elements
            #expect(
                trail.compactMap { $0["action"]?.string }.sorted() == [
                    "permissible.grant", "permissible.grant", "permissible.revoke",
                ])
            #expect(trail.allSatisfy { $0["actor"]?.string == "super_admin" })
        }
    }

    @Test func nobodyElseIsLetIn() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let narrow = try await superAdmin(api, scopes: [.usersRead])
            let asApp = APIClient(port: api.port, token: app.token, appID: 0, base: Self.base)
            let before = try await api.fingerprint()
            let calls: [(String, String, String)] = [
                ("GET", "/platform_apps", ""), ("POST", "/platform_apps", #"{"name":"X"}"#),
                ("GET", "/platform_apps/\(app.appID)", ""), ("PATCH", "/platform_apps/\(app.appID)", #"{"name":"X"}"#),
                ("POST", "/platform_apps/\(app.appID)/disable", ""),
                ("POST", "/platform_apps/\(app.appID)/transfer", #"{"to":99}"#),
                ("DELETE", "/platform_apps/\(app.appID)?release=true", ""),
                ("PUT", "/platform_apps/\(app.appID)/permissibles/user/1", #"{"rights":["read"]}"#),
                ("DELETE", "/platform_apps/\(app.appID)/permissibles/user/1", ""),
                ("GET", "/access_tokens", ""), ("POST", "/access_tokens/1/reveal", ""), ("DELETE", "/access_tokens/1", ""),
                ("POST", "/platform_apps/\(app.appID)/access_tokens", "{}"), ("GET", "/super_admins", ""),
                ("POST", "/super_admins", #"{"email":"eve@example.org","password":"Another2!horse"}"#),
                ("GET", "/audit_events", ""),
            ]
            for (method, path, body) in calls {
                let content = body.isEmpty ? Content.none : .json(body)
                #expect(try await asApp.call(method, path, content).body == Body.invalidToken, "\(method) \(path)")
                #expect(try await narrow.call(method, path, content).status == 403, "\(method) \(path)")
            }
            #expect(try await api.fingerprint() == before)
            #expect(try await api.count("select count(*) from super_admins") == 1)
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
