// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing
import WebSurface

/// Disputes and quarantine over HTTP: what super admins decide, what an app sees, and what nobody else does.
@Suite struct DisputeAPITests {
    private static let base = "/super_admin/api/v1"

    private func root(_ api: LiveInstallation, scopes: [Scope]? = nil) async throws -> APIClient {
        let person = try await api.world.superAdmin("root\(scopes?.count ?? 0)@example.org")
        let token = try await api.world.directory.superAdmins.issueToken(
            to: person.id, scopes: scopes, expiresIn: nil, by: person.caller)
        return APIClient(port: api.port, token: token.accessToken, appID: 0, base: Self.base)
    }

    /// A dispute of an app's source over a user.
    private func dispute(_ api: LiveInstallation, of app: APIClient, over user: Int64) async throws -> Int64 {
        try await api.world.postgres.execute(
            "insert into sources (platform_app_id, name) values (\(app.appID), 'staff') on conflict do nothing")
        let rows = try await api.world.postgres.query(
            """
            insert into disputes (source_id, policy, external_key, code, entry, email, line, fields, candidates)
            select id, 'staff', convert_to(E'\\002' || 'e-' || \(String(user)), 'UTF8'), 'foreign_user', 'uid=ada,dc=example',
                   'ada@example.org', 7, '{"name": "Ada"}', array[\(user)]
            from sources where name = 'staff' returning id
            """)
        return try rows[0].decode(Int64.self, "id")
    }

    @Test func aSuperAdminDecidesAndAnAppSeesItsOwn() async throws {
        try await withInstallation { api in
            let (sync, hr) = (try await api.app("Sync"), try await api.app("HR"))
            let user = try await hr.newUser("ada@example.org")
            let id = try await dispute(api, of: sync, over: user)
            let root = try await root(api)
            let listed = try await root.get("/sync/disputes?source=staff&state=open").json().elements
            #expect(listed.map { $0["id"]?.integer } == [id] && listed[0]["external_id"]?.string == "e-\(user)")
            #expect(listed[0]["candidates"]?.elements[0]["owners"]?.elements[0]["platform_app"]?.string == "HR")
            for query in ["source=other", "policy=other", "state=ignored", "entry=nobody", "source=%00"] {
                #expect(try await root.get("/sync/disputes?\(query)").json().elements.isEmpty, "\(query)")
            }
            #expect(try await root.get("/sync/disputes?entry=e-\(user)").json().elements.count == 1)
            #expect(try await root.get("/sync/disputes?state=fine").status == 422)

            let seen = try await sync.get("/sync/disputes").json().elements
            #expect(
                seen.count == 1 && seen[0]["candidates"]?.elements.isEmpty == true && seen[0]["hidden_candidates"]?.integer == 1)
            #expect(try await hr.get("/sync/disputes").json().elements.isEmpty, "its user, and not its source")

            let at = "/sync/disputes/\(id)/resolve"
            for body in [#"{}"#, #"{"decision":"fly"}"#, #"{"decision":"link"}"#, #"{"decision":"link","user_id":"x"}"#] {
                #expect(try await root.post(at, body).status == 422, "\(body)")
            }
            #expect(try await root.post(at, #"{"decision":"link","user_id":\#(user)}"#).status == 422, "no right to it")
            #expect(try await root.post(at, #"{"decision":"adopt","user_id":999}"#).status == 422)
            #expect(try await root.post("/sync/disputes/99/resolve", #"{"decision":"ignore"}"#).status == 404)
            #expect(try await sync.get("/users/\(user)").body == Body.nonPermissible)
            let adopted = try await root.post(at, #"{"decision":"adopt","user_id":\#(user),"reason":"the same"}"#).json()
            #expect(adopted["state"]?.string == "decided" && adopted["decision"]?["user_id"]?.integer == user)
            #expect(adopted["decision"]?["reason"]?.string == "the same")
            #expect(try await sync.get("/users/\(user)").status == 200, "granted")
            #expect(try await sync.delete("/users/\(user)").body == Body.nonPermissible, "and no more than it takes")
            #expect(try await root.post(at, #"{"decision":"ignore"}"#).status == 422, "decided already")
            #expect(try await root.post(at, #"{"decision":"reconsider"}"#).json()["decision"] == .null)
            #expect(try await root.get("/sync/disputes/\(id)").json()["state"]?.string == "open")
        }
    }

