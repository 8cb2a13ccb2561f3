// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Postgres
import Testing

@testable import Directory

/// Operators search the whole trail; every combination of filters gives what a plain comparison gives.
@Suite struct AuditSearchTests {
    /// An event as the test remembers it.
    private struct Fact {
        var id: Int64
        var minute: Int64
        var actor: AuditEventFilter.Actor
        var action: String
        var object: AuditEventFilter.Object
    }

    private static let actions = [
        "user.create", "user.update", "user.delete", "users.import", "account.update", "webhook.delete", "settings.update",
    ]
    private static let actors: [AuditEventFilter.Actor] = [
        .init(.platformApp, id: 1), .init(.platformApp, id: 2), .init(.superAdmin, id: 1), .init(.superAdmin, id: 7),
        .init(.source, id: 1), .init(.command),
    ]
    private static let objects = [("user", 1), ("user", 2), ("account", 1)].map { AuditEventFilter.Object($0, id: Int64($1)) }
    /// 2026-01-01T00:00:00Z.
    private static let start: Int64 = 1_767_225_600_000_000

    private static func moment(_ minute: Int64) -> Timestamp { Timestamp(microseconds: start + minute * 60_000_000) }

    /// Three hundred events, a few of them late by up to four minutes, as those of long transactions are.
    private func fill(_ world: TestDirectory, _ random: inout SeededGenerator) async throws -> [Fact] {
        var facts: [Fact] = []
        try await world.postgres.execute("delete from audit_events")
        for minute in 0..<300 {
            let actor = Self.actors.randomElement(using: &random)!
            let action = Self.actions.randomElement(using: &random)!
            let object = Self.objects.randomElement(using: &random)!
            let late = Int64.random(in: 0...9, using: &random) == 0 ? Int64.random(in: 0...4, using: &random) : 0
            let at = Int64(minute) * 2 - late
            let rows = try await world.postgres.query(
                """
                insert into audit_events (at, actor, actor_id, action, subject_kind, subject_id)
                values (\(PostgresTimestamp(microseconds: Self.moment(at).microseconds)), \(actor.kind.rawValue)::text::actor_kind,
                        \(actor.id), \(action), \(object.kind), \(object.id))
                returning id
                """)
            facts.append(
                Fact(id: try rows[0].decode(Int64.self, "id"), minute: at, actor: actor, action: action, object: object))
        }
        return facts
    }

    private func randomFilter(_ random: inout SeededGenerator) -> AuditEventFilter {
        var filter = AuditEventFilter()
        if Bool.random(using: &random) {
            let actor = Self.actors.randomElement(using: &random)!
            filter.actor = .init(actor.kind, id: Bool.random(using: &random) ? actor.id : nil)
        }
        if Bool.random(using: &random) {
            filter.action =
                Bool.random(using: &random)
                ? .exactly(Self.actions.randomElement(using: &random)!)
                : .beginning(with: ["user.", "user", "w", "nothing."].randomElement(using: &random)!)
        }
        if Int.random(in: 0...2, using: &random) == 0 { filter.object = Self.objects.randomElement(using: &random)! }
        if Bool.random(using: &random) { filter.from = Self.moment(.random(in: -10...610, using: &random)) }
        if Bool.random(using: &random) { filter.until = Self.moment(.random(in: -10...610, using: &random)) }
        return filter
    }

    private func expected(_ filter: AuditEventFilter, _ facts: [Fact]) -> [Int64] {
        facts.filter { fact in
            let actorFits = filter.actor.map { $0.kind == fact.actor.kind && ($0.id == nil || $0.id == fact.actor.id) } ?? true
            let actionFits =
                switch filter.action {
                case nil: true
                case .exactly(let text): fact.action == text
                case .beginning(let text): fact.action.hasPrefix(text)
                }
            let at = Self.moment(fact.minute).microseconds
            return actorFits && actionFits && filter.object.map { $0 == fact.object } ?? true
                && at >= filter.from?.microseconds ?? .min && at < filter.until?.microseconds ?? .max
        }.map(\.id).sorted(by: >)
    }

    @Test func everyCombinationOfFiltersPagesToTheSameEvents() async throws {
        let seed: UInt64 = 20_261_123
        print("seed \(seed)")
        try await withDirectory { world in
            var random = SeededGenerator(seed: seed)
            let operatorCaller = try await world.superAdmin().caller
            let facts = try await fill(world, &random)
            var found = 0
            for _ in 0..<150 {
                let filter = randomFilter(&random)
                var ids: [Int64] = []
                var after: Int64? = 0
                while let position = after {
                    let page = try await world.directory.auditEvents.search(
                        filter, PageRequest(limit: 40, after: position), by: operatorCaller)
                    ids += page.items.map(\.event.id)
                    after = page.next
                }
                #expect(ids == expected(filter, facts), "\(filter)")
                found += ids.count
            }
            #expect(found > 1_000)
        }
    }

