// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Foundation
import Policy
import Postgres
import Sync
import Synchronization
import Testing

/// Sources that hand over what changed: on top of the kept read it is a full read, with all that goes for one.
@Suite struct ChangesTests {
    /// The moment when the last file was written; each is a second later than the one before.
    private final class Clock: Sendable {
        private let last = Atomic(1_795_000_000)

        var next: Date { Date(timeIntervalSince1970: Double(last.add(1, ordering: .relaxed).newValue)) }
    }

    private let clock = Clock()

    private func write(_ world: SyncWorld, _ name: String, _ text: String) throws -> String {
        let file = world.folder.appending(path: name)
        try Data(text.utf8).write(to: file)
        try FileManager.default.setAttributes([.modificationDate: clock.next], ofItemAtPath: file.path)
        return file.path
    }

    private func full(_ world: SyncWorld, _ policy: Policy, _ text: String, name: String = "full.ldif") async throws -> Run {
        let path = try write(world, name, text)
        let run = try await world.reconciler.reconcile(policy, file: path, actor: "test")
        _ = try await world.reconciler.keep(run, of: policy, file: path)
        return run
    }

    private func changes(_ world: SyncWorld, _ policy: Policy, _ text: String, name: String) async throws -> Run {
        try await world.reconciler.reconcile(policy, .changes(try write(world, name, text)), actor: "test")
    }

    private static func person(_ number: Int, _ extra: String = "") -> String {
        """
        dn: uid=p\(number),ou=people,dc=x
        objectClass: inetOrgPerson
        entryUUID: 00000000-0000-4000-8000-\(String(format: "%012d", number))
        cn: Person \(number)
        mail: p\(number)@example.org
        \(extra)
        """
    }

    private static func crowd(_ count: Int) -> String { (1...count).map { person($0) + "\n" }.joined() }

    @Test func changesBuildOnEachOther() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.of()
            #expect(try await full(world, policy, Self.crowd(5)).counts["create"] == 5)
            let first = try await changes(
                world, policy,
                """
                dn: uid=p1,ou=people,dc=x
                changetype: modify
                replace: cn
                cn: Renamed
                -

                dn: uid=p2,ou=people,dc=x
                changetype: delete

                \(Self.person(6).replacing("\nobjectClass", with: "\nchangetype: add\nobjectClass"))

                """, name: "c1.ldif")
            #expect(first.state == .done, "\(first.reason ?? "")")
            #expect(first.counts["update"] == 1 && first.counts["create"] == 1 && first.counts["suspend"] == 1)
            let second = try await changes(
                world, policy, "dn: ou=people,dc=x\nchangetype: modrdn\nnewrdn: ou=staff\ndeleteoldrdn: 1\n\n", name: "c2.ldif")
            #expect(second.state == .unchanged || second.counts.objectChanges == 0)
            let third = try await changes(
                world, policy, "dn: uid=p1,ou=staff,dc=x\nchangetype: modify\nreplace: cn\ncn: Again\n-\n\n", name: "c3.ldif")
            #expect(third.counts["update"] == 1 && third.counts["changes_unmatched"] == 0)
            #expect(try await world.reconciler.keptRead(of: policy)?.entries == 5)
            #expect(try await world.reconciler.keptRead(of: policy)?.changeHashes.count == 3)

            // The same files once more, and the export that they came behind, in any order: nothing is done twice or undone.
            let image = try await world.image()
            for name in ["c1.ldif", "c3.ldif", "full.ldif", "c2.ldif"] {
                let path = world.folder.appending(path: name).path
                let run = try await world.reconciler.reconcile(
                    policy, name == "full.ldif" ? .export(path) : .changes(path), actor: "test")
                #expect(run.state == .unchanged, "\(name): \(run.state) \(run.reason ?? "")")
                #expect(try await world.reconciler.keep(run, of: policy, file: path) == .nothing)
                #expect(try await world.image() == image, "\(name)")
            }
            #expect(try await world.reconciler.hasTaken(world.folder.appending(path: "c1.ldif").path, of: policy))

