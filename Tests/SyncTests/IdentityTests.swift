// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Policy
import Postgres
import Sync
import Testing

/// The same people come back the same, whatever of them changed.
@Suite struct IdentityTests {
    @Test func swappedMailsAndARenameAreUpdates() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "")
            var people = Person.crowd(30)
            try await world.reconcile(policy, Person.export(people))
            (people[0].mail, people[1].mail) = (people[1].mail, people[0].mail)
            let swap = try await world.reconcile(policy, Person.export(people))
            #expect(swap.state == .done, "\(swap.reason ?? "")")
            #expect(swap.counts["update"] == 2)
            #expect(swap.counts.objectChanges == 2)

            people[2].mail = "renamed@example.org"
            people[2].name = "Renamed Person"
            let rename = try await world.reconcile(policy, Person.export(people))
            #expect(rename.counts["update"] == 1)
            #expect(rename.counts.objectChanges == 1)
            #expect(try await world.count("select count(*) from users") == 30)
            #expect(
                try await world.count(
                    "select count(*) from users where email = 'renamed@example.org' and name = 'Renamed Person'") == 1)
        }
    }

    @Test func aHandEditIsSeenAndPutBack() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            let export = Person.export(Person.crowd(10))
            try await world.reconcile(policy, export)
            var update = UserUpdate()
            update.name = "Edited by hand"
            let id = Int64(try await world.count("select min(id) from users"))
            _ = try await world.base.directory.users.update(id, update, by: world.app.caller)
            let run = try await world.reconcile(policy, export)
            #expect(run.counts["update"] == 1)
            #expect(try await world.count("select count(*) from users where name = 'Edited by hand'") == 0)
        }
    }

    @Test func absentIsSuspendedAndReturnIsRestored() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            let people = Person.crowd(20)
            try await world.reconcile(policy, Person.export(people))
            // Somebody else's suspension of another person is nobody's business here.
            _ = try await world.base.postgres.execute(
                "insert into suspensions select 'user', max(id), 'super_admin', 1, 'on leave' from users")
            let gone = try await world.reconcile(policy, Person.export(Array(people.dropFirst())))
            #expect(gone.counts["suspend"] == 1)
            #expect(try await world.count("select count(*) from suspensions") == 2)
            let again = try await world.reconcile(policy, Person.export(Array(people.dropFirst())))
            #expect(again.state == .unchanged, "\(again.counts.values)")
            let back = try await world.reconcile(policy, Person.export(people))
            #expect(back.counts["restore"] == 1)
            #expect(try await world.count("select count(*) from suspensions where by_kind = 'super_admin'") == 1)
            #expect(try await world.count("select count(*) from suspensions") == 1)
        }
    }

    @Test func disabledInTheSource() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            var people = Person.crowd(20)
            people[3].active = false
            try await world.reconcile(policy, Person.export(people))
            #expect(try await world.count("select count(*) from suspensions") == 1)
            people[3].active = true
            let run = try await world.reconcile(policy, Person.export(people))
            #expect(run.counts["restore"] == 1)
            #expect(try await world.count("select count(*) from suspensions") == 0)
        }
    }

    @Test func aStrangersUserIsDisputedNeverAdopted() async throws {
        try await withSyncWorld { world in
            let other = try await world.base.app("Somebody else")
            var draft = UserDraft()
            draft.email = "p5@example.org"
            draft.name = "Not yours"
            let foreign = try await world.base.directory.users.create(draft, by: other.caller)
            let run = try await world.reconcile(try Policy.crowd(), Person.export(Person.crowd(10)))
            #expect(run.state == .done)
            #expect(run.counts["disputed"] == 1)
            #expect(try await world.base.directory.users.show(foreign.id, by: other.caller).name == "Not yours")
            #expect(try await world.count("select count(*) from user_permissibles where object_id = \(foreign.id)") == 1)
            let findings = try await world.reconciler.runs.findings(of: run.id)
            #expect(findings.map(\.code) == ["foreign_user"])
        }
    }

    @Test func ownUserWithTheSameMailIsAdopted() async throws {
        try await withSyncWorld { world in
            var draft = UserDraft()
            draft.email = "p5@example.org"
            draft.name = "Made by API"
            let made = try await world.base.directory.users.create(draft, by: world.app.caller)
            let run = try await world.reconcile(try Policy.crowd(), Person.export(Person.crowd(10)))
            #expect(run.counts["adopt"] == 1)
            #expect(try await world.count("select count(*) from users") == 10)
            #expect(try await world.base.directory.users.show(made.id, by: world.app.caller).name == "Person 5")
            #expect(try await world.reconcile(try Policy.crowd(), Person.export(Person.crowd(10))).state == .unchanged)
        }
    }

    @Test func duplicatesAreDisputedAndTheOthersGoOn() async throws {
        try await withSyncWorld { world in
            var people = Person.crowd(10)
            people[4].mail = people[3].mail
            people.append(Person(id: 1, mail: "other@example.org", name: "Same id"))
            let run = try await world.reconcile(try Policy.crowd(), Person.export(people))
            #expect(run.state == .done)
            #expect(run.counts["create"] == 8, "seven people and an account: \(run.counts.values)")
            let codes = try await world.reconciler.runs.findings(of: run.id).map(\.code).sorted()
            #expect(codes == ["duplicate_email", "duplicate_email", "duplicate_id", "duplicate_id"])
        }
    }

    @Test func membershipsFollowGroupsAndLeaveOthersAlone() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {removals: {count: 5}}")
            var people = Person.crowd(10)
            try await world.reconcile(policy, Person.export(people))
            var draft = AccountDraft()
            draft.name = "By hand"
            let account = try await world.base.directory.accounts.create(draft, by: world.app.caller)
            var membership = MembershipDraft()
            membership.userID = Int64(try await world.count("select id from users where email = 'p1@example.org'"))
            _ = try await world.base.directory.memberships.upsert(accountID: account.id, membership, by: world.app.caller)

            people[0].groups = []
            people[1].groups = ["leads"]
            let run = try await world.reconcile(policy, Person.export(people))
            #expect(run.counts["update"] == 2, "\(run.counts.values)")
            #expect(try await world.count("select count(*) from account_users") == 10)
            #expect(try await world.count("select count(*) from account_users where role = 'administrator'") == 4)
            #expect(try await world.reconcile(policy, Person.export(people)).state == .unchanged)
        }
    }
}
