// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing
import WebSurface

/// Operating by programs: runs of policies, settings, and where super admins are signed in.
@Suite struct SuperAdminOperationTests {
    @Test func runsAreReadAndDecided() async throws {
        try await withInstallation { api in
            let root = try await operatorOf(api)
            let app = try await api.app("HR")
            try await fill(api, app.appID)
            let listed = try await root.get("/sync_runs?policy=hr&state=held").json().elements
            #expect(listed.map { $0["id"]?.integer } == [3, 2, 1])
            #expect(try await root.get("/sync_runs?state=odd").status == 422)
            let shown = try await root.get("/sync_runs/2").json()
            #expect(shown["counts"]?["create"]?.integer == 1 && shown["changes"]?.integer == 3 && shown["decided_by"] == .null)
            #expect(try await root.get("/sync_runs/99").status == 404)

            // Its changes page by page, and narrowed.
            let first = try await root.get("/sync_runs/2/changes?limit=2")
            #expect(try first.json().elements.map { $0["seq"]?.integer } == [1, 2])
            let link = try #require(first.headers["link"]?.split(separator: "<").first?.split(separator: ">").first)
            let rest = try await root.get(String(link.dropFirst(Self.base.count))).json().elements
            #expect(rest.map { $0["seq"]?.integer } == [3])
            let updates = try await root.get("/sync_runs/2/changes?action=update&q=p2@x.org").json().elements
            #expect(updates.count == 1 && updates[0]["fields"]?["name"]?.elements.count == 3)
            #expect(try await root.get("/sync_runs/2/changes?refusal=stale").json().elements.map { $0["seq"]?.integer } == [2])
            #expect(try await root.get("/sync_runs/2/changes?action=fly").status == 422)
            #expect(try await root.get("/sync_runs/2/changes?cursor=00").status == 422)
            #expect(try await root.get("/sync_runs/99/changes").status == 404)
            let findings = try await root.get("/sync_runs/2/findings").json().elements
            #expect(findings.map { $0["code"]?.string } == ["bad_email"] && findings[0]["line"]?.integer == 7)
            #expect(try await root.get("/sync_runs/1/findings").json().elements.isEmpty)
            #expect(try await root.get("/sync_runs/99/findings").status == 404)

            // Decided once, by name, and written down.
            let released = try await root.post("/sync_runs/2/release", "").json()
            #expect(released["released_at"] != .null && released["decided_by"]?.string == "root@example.org")
            #expect(try await root.post("/sync_runs/2/release", "").status == 422)
            #expect(try await root.post("/sync_runs/2/reject", "").status == 422, "it was let through")
            let rejected = try await root.post("/sync_runs/3/reject", #"{"reason":"the wrong week"}"#).json()
            #expect(rejected["state"]?.string == "rejected" && rejected["reason"]?.string == "the wrong week")
            #expect(try await root.post("/sync_runs/99/reject", "").status == 404)
            let trail = try await root.get("/audit_events?object=run&object_id=3").json().elements
            #expect(trail.map { $0["action"]?.string } == ["run.reject"] && trail[0]["actor"]?.string == "super_admin")
        }
    }

    @Test func settingsAreReadAndWritten() async throws {
        try await withInstallation { api in
            let root = try await operatorOf(api)
            let before = try await root.get("/settings").json()
            #expect(before["audit_days"] == .null && before["delivery_days"]?.integer == 14)
            let saved = try await root.patch("/settings", #"{"audit_days":400,"delivery_days":null}"#).json()
            #expect(saved["audit_days"]?.integer == 400 && saved["delivery_days"] == .null && saved["run_days"] == .null)
            #expect(try await root.patch("/settings", #"{"run_days":"30"}"#).json()["run_days"]?.integer == 30)
            for body in [#"{"audit_days":0}"#, #"{"run_days":99999999999}"#, #"{"run_days":"soon"}"#] {
                #expect(try await root.patch("/settings", body).status == 422, "\(body)")
            }
            #expect(try await root.get("/settings").json()["audit_days"]?.integer == 400)
            #expect(try await root.get("/audit_events?action=settings.update").json().elements.count == 2)
        }
    }

    @Test func sessionsAreListedAndEnded() async throws {
        try await withInstallation { api in
            let root = try await operatorOf(api)
            let other = try await api.world.superAdmin("grace@example.org")
            let sessions = try await root.get("/super_admins/\(other.id)/sessions").json().elements
            let id = try #require(sessions.first?["id"]?.integer)
            #expect(sessions.count == 1 && sessions[0]["address"] == .null)
            #expect(try await root.get("/super_admins/99/sessions").status == 404)
            #expect(try await root.delete("/super_admins/\(other.id)/sessions/\(id + 50)").status == 404)
            #expect(try await root.delete("/super_admins/99/sessions/\(id)").status == 404, "of somebody else")
            #expect(try await root.delete("/super_admins/\(other.id)/sessions/\(id)").status == 200)
            #expect(try await api.world.directory.superAdminSessions.session(other.token.proof) == nil)
            #expect(try await root.delete("/super_admins/1/sessions").json()["ended"]?.integer == 1)
            #expect(try await root.get("/super_admins/1/sessions").json().elements.isEmpty)
            #expect(try await root.get("/audit_events?action=super_admin.sign_out").json().elements.count == 2)
        }
    }

    @Test func scopesAndFiltersAreHeeded() async throws {
        try await withInstallation { api in
            let narrow = try await operatorOf(api, scopes: [.usersRead])
            let app = try await api.app("HR")
            try await fill(api, app.appID)
            for (method, path, body) in [
                ("GET", "/sync_runs", ""), ("GET", "/sync_runs/1", ""), ("GET", "/sync_runs/1/changes", ""),
                ("GET", "/sync_runs/1/findings", ""), ("POST", "/sync_runs/1/release", ""), ("POST", "/sync_runs/1/reject", "{}"),
                ("GET", "/settings", ""), ("PATCH", "/settings", #"{"audit_days":1}"#), ("GET", "/super_admins/1/sessions", ""),
                ("DELETE", "/super_admins/1/sessions", ""), ("DELETE", "/super_admins/1/sessions/1", ""),
            ] {
                #expect(
                    try await narrow.call(method, path, body.isEmpty ? .none : .json(body)).status == 403, "\(method) \(path)")
                let asApp = APIClient(port: api.port, token: app.token, appID: 0, base: Self.base)
                #expect(try await asApp.call(method, path, body.isEmpty ? .none : .json(body)).body == Body.invalidToken)
            }
            #expect(try await api.count("select count(*) from runs where state = 'held'") == 3)
            #expect(try await api.count("select count(*) from super_admin_sessions") == 1)
            // A token that reads runs decides none.
            let reader = try await api.world.directory.superAdmins.issueToken(
                to: 1, scopes: [.runsRead], expiresIn: nil, by: .command)
            let client = APIClient(port: api.port, token: reader.accessToken, appID: 0, base: Self.base)
            #expect(try await client.get("/sync_runs").json().elements.count == 3)
            #expect(try await client.post("/sync_runs/1/release", "").status == 403)
            // The trail's filters are spelt as the console's.
            let root = try await api.world.directory.superAdmins.issueToken(to: 1, scopes: nil, expiresIn: nil, by: .command)
            let all = APIClient(port: api.port, token: root.accessToken, appID: 0, base: Self.base)
            for wrong in ["object=user", "object_id=7", "actor_id=7", "actor=nobody", "from=tomorrow", "object=user&object_id=x"]
            {
                #expect(try await all.get("/audit_events?\(wrong)").status == 422, "\(wrong)")
            }
            #expect(try await all.get("/audit_events?from=2999-01-01").json().elements.isEmpty)
            #expect(try await all.get("/audit_events?actor=command&until=2999-01-01").json().elements.isEmpty == false)
        }
    }

    private static let base = "/super_admin/api/v1"

    private func operatorOf(_ api: LiveInstallation, scopes: [Scope]? = nil) async throws -> APIClient {
        let root = try await api.world.superAdmin()
        let token = try await api.world.directory.superAdmins.issueToken(
            to: root.id, scopes: scopes, expiresIn: nil, by: root.caller)
        return APIClient(port: api.port, token: token.accessToken, appID: 0, base: Self.base)
    }

    /// Three held runs; the second one has changes and findings.
    private func fill(_ api: LiveInstallation, _ app: Int64) async throws {
        try await api.world.postgres.withConnection {
            try await $0.executeScript(
                """
                select ensure_changes_partition();
                insert into sources (platform_app_id, name) values (\(app), 's');
                insert into runs (platform_app_id, source_id, policy, state, code, planned_at, change_count, first_chunk_end, counts)
                select \(app), 1, 'hr', 'held', 'removals', now(), 3, 3, '{"create": 1, "update": 2}' from generate_series(1, 3);
                insert into users (name, email) select 'Person ' || n, 'p' || n || '@x.org' from generate_series(1, 3) n;
                insert into changes (run_id, seq, planned_at, kind, action, object_id, fields, reason)
                select r.id, n, r.planned_at, 'user', case n when 1 then 'create' else 'update' end, n,
                    jsonb_build_object('name', jsonb_build_array('A', 'B', 'cn')), 'changed in the export'
                from runs r, generate_series(1, 3) n where r.id = 2;
                insert into change_refusals (run_id, seq, code) values (2, 2, 'stale');
                insert into run_findings (run_id, number, code, entry, line, detail)
                values (2, 1, 'bad_email', 'uid=x', 7, 'no address');
                """)
        }
    }
}
