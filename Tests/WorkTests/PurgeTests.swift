// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing

@testable import Work

/// Tombstones go after their time, whole and without a trace.
@Suite struct PurgeTests {
    @Test func whatIsLivingAndWhatIsYoungStays() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let people = try await Self.people(4, world, app)
            let account = try await Self.account(world, app)
            for user in people { try await Self.join(user, account, world, app) }
            try await world.directory.users.delete(people[0], by: app.caller)
            try await world.directory.users.delete(people[1], by: app.caller)
            try await world.postgres.execute(
                "update users set deleted_at = now() - interval '30 days 1 minute' where id = \(people[0])")
            try await world.postgres.execute(
                "update users set deleted_at = now() - interval '29 days 23 hours' where id = \(people[1])")
            #expect(try await world.directory.tombstones.purge(olderThan: .seconds(30 * 86_400)) == 1)
            #expect(try await world.count("select count(*) from users") == 3)
            // Known while a tombstone, unknown afterwards.
            await #expect(throws: DirectoryError.nonPermissible) {
                try await world.directory.users.show(people[0], by: app.caller)
            }
            await #expect(throws: DirectoryError.notFound) { try await world.directory.users.show(people[1], by: app.caller) }
            #expect(try await Self.orphans(world) == [])
            #expect(try await world.directory.tombstones.purge(olderThan: .seconds(30 * 86_400)) == 0)
        }
    }

    @Test func aDeletedAccountIsGoneForEveryReaderAtOnceAndPurgedInBatches() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let people = try await Self.people(25, world, app)
            let (account, other) = (try await Self.account(world, app), try await Self.account(world, app))
            for user in people { try await Self.join(user, account, world, app) }
            try await Self.join(people[0], other, world, app)
            var bot = AgentBotDraft()
            bot.accountID = account
            for _ in 1...5 { _ = try await world.directory.agentBots.create(bot, by: app.caller) }
            try await world.directory.accounts.delete(account, by: app.caller)
            #expect(try await world.directory.users.show(people[0], by: app.caller).accounts.map(\.id) == [other])
            #expect(try await world.directory.users.show(people[1], by: app.caller).accounts.isEmpty)
            #expect(try await world.directory.agentBots.list(by: app.caller).items.isEmpty)
            await #expect(throws: DirectoryError.notFound) {
                try await world.directory.memberships.list(accountID: account, by: app.caller)
            }
            try await world.postgres.execute("update accounts set deleted_at = now() - interval '1 hour' where id = \(account)")
            #expect(try await world.directory.tombstones.purge(olderThan: .zero, batch: 7) == 25 + 5 + 1)
            #expect(try await world.count("select count(*) from users") == 25)
            #expect(try await world.count("select count(*) from account_users") == 1)
            #expect(try await Self.orphans(world) == [])
        }
    }

    @Test func sessionsAndLoginLinksThatAreOverGoInBatches() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let user = try await Self.people(1, world, app)[0]
            // 40 of each, of which 17 are over, in no order; of the links 9 more are over since less than a day.
            try await world.postgres.execute(
                """
                insert into sessions (user_id, client, digest, password_mark, expires_at)
                select \(user), 'c' || n, '', '', now() + case when n % 40 < 17 then interval '-1 second' else '1 minute' end
                from (select i * 7 as n from generate_series(1, 40) i) s
                """)
            try await world.postgres.execute(
                """
                insert into login_links (user_id, platform_app_id, digest, expires_at, redeemed_at)
                select \(user), \(app.id), sha256(n::text::bytea), case when n % 40 < 17 then now() - interval '25 hours'
                    when n % 40 < 26 then now() - interval '23 hours' else now() + interval '1 minute' end,
                    case when n % 2 = 0 then now() end
                from (select i * 7 as n from generate_series(1, 40) i) s
                """)
            #expect(try await world.directory.tombstones.purge(olderThan: .seconds(86_400), batch: 5) == 34)
            #expect(try await world.count("select count(*) from sessions") == 23)
            #expect(try await world.count("select count(*) from sessions where expires_at > now()") == 23)
            #expect(try await world.count("select count(*) from login_links") == 23)
            #expect(try await world.count("select count(*) from login_links where expires_at > now() - interval '1 day'") == 23)
            #expect(try await world.directory.tombstones.purge(olderThan: .seconds(86_400), batch: 5) == 0)
        }
    }

    @Test func nothingIsOrphanedWhateverHappened() async throws {
        try await withDirectory(pool: .init(limit: 8)) { world in
            let seed = UInt64.random(in: .min ... .max)
            print("seed \(seed)")
            var random = SeededGenerator(seed: seed)
            let apps = [try await world.app("One"), try await world.app("Two")]
            for app in apps {
                var hook = WebhookDraft()
                hook.url = "https://x.example/"
                _ = try await world.directory.webhooks.create(hook, by: app.caller)
            }
            var (users, accounts, bots): ([Int64], [Int64], [Int64]) = ([], [], [])
            for step in 1...300 {
                let app = apps[Int.random(in: 0...1, using: &random)]
                let user = users.randomElement(using: &random) ?? 1
                let account = accounts.randomElement(using: &random) ?? 1
                let bot = bots.randomElement(using: &random) ?? 1
                // What is refused changes nothing; that is tested elsewhere.
                do throws(any Error) {
                    switch Int.random(in: 0...12, using: &random) {
                    case 0, 1: users += try await Self.people(1, world, app, prefix: "p\(step)")
                    case 2: accounts.append(try await Self.account(world, app))
                    case 3, 4, 5: try await Self.join(user, account, world, app)
                    case 6:
                        var draft = AgentBotDraft()
                        draft.accountID = Bool.random(using: &random) ? account : nil
                        bots.append(try await world.directory.agentBots.create(draft, by: app.caller).id)
                    case 7: try await world.directory.users.delete(user, by: app.caller)
                    case 8: try await world.directory.accounts.delete(account, by: app.caller)
                    case 9: try await world.directory.agentBots.delete(bot, by: app.caller)
                    case 10:
                        var draft = AccountDraft()
                        draft.status = .suspended
                        _ = try await world.directory.accounts.update(account, draft, by: app.caller)
                    case 11:
                        try await world.postgres.execute(
                            """
                            insert into sources (platform_app_id, name) values (\(app.id), 'directory') on conflict do nothing
                            """)
                        try await world.postgres.execute(
                            """
                            insert into links (source_id, kind, external_key, object_id, policy)
                            select s.id, 'user', convert_to(\("\(step)"), 'UTF8'), u.id, 'test' from sources s, users u
                            where s.platform_app_id = \(app.id) and u.id = \(user) on conflict do nothing
                            """)
                    default: while try await world.directory.outbox.divide() {}
                    }
                } catch is DirectoryError {}
                if step % 40 == 0 {
                    try await world.directory.tombstones.purge(olderThan: .zero, batch: 3)
                    #expect(try await Self.orphans(world) == [], "seed \(seed), step \(step)")
                }
            }
            try await world.postgres.execute("update webhooks set deleted_at = now() - interval '1 hour'")
            try await world.directory.tombstones.purge(olderThan: .zero, batch: 3)
            #expect(try await Self.orphans(world) == [], "seed \(seed)")
            for table in ["users", "accounts", "agent_bots", "webhooks"] {
                #expect(
                    try await world.count(PostgresQuery(unescaped: "select count(*) from \(table) where deleted_at is not null"))
                        == 0)
            }
            #expect(try await world.count("select count(*) from deliveries") == 0)
            #expect(try await world.count("select count(*) from audit_events where action = 'user.delete'") > 0)
        }
    }

    @Test func theDaemonPurgesAgainAndAgain() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let queue = JobQueue(postgres: world.postgres)
            let handler = PurgeHandler(
                tombstones: world.directory.tombstones, retention: world.directory.retention, lifetime: .zero,
                period: .milliseconds(1))
            let worker = Worker(queue: queue, handlers: [handler], options: QueueTests.options(), logger: QueueTests.quiet)
            let people = try await Self.people(3, world, app)
            for user in people { try await world.directory.users.delete(user, by: app.caller) }
            try await QueueTests.drain([worker, worker]) { try await world.count("select count(*) from users") == 0 }
            #expect(try await world.count("select count(*) from jobs where kind = 'purge'") == 1)
            #expect(try await Self.orphans(world) == [])
        }
    }

    // MARK: - Support

    /// Rows of any table that refer to an object which is not there, told by the names of their columns: tables to come too.
    static func orphans(_ world: TestDirectory) async throws -> [String] {
        // History is about what is gone as well.
        let history: Set<String> = ["audit_events", "outbox", "deliveries"]
        let columns = try await world.postgres.query(
            """
            select c.table_name::text as name, array_agg(c.column_name::text) as columns
            from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
            where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.table_name not like 'changes%'
            group by 1 order by 1
            """)
        var found: [String] = []
        var checks = 0
        for row in columns {
            let table = try row.decode(String.self, "name")
            let names = Set(try row.decode([String].self, "columns"))
            if history.contains(table) { continue }
            var conditions: [String] = []
            for (column, target) in [
                ("user_id", "users"), ("account_id", "accounts"), ("agent_bot_id", "agent_bots"), ("inviter_id", "users"),
                ("platform_app_id", "platform_apps"), ("webhook_id", "webhooks"), ("source_id", "sources"),
            ] where names.contains(column) {
                conditions.append("(x.\(column) is not null and not exists (select from \(target) o where o.id = x.\(column)))")
            }
            for (kind, id) in [("kind", "object_id"), ("subject_kind", "subject_id"), ("owner_kind", "owner_id")]
            where names.isSuperset(of: [kind, id]) {
                for (value, target) in [("user", "users"), ("account", "accounts"), ("agent_bot", "agent_bots")] {
                    conditions.append(
                        "(x.\(kind)::text = '\(value)' and not exists (select from \(target) o where o.id = x.\(id)))")
                }
            }
            if conditions.isEmpty { continue }
            checks += conditions.count
            let sql = "select count(*) from \"\(table)\" x where \(conditions.joined(separator: " or "))"
            let count = try await world.count(PostgresQuery(unescaped: sql))
            if count > 0 { found.append("\(table): \(count)") }
        }
        #expect(checks > 20)
        return found
    }

    static func people(_ count: Int, _ world: TestDirectory, _ app: TestApp, prefix: String = "p") async throws -> [Int64] {
        var ids: [Int64] = []
        for number in 1...count {
            var draft = UserDraft()
            draft.name = "Somebody"
            draft.email = "\(prefix)-\(number)@x.org"
            ids.append(try await world.directory.users.create(draft, by: app.caller).id)
        }
        return ids
    }

    static func account(_ world: TestDirectory, _ app: TestApp) async throws -> Int64 {
        var draft = AccountDraft()
        draft.name = "A"
        return try await world.directory.accounts.create(draft, by: app.caller).id
    }

    static func join(_ user: Int64, _ account: Int64, _ world: TestDirectory, _ app: TestApp) async throws {
        var draft = MembershipDraft()
        draft.userID = user
        _ = try await world.directory.memberships.upsert(accountID: account, draft, by: app.caller)
    }
}
