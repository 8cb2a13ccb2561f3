// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Foundation
import Postgres
import Testing
import WebSurface
import WebTestSupport

/// Whole pages over HTTP, in an installation as large as `MUSTER_ROWS` says: a page has at most 100 KB, wherever in its list it
/// lies. What each took is printed; that is to be at most 50 ms with 1,000,000 users in a release build.
///
/// ```sh
/// MUSTER_ROWS=1000000 swift test --filter PageTimeTests
/// ```
@Suite struct PageTimeTests {
    @Test(.enabled(if: ProcessInfo.processInfo.environment["MUSTER_ROWS"] != nil)) func pagesOfALargeInstallation() async throws {
        let rows = Int64(ProcessInfo.processInfo.environment["MUSTER_ROWS"].flatMap(Int.init) ?? 20_000)
        try await withConsole { site in
            let app = try await site.world.app("Desk")
            try await Self.fill(site.world, app.id, rows)
            var visitor = site.visitor()
            for (name, path) in Self.pages(app.id) {
                // The first visit fills the caches of connections and plans, as the first one of a day does.
                let first = try await Self.visit(&visitor, path)
                var times: [Duration] = []
                var bytes = 0
                for _ in 0..<9 {
                    let (time, size) = try await Self.visit(&visitor, path)
                    times.append(time)
                    bytes = size
                }
                times.sort()
                #expect(bytes <= 100_000, "\(name): \(bytes) bytes")
                print(
                    "\(name.padding(toLength: 34, withPad: " ", startingAt: 0)) median \(Self.text(times[4])), worst \(Self.text(times[8])),",
                    "first \(Self.text(first.time)), \(bytes) bytes")
            }
        }
    }

    private static func visit(_ visitor: inout Visitor, _ path: String) async throws -> (time: Duration, bytes: Int) {
        let begin = ContinuousClock.now
        let answer = try await visitor.get(path)
        let time = ContinuousClock.now - begin
        try #require(answer.status == 200, "\(path): \(answer.status)")
        return (time, answer.body.utf8.count)
    }

    /// First and last pages of the lists; a position names the list that it is of, as `ListVisit` does.
    private static func pages(_ app: Int64) -> [(String, String)] {
        func end(_ path: String, _ list: String) -> String {
            path + (path.contains("?") ? "&" : "?") + "cursor=" + Cursor(key: 40).text(of: "console/" + list)
        }
        func last(_ name: String, _ path: String, _ list: String) -> [(String, String)] {
            [("\(name), first", path), ("\(name), last", end(path, list))]
        }
        let blank = { (count: Int) in Array(repeating: "", count: count) }
        func filtered(_ count: Int, _ set: [Int: String] = [:]) -> String {
            blank(count).enumerated().map { set[$0.offset] ?? "" }.joined(separator: "\u{1F}")
        }
        return [
            ("overview", ""), ("settings", "settings"), ("sync", "sync"), ("a user", "users/7"), ("an account", "accounts/1"),
        ]
            + last("users", "users", "users/" + filtered(5))
            + last("users, suspended", "users?status=suspended", "users/" + filtered(5, [1: "suspended"]))
            + last("users, one word", "users?q=user", "users/" + filtered(5, [0: "user"]))
            + last("accounts", "accounts", "accounts/" + filtered(accountFilters))
            + last("members of an account", "accounts/1/members", "members/1")
            + last("access tokens", "access_tokens", "access_tokens?&&")
            + last("permissibles", "platform_apps/\(app)/permissibles?kind=user", "platform_apps/\(app)/permissibles?user")
            + last("audit", "audit", "audit|")
            + [("audit of a user", "audit?object=user&object_id=7"), ("platform apps", "platform_apps")]
            + [("agent bots", "agent_bots"), ("runs", "sync/runs"), ("a user's history", "users/7/history")]
    }

    /// How many filters the list of accounts has.
    private static let accountFilters = 3

    private static func text(_ time: Duration) -> String {
        let microseconds = time.components.seconds * 1_000_000 + time.components.attoseconds / 1_000_000_000_000
        return String(format: "%.1f ms", Double(microseconds) / 1_000)
    }

    private static func fill(_ world: TestDirectory, _ app: Int64, _ rows: Int64) async throws {
        let statements: [PostgresQuery] = [
            "insert into accounts (name) select 'Account ' || n from generate_series(1, 20000) n",
            "insert into users (name, email) select 'User ' || n, 'u' || n || '@x.org' from generate_series(1, \(rows)) n",
            """
            insert into user_permissibles (kind, platform_app_id, object_id, origin, rights)
            select 'user', \(app), id, 'created', 15 from users
            """,
            "insert into account_users (account_id, user_id) select 1, id from users where id % 2 = 0",
            "insert into suspensions (subject_kind, subject_id, by_kind, by_id) select 'user', id, 'command', 0 from users where id % 10 = 0",
            "insert into access_tokens (owner_kind, owner_id, key_id) select 'user', u.id, k.id from users u, (select min(id) as id from data_keys) k",
            """
            insert into audit_events (actor, actor_id, platform_app_id, action, subject_kind, subject_id, after)
            select 'platform_app', \(app), \(app), 'user.create', 'user', id, jsonb_build_object('email', email) from users
            """,
        ]
        try await world.postgres.withTransaction { connection in
            // Foreign keys would cost most of the time, and the data is right by construction.
            try await connection.execute("set local session_replication_role = replica")
            for statement in statements { try await connection.execute(statement.timeout(.seconds(600))) }
        }
        try await world.postgres.execute(PostgresQuery("vacuum (analyze)").timeout(.seconds(600)))
    }
}
