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
            // Refused whole: who has no seat is not renamed either.
            #expect(try await world.count("select count(*) from users where name like 'Run%'") == 2)
        }
    }
}
