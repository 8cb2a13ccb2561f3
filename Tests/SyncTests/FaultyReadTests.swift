// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Policy
import Postgres
import Sync
import Testing

/// An empty, cut or shrunken export is a fault and not a smaller company: nothing changes.
@Suite struct FaultyReadTests {
    private func expectNothingChanges(_ export: (String) -> String, state: RunState, code: String) async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            let whole = Person.export(Person.crowd(40))
            #expect(try await world.reconcile(policy, whole).state == .done)
            let (image, writes) = (try await world.image(), try await world.writes())

            let run = try await world.reconcile(policy, export(whole))
            #expect(run.state == state, "\(run.reason ?? "")")
            #expect(run.code == code)
            #expect(run.reason?.isEmpty == false)
            #expect(try await world.image() == image)
            #expect(try await world.writes() == writes)
            #expect(try await world.count("select count(*) from pg_tables where schemaname = 'staging'") == 0)
        }
    }

    @Test func emptied() async throws {
        try await expectNothingChanges({ _ in "" }, state: .refused, code: "empty")
        try await expectNothingChanges({ _ in "{\"entries\": []}" }, state: .refused, code: "empty")
    }

    @Test func truncatedInTheMiddleOfAnEntry() async throws {
        try await expectNothingChanges({ String($0.prefix($0.count / 2)) }, state: .refused, code: "truncated")
    }

    @Test func thirtyPercentGone() async throws {
        try await expectNothingChanges(
            { _ in Person.export(Array(Person.crowd(40).dropLast(12))) }, state: .held, code: "removals")
    }

    @Test func anUnreadableEntryProvesNobodysAbsence() async throws {
        let damaged = Person.export(Array(Person.crowd(40).dropLast(1))).replacingOccurrences(
            of: "\"entries\":[", with: "\"entries\":[{\"attributes\":{}},")
        try await expectNothingChanges({ _ in damaged }, state: .held, code: "absence_unproven")
    }

    @Test func aPersonWithABrokenMailIsNotAbsent() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            var people = Person.crowd(40)
            try await world.reconcile(policy, Person.export(people))
            people[7].mail = "not an address"
            let run = try await world.reconcile(policy, Person.export(people))
            #expect(run.state == .unchanged, "\(run.reason ?? "")")
            #expect(run.counts["rejected"] == 1)
            let findings = try await world.reconciler.runs.findings(of: run.id)
            #expect(findings.map(\.code) == ["bad_email"])
            #expect(findings.first?.line != nil)
        }
    }

    /// A group that lists fewer members in an export that may not be whole takes nothing from anybody, until one says that it is.
    @Test func anUnprovenReadTakesNoMembershipOfAGroup() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.of(
                accounts: """
                    accounts: [{key: all, name: All, members: "cn=all,dc=x", roles: {administrator: "cn=leads,dc=x"}}]
                    held: changes
                    """)
            func export(all: [Int], leads: [Int], name: String = "P3", isWhole: Bool) -> String {
                let people = (1...4).map { number in
                    """
                    dn: cn=p\(number),dc=x
                    objectClass: inetOrgPerson
                    entryUUID: 00000000-0000-4000-8000-00000000000\(number)
                    mail: p\(number)@example.org
                    cn: \(number == 3 ? name : "P\(number)")


                    """
                }
                let groups = [("all", all), ("leads", leads)].map { name, members in
                    "dn: cn=\(name),dc=x\nobjectClass: groupOfNames\n" + members.map { "member: cn=p\($0),dc=x\n" }.joined()
                        + "\n"
                }
                let part = "dn: cn=other,dc=x\nobjectClass: groupOfNames\nmember;range=0-1: cn=p1,dc=x\n\n"
                return (people + groups).joined() + (isWhole ? "" : part)
            }
            func roles() async throws -> [String] {
                try await world.base.postgres.query(
                    "select u.email || ' ' || m.role as line from account_users m join users u on u.id = m.user_id order by 1"
                ).map { try $0.decode(String.self, "line") }
            }
            let given = [
                "p1@example.org administrator", "p2@example.org administrator", "p3@example.org agent", "p4@example.org agent",
            ]
            let first = try await world.reconcile(
                policy, export(all: [1, 2, 3, 4], leads: [1, 2], isWhole: true), name: "a.ldif")
            #expect(first.state == .done, "\(first.reason ?? "")")
            #expect(try await roles() == given)

            let cut = export(all: [1, 2], leads: [1], name: "Renamed", isWhole: false)
            for turn in 1...2 {
                let run = try await world.reconcile(policy, cut, name: "b.ldif")
                #expect(run.state == (turn == 1 ? .done : .unchanged) && run.code == "absence_unproven", "\(run.state)")
                #expect(run.reason?.hasPrefix("3 people keep memberships or roles") == true, "\(run.reason ?? "")")
                #expect(run.counts["update"] == (turn == 1 ? 1 : 0))
                #expect(try await roles() == given)
            }
            #expect(try await world.count("select count(*) from users where name = 'Renamed'") == 1)

            let proven = try await world.reconcile(
                policy, export(all: [1, 2], leads: [1], name: "Renamed", isWhole: true), name: "c.ldif")
            #expect(proven.state == .done && proven.code == nil, "\(proven.reason ?? "")")
            #expect(try await roles() == ["p1@example.org administrator", "p2@example.org agent"])
        }
    }

    /// The wrong file, or a policy that names the wrong attributes: nobody is told a thousand times.
    @Test func anExportOfWhichMostIsUnusableIsRefused() async throws {
        try await withSyncWorld { world in
            let people = Person.crowd(10).map { person in
                var person = person
                if person.id <= 6 { person.mail = "nobody" }
                return person
            }
            let run = try await world.reconcile(try .crowd(guards: "quarantine: {share: 50}"), Person.export(people))
            #expect(run.state == .refused && run.code == "unusable")
            #expect(run.reason?.hasPrefix("6 of 10 people and groups") == true, "\(run.reason ?? "")")
            #expect(try await world.count("select count(*) from users") == 0)
            #expect(
                try await world.reconcile(try .crowd(guards: "quarantine: {share: 60}"), Person.export(people)).state == .done)
        }
    }

    @Test func aRejectedPlanIsOver() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            try await world.reconcile(policy, Person.export(Person.crowd(40)))
            let image = try await world.image()
            let held = try await world.reconcile(policy, Person.export(Array(Person.crowd(40).dropLast(12))))
            #expect(held.state == .held)
            let rejected = try await world.reconciler.reject(held.id, reason: "the export was cut", by: .command)
            #expect(rejected.state == .rejected && rejected.reason == "the export was cut")
            for attempt in [
                { try await world.reconciler.apply(held.id, release: true) },
                { try await world.reconciler.reject(held.id, by: .command) },
            ] {
                let error = await #expect(throws: SyncError.self) { _ = try await attempt() }
                #expect(error?.code == .notApplicable)
            }
            #expect(try await world.image() == image)
        }
    }

    @Test func aHeldPlanIsReleasedAsItIs() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            try await world.reconcile(policy, Person.export(Person.crowd(40)))
            let held = try await world.reconcile(policy, Person.export(Array(Person.crowd(40).dropLast(12))))
            await #expect(throws: SyncError.self) { try await world.reconciler.apply(held.id) }
            let released = try await world.reconciler.apply(held.id, release: true)
            #expect(released.state == .done)
            #expect(released.counts["applied"] == 12)
            #expect(try await world.count("select count(*) from suspensions where by_kind = 'source'") == 12)
        }
    }

    /// Who let a plan through or ended it is written down, by whichever way the decision came; two at once apply it once.
    @Test func whoDecidedIsRecorded() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            try await world.reconcile(policy, Person.export(Person.crowd(40)))
            let cut = Person.export(Array(Person.crowd(40).dropLast(12)))
            let ended = try await world.reconcile(policy, cut)
            _ = try await world.reconciler.reject(ended.id, by: .command)
            let held = try await world.reconcile(policy, cut)
            let reconciler = world.reconciler
            async let one = reconciler.release(held.id, by: .command, patience: Patience(limit: .seconds(60)) { _, _ in })
            async let other = reconciler.applyWaiting()
            let (released, _) = try await (one, other)
            #expect(released.state == .done && released.counts["applied"] == 12)
            #expect(try await world.count("select count(*) from suspensions where by_kind = 'source'") == 12)
            for (run, action) in [(ended.id, "run.reject"), (held.id, "run.release")] {
                #expect(try await world.count("select count(*) from runs where id = \(run) and decided_by = 'command'") == 1)
                #expect(
                    try await world.count(
                        """
                        select count(*) from audit_events
                        where action = \(action) and subject_kind = 'run' and subject_id = \(run) and actor = 'command'
                        """) == 1)
            }
            // Said again, it is over.
            let error = await #expect(throws: SyncError.self) {
                _ = try await reconciler.release(held.id, by: .command, patience: Patience(limit: .seconds(1)) { _, _ in })
            }
            #expect(error?.code == .notApplicable)
        }
    }
}
