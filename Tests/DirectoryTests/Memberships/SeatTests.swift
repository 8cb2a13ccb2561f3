// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Postgres
import Testing

@testable import Directory

/// Seats hold against every writer.
@Suite struct SeatTests {
    private static func limited(_ world: TestDirectory, to seats: Int, by app: TestApp) async throws -> Int64 {
        var draft = AccountDraft(name: "Limited")
        draft.limits = JSONText(#"{"agents":\#(seats)}"#)
        return try await world.directory.accounts.create(draft, by: app.caller).id
    }

    @Test(arguments: 1...5) func theLastSeatIsTakenOnce(_ round: Int) async throws {
        try await withDirectory(pool: .init(limit: 8)) { world in
            let app = try await world.app("One")
            let account = try await Self.limited(world, to: 2, by: app)
            var users: [Int64] = []
            for number in 0..<8 { users.append(try await world.user("u\(number)@x.org", by: app).id) }
            let people = users
            let outcomes = await UserRaceTests.atOnce(8) { try await world.member(people[$0], of: account, by: app).userID }
            #expect(outcomes.filter { if case .id = $0 { true } else { false } }.count == 2, "\(outcomes)")
            #expect(try await world.count("select count(*) from account_users") == 2)
        }
    }

    @Test func changesAreHeldToThem() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let account = try await Self.limited(world, to: 2, by: app)
            var plan = try await PlanFixture(world, by: app)
            for number in 0..<5 {
                let user = try await world.user("u\(number)@x.org", by: app)
                var row = PlanFixture.Row(id: user.id, version: user.rowVersion)
                row.fields["name"] = "Run \(number)"
                row.memberships[account] = "agent"
                plan = plan.adding(row)
            }
            let report = try await ChangeEngine(directory: world.directory).apply(try await plan.store())
            #expect(report.applied == 2 && report.refusedCount == 3, "\(report)")
            #expect(try await world.count("select count(*) from account_users") == 2)
            #expect(report.refused == ["no_seat": 3])
            // Refused whole: who has no seat is not renamed either.
            #expect(try await world.count("select count(*) from users where name like 'Run%'") == 2)
        }
    }

    /// What a failing statement leaves behind shows whether the trigger had to refuse: each time it does, a transaction is
    /// rolled back and the chunk is searched by halves.
    private static func rollbacks(_ world: TestDirectory) async throws -> Int {
        // Counted by each backend when it has nothing to do, or is told to.
        _ = try await world.postgres.query("select pg_stat_force_next_flush()")
        return try await world.count("select xact_rollback from pg_stat_database where datname = current_database()")
    }

    @Test func theSurplusIsRefusedAtOnce() async throws {
        try await withDirectory(pool: .init(limit: 1)) { world in
            let app = try await world.app("One")
            let (small, large) = (
                try await Self.limited(world, to: 200, by: app), try await Self.limited(world, to: 400, by: app)
            )
            let open = try await world.account("Open", by: app).id
            // 900 want `small` or `large`, of which the first 200 and 400 have a seat; 100 want none that is limited.
            var plan = try await PlanFixture(world, by: app)
            var (refused, wanted): ([Int: String], [Int64: Int]) = ([:], [:])
            for seq in 1...1_000 {
                let account = seq % 10 == 0 ? open : seq % 10 < 5 ? small : large
                wanted[account, default: 0] += 1
                if account != open, wanted[account, default: 0] > (account == small ? 200 : 400) { refused[seq] = "no_seat" }
                let id = try await PlanFixture.newID(.user, in: world)
                plan = plan.create(id, "u\(seq)@x.org", key: "k\(seq)", memberships: [account: "agent"])
            }
            #expect(refused.count == 300)
            let set = try await plan.store()
            let engine = ChangeEngine(directory: world.directory)
            let before = try await Self.rollbacks(world)
            let report = try await engine.apply(set)
            #expect(report.applied == 700 && report.refused == ["no_seat": 300])
            #expect(try await world.refusals(set) == refused)
            #expect(try await Self.rollbacks(world) == before)
            #expect(try await world.count("select count(*) from change_refusals where detail = \("account \(small)")") == 200)
            #expect(try await world.count("select count(*) from users") == 700)
            #expect(try await engine.mismatches(set) == 0)
        }
    }

    @Test func whoIsRefusedTakesNoOtherSeat() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let (none, two) = (try await Self.limited(world, to: 0, by: app), try await Self.limited(world, to: 2, by: app))
            let (ada, bob) = (try await world.user("a@x.org", by: app), try await world.user("b@x.org", by: app))
            _ = try await world.member(ada.id, of: two, by: app)
            _ = try await world.member(bob.id, of: two, by: app)
            let users = [
                try await world.user("c@x.org", by: app), try await world.user("d@x.org", by: app),
                try await world.user("e@x.org", by: app), try await world.user("f@x.org", by: app),
            ]
            let versions = try await world.postgres.query("select id, row_version from users order by id").map {
                (try $0.decode(Int64.self, "id"), try $0.decode(Int64.self, "row_version"))
            }
            let version = Dictionary(uniqueKeysWithValues: versions)
            func row(_ user: User, _ memberships: [Int64: String?], email: String? = nil) -> PlanFixture.Row {
                var row = PlanFixture.Row(id: user.id, version: version[user.id], memberships: memberships)
                if let email { row.fields["email"] = email }
                return row
            }
            let set = try await PlanFixture(world, by: app)
                // Wants both, gets neither, and keeps the address that the fourth would have.
                .adding(row(users[0], [none: "agent", two: "agent"], email: "free@x.org"))
                // Ada's place becomes free, Bob keeps his in another role.
                .adding(row(ada, [two: nil])).adding(row(bob, [two: "administrator"]))
                .adding(row(users[1], [two: "agent"], email: "c@x.org"))
                .adding(row(users[2], [two: "agent"])).adding(row(users[3], [two: "agent"]))
                .store()
            let report = try await ChangeEngine(directory: world.directory).apply(set)
            #expect(try await world.refusals(set) == [1: "no_seat", 4: "email_taken", 6: "no_seat"], "\(report)")
            #expect(
                try await world.text("select string_agg(user_id || role, ' ' order by user_id) from account_users")
                    == "\(bob.id)administrator \(users[2].id)agent")
        }
    }
}
