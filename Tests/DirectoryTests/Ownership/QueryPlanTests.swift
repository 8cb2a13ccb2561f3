// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Postgres
import Testing

@testable import Directory

/// Query plans have budgets: no call reads through a table that grows with the installation.
@Suite struct QueryPlanTests {
    @Test func callsOnManyObjectsUseIndexes() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let other = try await world.app("Two")
            let account = try await world.account("Mine", by: app)
            let user = try await world.user("mine@x.org", by: app)
            try await world.member(user.id, of: account.id, by: app)
            try await fill(world, owner: other)
            let (id, caller) = (user.id, app.caller)
            let statements: [String: PostgresQuery] = [
                "show": UserStatements.show(id, caller: caller),
                "findPermitted": UserStatements.findPermitted(email: "u50000@x.org", caller: caller),
                "create": UserStatements.create(
                    UserDraft("n@x.org"), email: "n@x.org", passwordHash: nil, keyID: 1, caller: caller),
                "update": UserStatements.update(
                    id, UserUpdate(name: "X"), email: "y@x.org", passwordHash: nil, needed: .write, caller: caller),
                "delete": UserStatements.delete(id, caller: caller),
                "token": UserTokenStatements.token(id, TokenRequest(), keyID: 1, caller: caller),
                "accounts": AccountStatements.list(nil, caller: caller),
                "members": MembershipStatements.list(accountID: account.id, nil, caller: caller),
                "upsert": MembershipStatements.upsert(
                    accountID: account.id, userID: id, MembershipDraft(id, .agent), caller: caller),
                "remove": MembershipStatements.delete(accountID: account.id, userID: id, caller: caller),
            ]
            for (name, statement) in statements.sorted(by: { $0.key < $1.key }) {
                // The generic plan is the one that a prepared statement ends with.
                for mode in ["force_custom_plan", "force_generic_plan"] {
                    let plan = try await explain(statement, mode, world)
                    for table in [
                        "users", "accounts", "account_users", "access_tokens", "user_permissibles", "account_permissibles",
                    ] {
                        #expect(!plan.contains("Seq Scan on \(table) "), "\(name), \(mode):\n\(plan)")
                    }
                }
            }
        }
    }

    /// Thousands of people at once are found one by one, and what is there already is not read through for them.
    @Test func bulkCallsUseIndexes() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            try await fill(world, owner: app)
            let source = try #require(
                try await world.directory.row(ProvisionStatements.prepare(caller: app.caller))?.decode(Int64?.self, "source_id"))
            try await world.postgres.execute(
                """
                insert into links (source_id, kind, external_key, object_id, policy)
                select \(source), 'user', convert_to(email, 'UTF8'), id, 'provision' from users where email like 'u%'
                """)
            try await world.postgres.execute("analyze links")
            let items = (0..<5_000).map { number in
                var item = ProvisionItem()
                item.externalID = "p\(number)"
                item.email = "p\(number)@x.org"
                item.name = "P"
                return item
            }
            let statement = ProvisionStatements.plan(items, numbers: Array(items.indices), source: source, caller: app.caller)
            for mode in ["force_custom_plan", "force_generic_plan"] {
                let plan = try await explain(statement, mode, world)
                for table in ["users", "links", "user_permissibles"] {
                    #expect(!plan.contains(try Regex("Seq Scan on \(table)\\b")), "\(mode):\n\(plan)")
                }
            }
        }
    }

    /// Where a page begins makes no difference: it is walked to by an index, and nothing is sorted or read through.
    @Test func pagesAreWalkedTo() async throws {
        try await withDirectory { world in
            let (app, other) = (try await world.app("One"), try await world.app("Two"))
            let account = try await world.account("Mine", by: app)
            try await fill(world, owner: app)
            _ = other
            try await world.postgres.execute(
                "insert into account_users (account_id, user_id) select \(account.id), id from users where email like 'u%'")
            try await world.postgres.execute(
                "insert into custom_roles (account_id, name) select \(account.id), 'R' || n from generate_series(1, 2000) n")
            try await world.postgres.execute("analyze")
            let page = PageRequest(limit: 100, after: 40_000)
            var (active, members, found) = (UserQuery(page: page), UserQuery(page: page), UserQuery(page: page))
            active.status = .active
            members.accountID = account.id
            found.text = "u50000"
            let caller = app.caller
            let statements: [(String, PostgresQuery, isSorted: Bool)] = [
                ("users", UserFindStatements.find(UserQuery(page: page), caller: caller), false),
                ("active", UserFindStatements.find(active, caller: caller), false),
                ("members", UserFindStatements.find(members, caller: caller), false),
                // What a search finds is sorted, and little.
                ("search", UserFindStatements.find(found, caller: caller), true),
                ("accounts", AccountStatements.list(PageRequest(limit: 100, after: 1_000), caller: caller), false),
                ("account_users", MembershipStatements.list(accountID: account.id, page, caller: caller), false),
                (
                    "custom_roles",
                    CustomRoleStatements.list(accountID: account.id, PageRequest(limit: 100, after: 1_000), caller: caller), false
                ),
                ("permissibles", PermissibleStatements.list(.user, after: 40_000, fetched: 101, caller: caller), false),
            ]
            for (name, statement, isSorted) in statements {
                let plan = try await explain(statement, "force_custom_plan", world)
                for table in [
                    "users", "accounts", "account_users", "custom_roles", "user_permissibles", "account_permissibles",
                    "access_tokens",
                ] {
                    #expect(!plan.contains("Seq Scan on \(table) "), "\(name):\n\(plan)")
                }
                // The order of the answer is restored over the rows of one page; the walk itself has its order from an index.
                let walk = Self.subplan("Limit", of: plan)
                #expect(walk.contains("Index"), "\(name):\n\(plan)")
                if !isSorted { #expect(!walk.contains("Sort"), "\(name):\n\(plan)") }
                #expect(!walk.contains("Hash Cond"), "\(name):\n\(plan)")
            }
        }
    }

    /// Somebody looked at the tables while the first chunk of an import was written, and saw nobody: each change of the next chunks
    /// was compared with everybody.
    @Test func aChunkIsJudgedByKeysWhateverIsBelievedOfTheTables() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            try await fill(world, owner: app)
            var plan = try await world.plan(by: app)
            for n in 1...500 {
                plan = plan.create(1_000_000 + Int64(n), "p\(n)@example.org", key: "k\(n)")
            }
            let set = try await plan.store()
            let statements: [PostgresQuery] = [
                "insert into links (source_id, kind, external_key, object_id, policy) select \(plan.source), 'user', convert_to(id::text, 'UTF8'), id, 'test' from users where email like 'u%'",
                "analyze",
                "update pg_class set reltuples = 1 where relname in ('users', 'links', 'user_permissibles', 'accounts', 'account_permissibles')",
            ]
            for statement in statements { try await world.postgres.execute(statement) }
            let range = ChangeRange(set: set, first: 1, last: set.count)
            for statement in [RefusalStatements.refuse(.user, range), RefusalStatements.refuseTakenEmails(range)] {
                let plan = try await explain(statement, "force_custom_plan", world)
                for table in ["users", "links", "user_permissibles"] {
                    #expect(!plan.contains("Seq Scan on \(table) "), "\(plan)")
                }
            }
        }
    }

    /// The first node of this kind with everything below it.
    private static func subplan(_ node: String, of plan: String) -> String {
        let lines = plan.split(separator: "\n")
        func depth(_ line: Substring) -> Int { line.prefix { $0 == " " }.count }
        guard let first = lines.firstIndex(where: { $0.contains("->  \(node)") }) else { return "" }
        let below = lines[(first + 1)...].prefix { depth($0) > depth(lines[first]) }
        return below.joined(separator: "\n")
    }

    private func explain(_ statement: PostgresQuery, _ mode: String, _ world: TestDirectory) async throws -> String {
        try await world.postgres.withConnection { connection in
            try await connection.execute(.init(unescaped: "set plan_cache_mode = \(mode)"))
            let rows = try await connection.query(
                PostgresQuery(unescaped: "explain " + statement.sql, bindings: statement.bindings))
            return try rows.map { try $0.decode(String.self, at: 0) }.joined(separator: "\n")
        }
    }

    /// 100,000 users in 2,000 accounts, of somebody else.
    private func fill(_ world: TestDirectory, owner: TestApp) async throws {
        let statements: [PostgresQuery] = [
            "insert into accounts (name) select 'Account ' || n from generate_series(1, 2000) n",
            "insert into users (name, email) select 'User ' || n, 'u' || n || '@x.org' from generate_series(1, 100000) n",
            "insert into access_tokens (owner_kind, owner_id, key_id) select 'user', id, 1 from users",
            """
            insert into user_permissibles (kind, platform_app_id, object_id, origin, rights)
            select 'user', \(owner.id), id, 'created', 15 from users where email like 'u%'
            """,
            """
            insert into account_permissibles (kind, platform_app_id, object_id, origin, rights)
            select 'account', \(owner.id), id, 'created', 15 from accounts where name like 'Account%'
            """,
            "insert into account_users (account_id, user_id) select 2 + id % 2000, id from users where email like 'u%'",
        ]
        try await world.postgres.withTransaction { connection in
            // Foreign keys would cost most of the time, and the data is right by construction.
            try await connection.execute("set local session_replication_role = replica")
            for statement in statements { try await connection.execute(statement) }
        }
        try await world.postgres.execute("analyze")
    }
}