    @Test func namesAreThoseOfNow() async throws {
        try await withDirectory { world in
            let admin = try await world.superAdmin()
            let app = try await world.app("CRM")
            let user = try await world.user("ada@x.org", by: app)
            _ = try await world.directory.users.update(user.id, UserUpdate(email: "ada.king@x.org"), by: admin.caller)
            var filter = AuditEventFilter()
            filter.object = .init("user", id: user.id)
            let events = try await world.directory.auditEvents.search(filter, PageRequest(limit: 10), by: admin.caller).items
            #expect(events.map(\.event.action) == ["user.update", "user.create"])
            #expect(events.map(\.subjectName) == ["ada.king@x.org", "ada.king@x.org"])
            #expect(events.map(\.actorName) == ["root@example.org", "CRM"])
        }
    }

    @Test func onlyOperatorsWhoseScopesReachSearch() async throws {
        try await withDirectory { world in
            let app = try await world.app("CRM")
            let store = world.directory.auditEvents
            await #expect(throws: DirectoryError.invalidAccessToken) {
                try await store.search(AuditEventFilter(), PageRequest(limit: 10), by: app.caller)
            }
            let admin = try await world.superAdmin()
            let all = try await store.search(AuditEventFilter(), PageRequest(limit: 10), by: admin.caller)
            #expect(!all.items.isEmpty)
            try await world.postgres.execute("update super_admin_sessions set expires_at = now()")
            await #expect(throws: DirectoryError.invalidAccessToken) {
                try await store.search(AuditEventFilter(), PageRequest(limit: 10), by: admin.caller)
            }
        }
    }

    @Test func whatCannotBeStoredIsFoundNowhere() async throws {
        try await withDirectory { world in
            var filter = AuditEventFilter()
            filter.action = .init("user\u{0}*")
            let found = try await world.directory.auditEvents.search(filter, PageRequest(limit: 10), by: .command)
            #expect(found.items.isEmpty)
        }
    }

    @Test func actionsAreSpeltAsPeopleDo() {
        #expect(AuditEventFilter.Action("user") == .beginning(with: "user"))
        #expect(AuditEventFilter.Action("user.") == .beginning(with: "user."))
        #expect(AuditEventFilter.Action("user.*") == .beginning(with: "user."))
        #expect(AuditEventFilter.Action("user.update") == .exactly("user.update"))
    }

    /// Rare among many: what an index that leads with something else would find by reading all.
    @Test func rareEventsAreFoundWithoutReadingAll() async throws {
        try await withDirectory { world in
            try await world.postgres.execute(
                """
                insert into audit_events (at, actor, actor_id, platform_app_id, action, subject_kind, subject_id)
                select now() - (200000 - n) * interval '1 minute', case when n % 1000 = 0 then 'super_admin' else 'platform_app' end::actor_kind,
                       1 + n % 3, 1 + n % 3, case when n % 50000 = 0 then 'webhook.delete' when n % 2 = 0 then 'user.update' else 'user.create' end,
                       'user', n % 5000
                from generate_series(1, 200000) n
                """)
            try await world.postgres.execute("analyze audit_events")
            var filters: [String: AuditEventFilter] = [:]
            filters["action"] = AuditEventFilter(action: .exactly("webhook.delete"))
            filters["prefix"] = AuditEventFilter(action: .beginning(with: "webhook."))
            filters["actor"] = AuditEventFilter(actor: .init(.superAdmin, id: 2))
            filters["actor kind"] = AuditEventFilter(actor: .init(.superAdmin))
            filters["actor and action"] = AuditEventFilter(
                actor: .init(.platformApp, id: 3), action: .exactly("webhook.delete"))
            filters["object"] = AuditEventFilter(object: .init("user", id: 17))
            let long = Int64(150_000) * 60_000_000
            filters["time"] = AuditEventFilter(until: Timestamp(microseconds: PostgresTimestamp.now.microseconds - long))
            for mode in ["auto", "force_custom_plan"] {
                for (name, filter) in filters {
                    let read = try await rowsRead(filter, mode, world)
                    #expect(read < 3_000, "\(name) in mode \(mode) read \(read) rows")
                }
            }
        }
    }

    /// How many rows and index entries of the trail one page needs.
    private func rowsRead(_ filter: AuditEventFilter, _ mode: String, _ world: TestDirectory) async throws -> Int64 {
        let statement = AuditSearchStatements.search(filter, PageRequest(limit: 50), caller: .command).unprepared()
        return try await world.postgres.withConnection { connection in
            let read: PostgresQuery = """
                select (pg_stat_get_xact_tuples_returned('audit_events'::regclass) + pg_stat_get_xact_tuples_fetched('audit_events'::regclass)
                    + (select sum(pg_stat_get_xact_tuples_returned(indexrelid)) from pg_index where indrelid = 'audit_events'::regclass))::bigint
                """
            try await connection.executeScript("set plan_cache_mode = \(mode); begin")
            // What the session read before counts until it is reported, which it is once a second.
            let before = try await connection.query(read)[0].decode(Int64.self, at: 0)
            _ = try await connection.query(statement)
            let after = try await connection.query(read)[0].decode(Int64.self, at: 0)
            try await connection.executeScript("rollback")
            return after - before
        }
    }
}

extension AuditEventFilter {
    init(actor: Actor? = nil, object: Object? = nil, action: Action? = nil, from: Timestamp? = nil, until: Timestamp? = nil) {
        self.init()
        self.actor = actor
        self.object = object
        self.action = action
        self.from = from
        self.until = until
    }
}