    @Test func nobodyElseDecides() async throws {
        try await withInstallation { api in
            let (sync, hr) = (try await api.app("Sync"), try await api.app("HR"))
            let user = try await hr.newUser("ada@example.org")
            let id = try await dispute(api, of: sync, over: user)
            let narrow = try await root(api, scopes: [.runsRead, .runsWrite])
            let reader = try await root(api, scopes: [.runsRead])
            let before = try await api.fingerprint()
            let body = #"{"decision":"adopt","user_id":\#(user)}"#
            for token in [sync.token, hr.token] {
                let asRoot = APIClient(port: api.port, token: token, appID: 0, base: Self.base)
                for path in ["/sync/disputes", "/sync/disputes/\(id)", "/sync/quarantine", "/sync/troubles"] {
                    #expect(try await asRoot.get(path).body == Body.invalidToken, "\(path)")
                }
                #expect(try await asRoot.post("/sync/disputes/\(id)/resolve", body).body == Body.invalidToken)
                #expect(try await asRoot.post("/sync/troubles/retry", #"{"policy":"staff"}"#).body == Body.invalidToken)
            }
            #expect(try await sync.post("/sync/disputes/\(id)/resolve", body).status == 404, "no call of the Platform API")
            // Writing runs is not granting.
            #expect(try await narrow.post("/sync/disputes/\(id)/resolve", body).status == 403)
            #expect(try await reader.post("/sync/disputes/\(id)/resolve", #"{"decision":"ignore"}"#).status == 403)
            #expect(try await reader.get("/sync/disputes/\(id)").json()["state"]?.string == "open")
            #expect(try await api.fingerprint() == before)
            #expect(try await narrow.post("/sync/disputes/\(id)/resolve", #"{"decision":"ignore"}"#).status == 200)
        }
    }

    @Test func quarantineIsListedAndRetried() async throws {
        try await withInstallation { api in
            let (sync, root) = (try await api.app("Sync"), try await root(api))
            try await api.world.postgres.execute("insert into sources (platform_app_id, name) values (\(sync.appID), 'staff')")
            try await api.world.postgres.execute(
                """
                insert into quarantined_entries (source_id, policy, external_key, code, action, entry, next_try_at, run_id)
                select id, 'staff', '\\x0261', 'no_seat', 'create', 'ada@example.org', now() + interval '1 hour', 4 from sources
                """)
            try await api.world.postgres.execute(
                """
                insert into policy_standings (source_id, policy, failures, code, reason, told_at, put_aside)
                select id, 'staff', 4, 'unusable', 'most of it', now(), 'x' from sources
                """)
            let entry = try #require(try await root.get("/sync/quarantine?policy=staff").json().elements.first)
            #expect(entry["code"]?.string == "no_seat" && entry["external_id"]?.string == "a" && entry["attempts"]?.integer == 1)
            #expect(try await root.get("/sync/quarantine?source=other").json().elements.isEmpty)
            let id = try #require(entry["id"]?.integer)
            let retried = try await root.post("/sync/quarantine/\(id)/retry", "").json()
            #expect(retried["next_try_at"]?.string ?? "" < entry["next_try_at"]?.string ?? "")
            #expect(try await root.post("/sync/quarantine/99/retry", "").status == 404)
            let trouble = try await root.get("/sync/troubles").json().elements
            #expect(trouble.first?["put_aside"] == .bool(true) && trouble.first?["runs"]?.integer == 4)
            #expect(try await root.post("/sync/troubles/retry", #"{"policy":"staff"}"#).status == 200)
            #expect(try await root.get("/sync/troubles").json().elements.first?["put_aside"] == .bool(false))
            #expect(try await root.post("/sync/troubles/retry", #"{"policy":"none"}"#).status == 404)
            #expect(try await root.post("/sync/troubles/retry", "{}").status == 422)
        }
    }
}
