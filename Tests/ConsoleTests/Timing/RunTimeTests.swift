// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Foundation
import Postgres
import Testing
import WebSurface
import WebTestSupport

/// The pages of a plan as large as `MUSTER_CHANGES` says, over HTTP: at most 100 KB each, wherever they begin. What each took is
/// printed.
///
/// ```sh
/// MUSTER_CHANGES=100000 swift test --filter RunTimeTests
/// ```
@Suite struct RunTimeTests {
    @Test(.enabled(if: ProcessInfo.processInfo.environment["MUSTER_CHANGES"] != nil)) func pagesOfALargePlan() async throws {
        let count = Int64(ProcessInfo.processInfo.environment["MUSTER_CHANGES"].flatMap(Int.init) ?? 1_000)
        try await withConsole { site in
            let app = try await site.world.app("Desk")
            try await Self.fill(site.world.postgres, app.id, count)
            var visitor = site.visitor()
            for (name, path) in Self.pages(count) {
                var times: [Duration] = []
                var bytes = 0
                for _ in 0..<5 {
                    let begin = ContinuousClock.now
                    let page = try await visitor.get(path)
                    times.append(ContinuousClock.now - begin)
                    try #require(page.status == 200, "\(path): \(page.status)")
                    bytes = page.body.utf8.count
                }
                #expect(bytes <= 100_000, "\(name): \(bytes) bytes")
                print("\(name.padding(toLength: 34, withPad: " ", startingAt: 0)) \(times.sorted()[2]), \(bytes) bytes")
            }
            let page = try await visitor.get("sync/runs/1/actions")
            let token = try #require(page.body.firstMatch(of: /name="form_token" value="([^"]+)"/)).1
            let begin = ContinuousClock.now
            let answer = try await visitor.post("sync/runs/1/actions", ["form_token": String(token), "all_rejected": "create"])
            #expect(answer.status == 303)
            print("all of an action rejected: \(ContinuousClock.now - begin)")
        }
    }

    private static func pages(_ count: Int64) -> [(String, String)] {
        func at(_ key: Int64, _ list: String) -> String { "cursor=" + Cursor(key: key).text(of: "console/" + list) }
        let none = "RunChangeFilter(action: nil, kind: nil, reason: nil, refusal: nil, decision: nil, account: nil, text: nil)"
        return [
            ("by person, first", "sync/runs/1"),
            ("by person, last", "sync/runs/1?" + at(count - 40, "changes|1|people|\(none)")),
            ("by action, first", "sync/runs/1/actions"),
            ("by action, last", "sync/runs/1/actions?" + at(Int64(4) << 32 | (count - 40), "changes|1|actions|\(none)")),
            ("by account", "sync/runs/1/accounts"), ("an account's", "sync/runs/1?account=7"),
            ("not decided", "sync/runs/1?decision=none"), ("approved", "sync/runs/1?decision=approved"),
            ("one person", "sync/runs/1?q=u77@x.org"), ("findings", "sync/runs/1/findings"),
        ]
    }

    private static func fill(_ postgres: PostgresClient, _ app: Int64, _ count: Int64) async throws {
        let statements: [PostgresQuery] = [
            "select ensure_changes_partition()",
            "insert into accounts (name) select 'Account ' || n from generate_series(1, 200) n",
            "insert into users (name, email) select 'User ' || n, 'u' || n || '@x.org' from generate_series(1, \(count)) n",
            "insert into sources (platform_app_id, name) values (\(app), 'example')",
            """
            insert into runs (platform_app_id, source_id, policy, state, code, reason, counts, planned_at, change_count, first_chunk_end)
            select \(app), id, 'crowd', 'held', 'creations', 'many', jsonb_build_object('create', \(count) / 2, 'update', \(count) / 2),
                   now(), \(Int32(count)), 0 from sources
            """,
            """
            insert into changes (run_id, seq, planned_at, kind, action, object_id, fields, memberships, reason)
            select r.id, n, r.planned_at, 'user', case when n % 2 = 0 then 'create' else 'update' end, n,
                   jsonb_build_object('email', jsonb_build_array(null, 'u' || n || '@x.org', 'people.email'),
                       'name', jsonb_build_array('Old ' || n, 'User ' || n, 'people.name')),
                   (select jsonb_object_agg(((n * 7 + k) % 200 + 1)::text,
                        jsonb_build_array(null, 'agent', 'cn=support,ou=groups,dc=example,dc=org')) from generate_series(1, 4) k),
                   case when n % 2 = 0 then 'new in the export' else 'changed in the export' end
            from runs r, generate_series(1, \(count)) n
            """,
            """
            insert into run_findings (run_id, number, code, entry, detail)
            select 1, n, 'foreign_user', 'uid=' || n, 'a user with this e-mail exists' from generate_series(1, 1000) n
            """,
            "insert into change_decisions (run_id, seq, decision, by_kind) select 1, n, 'approved', 'command' from generate_series(1, 500) n",
        ]
        try await postgres.withTransaction { connection in
            for statement in statements { try await connection.execute(statement.timeout(.seconds(600))) }
        }
        try await postgres.execute(PostgresQuery("vacuum (analyze)").timeout(.seconds(600)))
    }
}
