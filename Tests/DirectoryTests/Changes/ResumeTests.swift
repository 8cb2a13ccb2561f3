// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Synchronization
import Testing

@Suite struct ResumeTests {
    /// A plan of so many new users, made in SQL.
    static func bigPlan(_ count: Int, of accounts: [Int64] = [], by app: TestApp, in world: TestDirectory) async throws
        -> ChangeSet
    {
        let empty = try await world.plan(by: app).store()
        try await world.postgres.execute(
            """
            insert into changes (run_id, seq, planned_at, kind, action, object_id, external_key, fields, memberships, reason)
            select \(empty.run), n, \(empty.plannedAt), 'user', 'create', nextval('users_id_seq'), convert_to('k' || n, 'UTF8'),
                   jsonb_build_object('email', array[null, 'u' || n || '@x.org', ''], 'name', array[null, 'User ' || n, '']),
                   coalesce((select jsonb_object_agg(id, array[null, 'agent', '']) from unnest(\(accounts)) id), '{}'), 'a test'
            from generate_series(1, \(Int32(count))) n
            """)
        return ChangeSet(run: empty.run, plannedAt: empty.plannedAt, count: count, firstChunkEnd: min(count, 10_000))
    }

    private struct Stopped: Error {}

    @Test func aRunThatStoppedContinuesWhereItStopped() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let count = 10_400
            let set = try await Self.bigPlan(count, by: app, in: world)
            let engine = ChangeEngine(directory: world.directory)
            // The second chunk meets a server that goes away in the middle of it.
            try await world.postgres.execute(
                """
                create function stop() returns trigger language plpgsql as $$ begin
                    if new.id >= (select min(id) + 10200 from users) then
                        raise exception 'gone' using errcode = '57P01';
                    end if;
                    return new; end $$
                """)
            try await world.postgres.execute("create trigger stop after insert on users for each row execute function stop()")
            await #expect(throws: (any Error).self) { try await engine.apply(set) }
            #expect(try await world.count("select count(*) from users") == 10_000)
            let half = try await engine.report(set)
            #expect(half.applied == 10_000 && half.refused.isEmpty)
            #expect(try await engine.mismatches(set) == 0)
            try await world.postgres.execute("drop trigger stop on users")
            let report = try await engine.apply(set)
            #expect(report.applied == count && report.refused.isEmpty)
            #expect(try await engine.mismatches(set) == 0)
            #expect(try await world.count("select count(*) from users") == count)
            #expect(try await world.count("select count(*) from users where row_version <> 1") == 0)
            #expect(try await world.count("select count(*) from links") == count)
            #expect(try await world.count("select count(*) from access_tokens where owner_kind = 'user'") == count)
        }
    }

    /// A first import meets tables without statistics, which grow with each chunk: no plan may depend on them.
    @Test func theSecondChunkCostsWhatTheFirstDid() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            var accounts: [Int64] = []
            for name in ["A", "B"] { accounts.append(try await world.account(name, by: app).id) }
            try await world.postgres.execute("alter table users set (autovacuum_enabled = off)")
            try await world.postgres.execute("alter table links set (autovacuum_enabled = off)")
            let set = try await Self.bigPlan(20_000, of: accounts, by: app, in: world)
            let moments = Mutex<[ContinuousClock.Instant]>([.now])
            let engine = ChangeEngine(directory: world.directory)
            let report = try await engine.apply(set) { _, _ in moments.withLock { $0.append(.now) } }
            #expect(report.applied == 20_000)
            let chunks = moments.withLock { moments in zip(moments.dropFirst(), moments).map { $0 - $1 } }
            #expect(chunks.count == 3 && chunks[1] + chunks[2] < chunks[0] * 8, "\(chunks)")
            #expect(try await engine.mismatches(set) == 0)
            #expect(try await world.count("select count(*) from account_users") == 40_000)
        }
    }

    @Test func enginesAtOnceApplyOnce() async throws {
        try await withDirectory(pool: .init(limit: 8)) { world in
            let app = try await world.app("One")
            let set = try await Self.bigPlan(600, by: app, in: world)
            // Parts were applied before, so that the engines' chunks overlap each other's in odd ways; and one name is bad.
            try await world.postgres.execute(
                "update changes set fields = fields || '{\"name\": [null, \"\", \"\"]}' where seq = 333")
            let engine = ChangeEngine(directory: world.directory)
            let reports = try await withThrowingTaskGroup(of: ApplyReport.self) { group in
                for _ in 0..<4 { group.addTask { try await engine.apply(set) } }
                return try await group.reduce(into: [ApplyReport]()) { $0.append($1) }
            }
            for report in reports { #expect(report.applied == 599 && report.refused == ["invalid": 1]) }
            #expect(try await engine.mismatches(set) == 0)
            #expect(try await world.count("select count(*) from users where row_version = 1") == 599)
            #expect(try await world.count("select sum(last_seq - first_seq + 1) from applied_ranges") == 600)
        }
    }

    /// Two plans of one source, both made before either was applied: each key becomes one object.
    @Test func runsOfOneSourceAtOnceGiveAKeyToOneObject() async throws {
        try await withDirectory(pool: .init(limit: 8)) { world in
            let app = try await world.app("One")
            let engine = ChangeEngine(directory: world.directory)
            for round in 0..<6 {
                var sets: [ChangeSet] = []
                for twin in 0..<3 {
                    var plan = try await world.plan(by: app)
                    for n in 0..<20 {
                        let id = try await PlanFixture.newID(.user, in: world)
                        plan = plan.create(id, "r\(round)t\(twin)n\(n)@x.org", key: "r\(round)n\(n)")
                    }
                    sets.append(try await plan.store())
                }
                let applied = try await withThrowingTaskGroup(of: Int.self) { group in
                    for set in sets { group.addTask { try await engine.apply(set).applied } }
                    return try await group.reduce(0, +)
                }
                #expect(applied == 20)
            }
            #expect(try await world.count("select count(*) from users") == 120)
            #expect(try await world.count("select count(*) from users u join links l on l.object_id = u.id") == 120)
        }
    }

    /// The API writes the same people and accounts meanwhile: nobody waits for ever, nothing is lost without a word.
    @Test func callsDuringARun() async throws {
        try await withDirectory(pool: .init(limit: 8)) { world in
            let app = try await world.app("One")
            let engine = ChangeEngine(directory: world.directory)
            var (users, accounts): ([Int64], [Int64]) = ([], [])
            for n in 0..<12 { users.append(try await world.user("u\(n)@x.org", by: app).id) }
            for n in 0..<4 { accounts.append(try await world.account("A\(n)", by: app).id) }
            for round in 0..<6 {
                var plan = try await world.plan(by: app)
                for id in accounts {
                    let version = Int64(try await world.version(ofAccount: id))
                    plan = plan.adding(
                        .init(kind: .account, action: "update", id: id, version: version, fields: ["name": "R\(round)"]))
                }
                for id in users {
                    let version = Int64(try await world.version(ofUser: id))
                    plan = plan.adding(
                        .init(id: id, version: version, fields: ["name": "R\(round)"], memberships: [accounts[0]: "agent"]))
                }
                let set = try await plan.store()
                let (report, outcomes) = try await (
                    engine.apply(set),
                    UserRaceTests.atOnce(12) { [users, accounts] n in
                        try await world.member(
                            users[11 - n], of: accounts[n % 4], round % 2 == 0 ? .agent : .administrator, by: app
                        ).userID
                    }
                )
                #expect(report.applied + report.refusedCount == 16)
                #expect(report.refused.keys.allSatisfy { $0 == "stale" }, "\(report)")
                #expect(outcomes.allSatisfy { if case .id = $0 { true } else { false } }, "\(outcomes)")
                #expect(try await engine.mismatches(set) == 0)
            }
        }
    }
}
