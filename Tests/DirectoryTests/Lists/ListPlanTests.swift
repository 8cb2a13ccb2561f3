// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Foundation
import Postgres
import Testing

@testable import Directory

/// A page of an operator's list costs the same wherever it lies: so many blocks, counted by PostgreSQL itself.
///
/// With `MUSTER_ROWS=1000000` it also says how long each takes.
@Suite struct ListPlanTests {
    /// Blocks of 8 KiB. What a walk touches at its most is below it; reading through a table of these sizes is far above.
    static let budget = 20_000

    @Test func pagesHaveABudget() async throws {
        try await withDirectory { world in
            let environment = ProcessInfo.processInfo.environment
            let rows = environment["MUSTER_ROWS"].flatMap(Int.init) ?? 100_000
            let app = try await world.app("One")
            let root = try await world.superAdmin()
            let account = try await world.account("Big", by: app)
            try await fill(world, app, rows, account.id)
            for (name, query, walk) in queries(app, account.id) {
                for after: Int64 in [0, Int64(rows / 2), 60] {
                    var query = query
                    query.page = PageRequest(limit: 50, after: after)
                    let statement = UserListStatements.list(query, walk, caller: root.caller)
                    let blocks = try await blocks(statement, world)
                    #expect(blocks < Self.budget, "\(name) after \(after): \(blocks) blocks")
                    guard environment["MUSTER_ROWS"] != nil else { continue }
                    let asked = query
                    let start = ContinuousClock.now
                    _ = try await world.directory.users.list(asked, by: root.caller)
                    print("\(name) after \(after): \(ContinuousClock.now - start), \(blocks) blocks")
                }
            }
            var accounts = AccountListQuery(page: PageRequest(limit: 50, after: 60))
            for text in [nil, "account"] {
                accounts.text = text
                let statement = AccountListStatements.list(accounts, .all, caller: root.caller)
                let blocks = try await blocks(statement, world)
                #expect(blocks < Self.budget, "accounts \(text ?? "all"): \(blocks) blocks")
                let start = ContinuousClock.now
                _ = try await world.directory.accounts.list(accounts, by: root.caller)
                if environment["MUSTER_ROWS"] != nil { print("accounts \(text ?? "all"): \(ContinuousClock.now - start)") }
            }
            for after: Int64 in [0, 60] {
                let page = PageRequest(limit: 50, after: after)
                let members = MembershipListStatements.ofAccount(account.id, page, caller: root.caller)
                let blocks = try await blocks(members, world)
                // Far below that of a join, which takes all members together.
                #expect(blocks < 1_000, "members after \(after): \(blocks) blocks")
            }
        }
    }

    private func queries(_ app: TestApp, _ account: Int64) -> [(String, UserListQuery, ListWalk)] {
        func query(_ change: (inout UserListQuery) -> Void) -> UserListQuery {
            var query = UserListQuery(page: PageRequest(limit: 50))
            change(&query)
            return query
        }
        return [
            ("all", query { _ in }, .all), ("active", query { $0.status = .active }, .all),
            ("suspended", query { $0.status = .suspended }, .suspended),
            ("of an app", query { $0.platformAppID = app.id }, .ofApp(app.id)),
            ("members", query { $0.accountID = account }, .members(of: account)),
            // Found among everybody, among few, and only at the far end of the list.
            ("word of all", query { $0.text = "user" }, .all), ("word of the eldest", query { $0.text = "elder" }, .all),
        ]
    }

    private func blocks(_ statement: PostgresQuery, _ world: TestDirectory) async throws -> Int {
        let explained = PostgresQuery(
            unescaped: "explain (analyze, buffers, format text, timing off) " + statement.sql, bindings: statement.bindings)
        let plan = try await world.postgres.query(explained.unprepared()).map { try $0.decode(String.self, at: 0) }
        // The first node's are those of the whole statement.
        if ProcessInfo.processInfo.environment["MUSTER_PLANS"] != nil { print(plan.joined(separator: "\n")) }
        let line = plan.first { $0.contains("Buffers: shared") } ?? ""
        return line.matches(of: /(?:hit|read)=(\d+)/).compactMap { Int($0.1) }.reduce(0, +)
    }

    private func fill(_ world: TestDirectory, _ app: TestApp, _ rows: Int, _ account: Int64) async throws {
        let statements: [PostgresQuery] = [
            "insert into accounts (name) select 'Account ' || n from generate_series(1, 20000) n",
            """
            insert into users (name, email)
            select case when n < 6000 then 'Elder ' else 'User ' end || n, 'u' || n || '@x.org' from generate_series(1, \(Int64(rows))) n
            """,
            """
            insert into user_permissibles (kind, platform_app_id, object_id, origin, rights)
            select 'user', \(app.id), id, 'created', 15 from users
            """,
            "insert into account_users (account_id, user_id) select \(account), id from users where id % 2 = 0",
            "insert into suspensions (subject_kind, subject_id, by_kind, by_id) select 'user', id, 'command', 0 from users where id % 10 = 0",
        ]
        try await world.postgres.withTransaction { connection in
            // Foreign keys would cost most of the time, and the data is right by construction.
            try await connection.execute("set local session_replication_role = replica")
            for statement in statements { try await connection.execute(statement.timeout(.seconds(300))) }
        }
        try await world.postgres.execute(PostgresQuery("analyze").timeout(.seconds(120)))
    }
}