            // A full export is what there is from now on.
            #expect(try await full(world, policy, Self.crowd(5)).counts["restore"] == 1)
            let late = try await changes(
                world, policy, "dn: uid=p1,ou=people,dc=x\nchangetype: delete\n\n", name: "c4.ldif")
            #expect(late.counts["suspend"] == 1)
        }
    }

    @Test func whatChangesCannotBuildOnIsRefused() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.of()
            let delete = "dn: uid=p1,ou=people,dc=x\nchangetype: delete\n\n"
            let early = try await changes(world, policy, delete, name: "c0.ldif")
            #expect(early.state == .refused && early.code == "nothing_kept")
            _ = try await full(world, policy, Self.crowd(5))
            let older = try await world.reconciler.reconcile(
                policy, .changes(world.folder.appending(path: "c0.ldif").path), actor: "test")
            #expect(older.state == .refused && older.code == "out_of_order")

            // Applied, and its process died before it kept the read.
            let lost = try write(world, "lost.ldif", Self.crowd(4))
            #expect(try await world.reconciler.reconcile(policy, file: lost, actor: "test").counts["suspend"] == 1)
            let behind = try await changes(world, policy, delete, name: "c1.ldif")
            #expect(behind.state == .refused && behind.code == "out_of_order")
            _ = try await full(world, policy, Self.crowd(4))
            for (name, text, code) in [
                ("cut.ldif", "dn: uid=p1,ou=people,dc=x\nchangetype: modify\nreplace: cn\ncn: A", "truncated"),
                ("open.ldif", "dn: uid=p1,ou=people,dc=x\nchangetype: delete\n", "unreadable"), ("empty.ldif", "", "unreadable"),
                ("bad.ldif", "dn: uid=p1,ou=people,dc=x\nchangetype: mend\n\n" + delete, "unusable"),
            ] {
                let run = try await changes(world, policy, text, name: name)
                #expect(run.state == .refused && run.code == code, "\(name): \(run.code ?? "") \(run.reason ?? "")")
            }
            let never = try Policy.of(head: "read: {keep: never}")
            #expect(try await changes(world, never, delete, name: "c5.ldif").code == "nothing_kept")
            #expect(try await world.count("select count(*) from kept_reads where not is_current") == 0)
            #expect(try await changes(world, policy, delete, name: "c6.ldif").counts["suspend"] == 1)
        }
    }

    /// Whether somebody is gone is proven by the full export alone.
    @Test func absenceIsAsProvenAsTheExport() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.of()
            // No empty line at the end: it may have been cut.
            _ = try await full(world, policy, String(Self.crowd(5).dropLast()))
            let run = try await changes(world, policy, "dn: uid=p1,ou=people,dc=x\nchangetype: delete\n\n", name: "c1.ldif")
            #expect(run.state == .held && run.code == "absence_unproven", "\(run.state) \(run.code ?? "")")
            #expect(try await world.count("select count(*) from suspensions") == 0)
        }
    }

    @Test func deltaOfMicrosoftGraph() async throws {
        try await withSyncWorld { world in
            let policy = try Policy(
                yaml: """
                    policy: entra
                    platform_app: Directory sync
                    source: entra
                    read: {files: full-*.json, changes: delta-*.json, format: graph}
                    people: {where: (objectClass=user), id: id, email: mail, name: displayName, custom_attributes: {job: jobTitle}}
                    groups: {where: (objectClass=group), members: members.id}
                    accounts: [{key: support, name: Support, members: g1}]
                    guards: {removals: {percent: 100}}
                    """, file: world.folder.appending(path: "entra.yaml").path)
            func user(_ number: Int, _ rest: String = "") -> String {
                #"{"id": "u\#(number)", "userPrincipalName": "u\#(number)@x", "mail": "u\#(number)@x.org", "displayName": "U\#(number)", "jobTitle": "J"\#(rest)}"#
            }
            let group = #"{"id": "g1", "groupTypes": [], "members": [{"id": "u1"}, {"id": "u2"}]}"#
            let users = (1...3).map { user($0) }.joined(separator: ",")
            _ = try await full(world, policy, #"{"value": [\#(users), \#(group)]}"#, name: "full-1.json")
            let members = "select count(*) from account_users" as PostgresQuery
            #expect(try await world.count(members) == 2)
            let first = try await changes(
                world, policy,
                #"""
                {"@odata.deltaLink": "x", "value": [{"id": "u1", "jobTitle": null}, {"id": "u3", "@removed": {"reason": "changed"}},
                  {"id": "g1", "members@delta": [{"id": "u4"}, {"id": "u2", "@removed": {"reason": "deleted"}}]}, \#(user(4))]}
                """#, name: "delta-1.json")
            #expect(first.state == .done, "\(first.code ?? "") \(first.reason ?? "")")
            #expect(first.counts["create"] == 1 && first.counts["suspend"] == 1 && first.counts["update"] == 2)
            #expect(try await world.count(members) == 2)
            #expect(
                try await world.count("select count(*) from users where custom_attributes ? 'job' and email = 'u1@x.org'") == 0)
            // Nothing changed, and pages of which the last is missing.
            let none = try await changes(world, policy, #"{"value": [], "@odata.deltaLink": "y"}"#, name: "delta-2.json")
            #expect(none.state == .unchanged, "\(none.code ?? "") \(none.reason ?? "")")
            let page = try await changes(
                world, policy, #"{"value": [{"id": "u1", "displayName": "X"}], "@odata.nextLink": "y"}"#, name: "delta-3.json")
            #expect(page.state == .refused && page.code == "unreadable")
            // Back again; several pages are a folder.
            let folder = world.folder.appending(path: "delta-4.json")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(#"{"value": [\#(user(3))], "@odata.nextLink": "y"}"#.utf8).write(to: folder.appending(path: "1.json"))
            try Data(#"{"value": [\#(user(5))], "@odata.deltaLink": "y"}"#.utf8).write(to: folder.appending(path: "2.json"))
            let back = try await world.reconciler.reconcile(policy, policy.input(folder.path), actor: "test")
            #expect(back.state == .done, "\(back.code ?? "") \(back.reason ?? "")")
            #expect(back.counts["restore"] == 1 && back.counts["create"] == 1)
            #expect(
                policy.input(world.folder.appending(path: "full-1.json").path)
                    == .export(world.folder.appending(path: "full-1.json").path))
        }
    }

    /// Plan and merged read are stored together or not at all.
    @Test func whateverDiesNothingIsLostAndNothingTwice() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.of()
            _ = try await full(world, policy, Self.crowd(5))
            let rename = "dn: uid=p1,ou=people,dc=x\nchangetype: modrdn\nnewrdn: uid=first\ndeleteoldrdn: 1\n\n"
            let text = """
                \(Self.person(6).replacing("\nobjectClass", with: "\nchangetype: add\nobjectClass"))
                \(rename)dn: uid=first,ou=people,dc=x
                changetype: modify
                replace: cn
                cn: First
                -


                """
            let path = try write(world, "c1.ldif", text)
            // Gone in the transaction that stores both.
            try await world.base.postgres.withConnection {
                try await $0.executeScript(
                    """
                    create function die() returns trigger language plpgsql as $$ begin raise 'gone'; end $$;
                    create trigger die before update on kept_reads for each row when (new.is_current) execute function die()
                    """)
            }
            await #expect(throws: PostgresError.self) {
                _ = try await world.reconciler.reconcile(policy, .changes(path), actor: "test")
            }
            #expect(try await world.count("select count(*) from kept_reads where cardinality(change_hashes) > 0") == 0)
            #expect(try await world.count("select count(*) from users") == 5)
            try await world.base.postgres.execute("drop trigger die on kept_reads")

            // Gone behind it: the plan is there, and so is the read; the file says nothing more.
            let plan = try await world.reconciler.plan(policy, .changes(path), actor: "test", applies: true)
            #expect(plan.state == .planned)
            let again = try await world.reconciler.reconcile(policy, .changes(path), actor: "test")
            #expect(again.state == .unchanged, "\(again.state)")
            #expect(try await world.reconciler.runs.show(plan.id).state == .done, "the plan that waited is finished first")
            #expect(try await world.count("select count(*) from users where name = 'First'") == 1)
            #expect(try await world.count("select count(*) from users") == 6)

            // A plan that nobody applied yet is nothing that others build on.
            let trial = try await world.reconciler.plan(
                policy, .changes(try write(world, "c2.ldif", "dn: uid=p2,ou=people,dc=x\nchangetype: delete\n\n")), actor: "test")
            #expect(try await world.reconciler.keptRead(of: policy)?.entries == 6)
            _ = try await world.reconciler.apply(trial.id)
            #expect(try await world.reconciler.keptRead(of: policy)?.entries == 5)
        }
    }
}
