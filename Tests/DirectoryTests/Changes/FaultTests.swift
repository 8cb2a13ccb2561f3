// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing

@Suite struct FaultTests {
    static let tooLong = String(repeating: "x", count: 256)

    @Test(arguments: [[2], [1], [9], [1, 5, 9], [2, 3, 4, 5, 6, 7, 8]])
    func changesAtFaultAreRefusedAndTheOthersMade(_ bad: [Int]) async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            var plan = try await world.plan(by: app)
            for seq in 1...9 {
                let id = try await PlanFixture.newID(.user, in: world)
                plan = plan.create(id, "u\(seq)@x.org", key: "k\(seq)", name: bad.contains(seq) ? Self.tooLong : "Fine")
            }
            let set = try await plan.store()
            let engine = ChangeEngine(directory: world.directory)
            let report = try await engine.apply(set)
            #expect(report.applied == 9 - bad.count)
            #expect(try await world.refusals(set).keys.sorted() == bad)
            #expect(report.refused == ["invalid": bad.count])
            #expect(try await world.count("select count(*) from change_refusals where detail = 'users_name_length'") == bad.count)
            #expect(try await world.count("select count(*) from users") == 9 - bad.count)
            #expect(try await world.count("select count(*) from links") == 9 - bad.count)
            #expect(try await engine.mismatches(set) == 0)
        }
    }

    @Test func everyKindOfFault() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let ada = try await world.user("a@x.org", by: app)
            let acme = try await world.account("Acme", by: app)
            var rows: [PlanFixture.Row] = [
                .init(id: ada.id, version: 1, fields: ["name": nil]),
                .init(id: ada.id, version: 1, fields: ["email": nil]),
                .init(id: ada.id, version: 1, fields: ["email": "x"]),
                .init(id: ada.id, version: 1, memberships: [acme.id: "owner"]),
                .init(kind: .account, action: "update", id: acme.id, version: 1, fields: ["name": ""]),
                // Somebody's id, under the guise of a new object.
                .init(action: "create", id: ada.id, key: "k", fields: ["email": "b@x.org", "name": "B"]),
                .init(kind: .account, action: "create", id: acme.id, key: "k", fields: ["name": "B"]),
            ]
            let new = try await PlanFixture.newID(.account, in: world)
            rows.append(.init(kind: .account, action: "create", id: new, fields: ["name": Self.tooLong]))
            let joiner = try await PlanFixture.newID(.user, in: world)
            rows.append(
                .init(action: "create", id: joiner, fields: ["email": "j@x.org", "name": "J"], memberships: [new: "agent"]))
            var plan = try await world.plan(by: app)
            for row in rows { plan = plan.adding(row) }
            let report = try await plan.apply()
            #expect(report.applied == 0, "\(report)")
            #expect(try await world.version(ofUser: ada.id) == 1)
            #expect(try await world.version(ofAccount: acme.id) == 1)
            #expect(try await world.count("select count(*) from users") == 1)
        }
    }

    /// A fault elsewhere in the chunk must not part people who swap addresses, wherever they stand.
    @Test(arguments: 1...5) func aFaultDoesNotBreakASwap(_ place: Int) async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let (a, b) = (try await world.user("a@x.org", by: app), try await world.user("b@x.org", by: app))
            let (c, d) = (try await world.user("c@x.org", by: app), try await world.user("d@x.org", by: app))
            var plan = try await world.plan(by: app)
            let moves = [(a, "b"), (c, "d"), (b, "a"), (d, "c")]
            for seq in 1...5 {
                if seq == place {
                    plan = plan.create(try await PlanFixture.newID(.user, in: world), "n@x.org", key: "n", name: Self.tooLong)
                } else {
                    let (user, email) = moves[plan.rows.filter { $0.action == "update" }.count]
                    plan = plan.update(user, ["email": "\(email)@x.org"])
                }
            }
            let set = try await plan.store()
            let report = try await ChangeEngine(directory: world.directory).apply(set)
            #expect(report.applied == 4)
            #expect(try await world.refusals(set) == [place: "invalid"])
            #expect(try await world.emails() == "b@x.org a@x.org d@x.org c@x.org")
        }
    }
}
