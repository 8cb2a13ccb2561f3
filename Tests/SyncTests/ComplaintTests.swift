// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Policy
import Postgres
import Sync
import Testing

/// What administrators complain about most in directory synchronisation, each as a test that a naive engine fails.
///
/// The others of the eight are in `SystemTests/ScaleTests` (one query per user, memory that grows) and in
/// `ExplanationTests` (nobody can say why).
@Suite struct ComplaintTests {
    /// "It deleted everybody because the export had been cut off."
    @Test func aCutReadIsNotTakenForTruth() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {removals: {percent: 100}}")
            let export = Person.export(Person.crowd(12))
            try await world.reconcile(policy, export)
            let image = try await world.image()
            for cut in stride(from: 0, to: export.utf8.count - 1, by: 83) {
                let run = try await world.reconcile(policy, String(decoding: export.utf8.prefix(cut), as: UTF8.self))
                #expect(run.state == .refused, "cut at byte \(cut): \(run.state)")
                #expect(try await world.image() == image, "cut at byte \(cut)")
            }
        }
    }

    /// "It said success, and nothing was stored."
    @Test func whatWasNotStoredIsNoSuccess() async throws {
        try await withSyncWorld { world in
            var people = Person.crowd(10)
            try await world.reconcile(try .crowd(), Person.export(people))
            // A store that accepts a write and does not keep it.
            try await world.base.postgres.withConnection {
                try await $0.executeScript(
                    """
                    create function lose() returns trigger language plpgsql as $$ begin
                        new.name = old.name; return new;
                    end $$;
                    create trigger lose before update on users for each row when (new.name = 'Lost') execute function lose()
                    """)
            }
            people[3].name = "Lost"
            people[4].name = "Kept"
            let run = try await world.reconcile(try .crowd(), Person.export(people))
            #expect(run.state == .failed && run.code == "read_back")
            #expect(run.counts["mismatches"] == 1)
        }
    }

    /// "It depends on the order": a cycle of addresses, a group before its members, an account and its first administrator.
    @Test func oneRunWhateverTheOrder() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {email_changes: {percent: 100}}")
            func person(_ number: Int, _ mail: String) -> String {
                """
                dn: uid=p\(number),ou=people,dc=example,dc=org
                objectClass: inetOrgPerson
                entryUUID: 00000000-0000-4000-8000-00000000000\(number)
                cn: Person \(number)
                mail: \(mail)@example.org


                """
            }
            let group = """
                dn: cn=leads,ou=groups,dc=example,dc=org
                objectClass: groupOfNames
                member: uid=p1,ou=people,dc=example,dc=org
                member: uid=p4,ou=people,dc=example,dc=org


                """
            let first = try await world.reconcile(
                policy, group + person(1, "a") + person(2, "b") + person(3, "c"), name: "export.ldif")
            #expect(first.state == .done && first.counts["create"] == 4)
            #expect(try await world.count("select count(*) from account_users where role = 'administrator'") == 1)

            // a -> b -> c -> a, a newcomer, and the first comes by an address that the third gives up.
            let second = try await world.reconcile(
                policy, group + person(4, "d") + person(1, "b") + person(2, "c") + person(3, "a"), name: "export.ldif")
            #expect(second.state == .done && second.counts["update"] == 3 && second.counts["create"] == 1)
            #expect(second.counts["disputed"] == 0 && second.counts["refused.email_taken"] == 0)
            #expect(try await world.count("select count(*) from account_users where role = 'administrator'") == 2)
            let again = try await world.reconcile(
                policy, person(3, "a") + person(2, "c") + person(1, "b") + person(4, "d") + group, name: "export.ldif")
            #expect(again.state == .unchanged)
        }
    }

    /// "It overwrote what I had set": a field that a person took over, another app's user, another's suspension.
    @Test func whatAnotherOwnsStays() async throws {
        try await withSyncWorld { world in
            var people = Person.crowd(10)
            try await world.reconcile(try .crowd(), Person.export(people))
            let operators = try await world.base.superAdmin().caller
            let id = try await world.base.postgres.query("select id from users where email = 'p4@example.org'")[0]
                .decode(Int64.self, "id")
            var update = UserUpdate()
            update.name = "As a person wants it"
            _ = try await world.base.directory.users.update(id, update, by: operators)
            _ = try await world.base.directory.suspensions.suspend(user: id, SuspensionReason("on leave"), by: operators)

            people[3].name = "As the directory wants it"
            people[3].mail = "p4.new@example.org"
            let run = try await world.reconcile(try .crowd(), Person.export(people))
            #expect(run.state == .done && run.counts["update"] == 1)
            let user = try await world.base.directory.users.show(id, by: world.app.caller)
            #expect(user.name == "As a person wants it" && user.email == "p4.new@example.org")
            #expect(
                try await world.count("select count(*) from suspensions where subject_id = \(id) and by_kind = 'super_admin'")
                    == 1)
            #expect(try await world.reconcile(try .crowd(), Person.export(people)).state == .unchanged)

            // Until it is handed back.
            _ = try await world.base.directory.users.handBack(id, fields: ["name"], by: operators)
            #expect(try await world.reconcile(try .crowd(), Person.export(people)).counts["update"] == 1)
            #expect(try await world.base.directory.users.show(id, by: world.app.caller).name == "As the directory wants it")
        }
    }

    /// "The dry run said something else": a plan is what happens, object by object, or is refused by itself.
    @Test func thePlanIsWhatHappens() async throws {
        try await withSyncWorld { world in
            var people = Person.crowd(30)
            try await world.reconcile(try .crowd(), Person.export(people))
            for index in [2, 5, 7] { people[index].name = "Renamed \(index)" }
            people[9].groups = []
            people[11].active = false
            people.append(Person(id: 99, mail: "new@example.org", name: "New"))
            let file = world.folder.appending(path: "export.json")
            try Data(Person.export(people).utf8).write(to: file)
            let plan = try await world.reconciler.plan(try .crowd(), file: file.path, actor: "test")
            let planned = try await world.reconciler.runs.changes(of: plan)
            #expect(planned.map(\.action).sorted() == ["create", "suspend", "update", "update", "update", "update"])

            // Somebody else is faster with one of them; and nothing but that one is left out.
            let moved = try #require(planned.first { $0.label == "p6@example.org" })
            var update = UserUpdate()
            update.displayName = "Changed in between"
            _ = try await world.base.directory.users.update(moved.objectID, update, by: world.app.caller)
            let before = try await versions(world)
            let run = try await world.reconciler.apply(plan.id)
            #expect(run.counts["refused.stale"] == 1 && run.counts["applied"] == 5)
            let after = try await versions(world)
            let written = Set(after.filter { before[$0.key] != $0.value }.keys)
            #expect(written == Set(planned.map(\.objectID)).subtracting([moved.objectID]))
            let refused = try await world.reconciler.runs.changes(of: run).filter { $0.refusal != nil }
            #expect(refused.map(\.objectID) == [moved.objectID])
        }
    }

    private func versions(_ world: SyncWorld) async throws -> [Int64: Int64] {
        try await world.base.postgres.query("select id, row_version from users").reduce(into: [:]) { versions, row in
            versions[try row.decode(Int64.self, "id")] = try row.decode(Int64.self, "row_version")
        }
    }
}
