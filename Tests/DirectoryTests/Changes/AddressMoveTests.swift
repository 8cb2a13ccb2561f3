// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing

@Suite struct AddressMoveTests {
    /// Users a, b, c ... of one app, and what becomes of their addresses when each wants the one at its place in `wanted`.
    static func move(_ wanted: [String], taken: [String] = []) async throws -> (emails: String, refusals: [Int: String]) {
        try await withDirectory { world in
            let (app, other) = (try await world.app("One"), try await world.app("Two"))
            var plan = try await world.plan(by: app)
            for (number, email) in wanted.enumerated() {
                let letter = String(UnicodeScalar(UInt8(97 + number)))
                plan = plan.update(
                    try await world.user("\(letter)@x.org", by: app), ["email": "\(email)@x.org", "name": "Moved"])
            }
            for email in taken { _ = try await world.user("\(email)@x.org", by: other) }
            let set = try await plan.store()
            let engine = ChangeEngine(directory: world.directory)
            let report = try await engine.apply(set)
            let refusals = try await world.refusals(set)
            #expect(report.applied == wanted.count - refusals.count && report.refusedCount == refusals.count)
            #expect(try await engine.mismatches(set) == 0)
            #expect(try await world.count("select count(*) from users where name = 'Moved'") == report.applied)
            return (try await world.emails().replacing("@x.org", with: ""), refusals)
        }
    }

    @Test func swap() async throws {
        let result = try await Self.move(["b", "a"])
        #expect(result.emails == "b a" && result.refusals.isEmpty)
    }

    @Test func cyclesOfThree() async throws {
        let result = try await Self.move(["b", "c", "a", "f", "d", "e"])
        #expect(result.emails == "b c a f d e" && result.refusals.isEmpty)
    }

    @Test func chainWithAFreeEnd() async throws {
        let result = try await Self.move(["b", "c", "d", "free"])
        #expect(result.emails == "b c d free" && result.refusals.isEmpty)
    }

    @Test func chainBlockedAtItsEnd() async throws {
        let result = try await Self.move(["b", "c", "d", "held", "free"], taken: ["held"])
        #expect(result.emails == "a b c d free held")
        #expect(result.refusals == [1: "email_taken", 2: "email_taken", 3: "email_taken", 4: "email_taken"])
    }

    @Test func twoWantOneAddress() async throws {
        let result = try await Self.move(["free", "free", "d", "c"])
        #expect(result.emails == "free b d c")
        #expect(result.refusals == [2: "email_taken"])
    }

    @Test func createTakesAnAddressThatIsGivenUp() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let ada = try await world.user("a@x.org", by: app)
            let (next, twin) = (try await PlanFixture.newID(.user, in: world), try await PlanFixture.newID(.user, in: world))
            let set = try await world.plan(by: app)
                .update(ada, ["email": "b@x.org"]).create(next, "a@x.org", key: "n").create(twin, "b@x.org", key: "t").store()
            let report = try await ChangeEngine(directory: world.directory).apply(set)
            #expect(report.applied == 2)
            #expect(try await world.refusals(set) == [3: "email_taken"])
            #expect(try await world.emails() == "b@x.org a@x.org")
        }
    }
}
