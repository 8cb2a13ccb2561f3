// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Policy
import Postgres
import Sync
import Testing

extension SyncWorld {
    /// Reconciles and keeps, as the daemon does.
    @discardableResult
    func follow(_ policy: Policy, _ export: String, name: String = "export.json") async throws -> Run {
        let run = try await reconcile(policy, export, name: name)
        _ = try await reconciler.keep(run, of: policy, file: folder.appending(path: name).path)
        return run
    }

    func keptBytes() async throws -> [UInt8] {
        try await base.postgres.query("select content from kept_read_chunks order by kept_read_id, number").flatMap {
            try $0.decode([UInt8].self, "content")
        }
    }
}

/// The last read is kept for a time, and a changed policy shows by it what it would change.
@Suite struct KeptReadTests {
    private func file(_ world: SyncWorld, _ name: String = "export.json") -> String { world.folder.appending(path: name).path }

    /// A plan of the kept read is the plan of the export: the same changes, object by object.
    @Test func whatIsKeptPlansLikeTheExport() async throws {
        try await withSyncWorld { world in
            var people = Person.crowd(600)
            let policy = try Policy.crowd()
            let run = try await world.reconcile(policy, Person.export(people))
            #expect(try await world.reconciler.keep(run, of: policy, file: file(world)) == .kept(entries: 600))
            #expect(try await world.reconciler.planKept(policy, actor: "test").state == .unchanged)

            // Another policy, which nobody uses yet.
            let changed = try Policy.of(
                people: "custom_attributes: {kind: employeeType}",
                accounts: "accounts: [{key: support, name: Helpdesk, members: everyone}]")
            let kept = try await world.reconciler.planKept(changed, actor: "test")
            let read = try await world.reconciler.plan(changed, file: file(world), actor: "test")
            #expect(kept.state == .planned && kept.fileName == file(world))
            let changes = try await world.reconciler.runs.changes(of: kept, limit: 10_000)
            let direct = try await world.reconciler.runs.changes(of: read, limit: 10_000)
            #expect(changes.count == 601 && changes.map(Self.text) == direct.map(Self.text))
            #expect(try await world.count("select count(*) from accounts where name = 'Helpdesk'") == 0, "nothing is applied")

            // The next export takes its place, and is followed like any other.
            people.removeFirst(60)
            try await world.follow(policy, Person.export(people))
            #expect(try await world.count("select count(*) from kept_reads") == 1)
            #expect(try await world.reconciler.keptRead(of: policy)?.entries == 540)
            #expect(try await world.reconciler.planKept(policy, actor: "test").state == .unchanged)
        }
    }

    private static func text(_ change: Sync.RunChange) -> String {
        "\(change.kind) \(change.action) \(change.objectID) \(change.fields.text) \(change.memberships.text)"
    }

    @Test func theSameReadIsKeptOnceAndOnlyAsLongAsThePolicySays() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            let export = Person.export(Person.crowd(5))
            try await world.follow(policy, export)
            let first = try #require(try await world.reconciler.keptRead(of: policy))
            let again = try await world.reconcile(policy, export)
            #expect(again.state == .unchanged)
            #expect(try await world.reconciler.keep(again, of: policy, file: file(world)) == .same)
            let second = try #require(try await world.reconciler.keptRead(of: policy))
            #expect(second.id == first.id && second.run == again.id)

            // What is refused is not kept, nor what became another file meanwhile.
            let cut = try await world.reconcile(policy, String(export.dropLast(5)))
            #expect(cut.state == .refused)
            #expect(try await world.reconciler.keep(cut, of: policy, file: file(world)) == .nothing)
            let other = try await world.reconcile(policy, Person.export(Person.crowd(6)))
            try Data(Person.export(Person.crowd(4)).utf8).write(to: world.folder.appending(path: "export.json"))
            guard case .skipped = try await world.reconciler.keep(other, of: policy, file: file(world)) else {
                Issue.record("another file was kept")
                return
            }
            #expect(try await world.reconciler.keptRead(of: policy)?.entries == 5)
            #expect(try await world.count("select count(*) from kept_reads") == 1)

            // Its time is over; the purge takes it away.
            try await world.base.postgres.execute("update kept_reads set expires_at = now() - interval '1 second'")
            await #expect { try await world.reconciler.planKept(policy, actor: "test") } throws: {
                ($0 as? SyncError)?.code == .nothingKept
            }
            try await world.base.directory.retention.purge()
            #expect(try await world.count("select count(*) from kept_read_chunks") == 0)

            let never = try Policy.of(head: "read: {keep: never}")
            try await world.follow(policy, export)
            try await world.follow(never, export)
            #expect(try await world.count("select count(*) from kept_reads") == 0)
        }
    }

    /// A plan that waits for a person says nothing about the source until it is applied.
    @Test func whatIsOnlyPlannedIsKeptForWhenItIsApplied() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            try await world.follow(policy, Person.export(Person.crowd(10)))
            try Data(Person.export(Person.crowd(11)).utf8).write(to: world.folder.appending(path: "trial.json"))
            let trial = try await world.reconciler.plan(policy, file: file(world, "trial.json"), actor: "command")
            #expect(
                try await world.reconciler.keep(trial, of: policy, file: file(world, "trial.json")) == .kept(entries: 11))
            #expect(try await world.reconciler.keptRead(of: policy)?.entries == 10)
            _ = try await world.reconciler.apply(trial.id)
            #expect(try await world.reconciler.keptRead(of: policy)?.entries == 11)
            #expect(try await world.count("select count(*) from kept_reads") == 1)
        }
    }

    /// Hashes of passwords are not kept; a plan of the kept read leaves those alone that are there.
    @Test func passwordsAreNeitherKeptNorLost() async throws {
        try await withSyncWorld { world in
            let hash = "{SSHA}" + Data((0..<28).map { UInt8($0) }).base64EncodedString()
            func ldif(_ name: String) -> String {
                """
                dn: uid=ann,dc=x
                objectClass: inetOrgPerson
                entryUUID: 00000000-0000-4000-8000-000000000001
                mail: ann@example.org
                cn: \(name)
                userPassword: \(hash)


                """
            }
            let policy = try Policy.of(people: "authentication: {password: userPassword}")
            try await world.follow(policy, ldif("Ann"), name: "a.ldif")
            let stored = "select count(*) from users where password_hash like '$ssha$%'" as PostgresQuery
            #expect(try await world.count(stored) == 1)
            let names = try Policy.of(people: "authentication: {password: userPassword}\ndisplay_name: cn")
            let plan = try await world.reconciler.planKept(names, actor: "test")
            let changes = try await world.reconciler.runs.changes(of: plan)
            #expect(changes.count == 1 && !changes[0].fields.text.contains("password"))
            _ = try await world.reconciler.apply(plan.id)
            #expect(try await world.count(stored) == 1)
            #expect(try await world.count("select count(*) from change_secrets") == 0)
            // The export itself has nothing new to say.
            let again = try await world.follow(names, ldif("Ann"), name: "a.ldif")
            #expect(again.counts.objectChanges == 0, "\(again.counts)")
            #expect(try await world.count(stored) == 1)
        }
    }

    /// Whoever changed the policy sees what it would change; nothing happens behind anybody's back.
    @Test func aChangedPolicyIsHeldUntilSomebodySaysSo() async throws {
        try await withSyncWorld { world in
            let reconciler = world.reconciler
            let policy = try Policy.of()
            try await world.follow(policy, Person.export(Person.crowd(10)))
            func watch(_ policy: Policy, _ input: RunInput? = nil) async throws -> Run {
                try await reconciler.reconcile(
                    policy, input ?? .export(file(world)), actor: "watch", holdsChangedPolicy: policy.operation.onChange == .hold)
            }
            #expect(try await !reconciler.hasNews(policy))
            #expect(try await watch(policy).state == .unchanged)
            // Another text of the same meaning, and other limits, are no other policy.
            #expect(try await watch(try .of(guards: "guards: {removals: {percent: 50}}")).state == .unchanged)

            let changed = try Policy.of(people: "display_name: cn")
            #expect(try await reconciler.hasNews(changed))
            let held = try await watch(changed, .kept)
            #expect(held.state == .held && held.code == "policy_changed" && held.counts["update"] == 10)
            #expect(try await !reconciler.hasNews(changed), "it was shown")
            // Also when an export comes: the plan of that takes the place of the first.
            let second = try await watch(changed)
            #expect(second.state == .held && second.code == "policy_changed")
            #expect(try await reconciler.runs.show(held.id).code == "superseded")
            #expect(try await reconciler.apply(second.id, release: true).counts["applied"] == 10)
            #expect(try await watch(changed).state == .unchanged)
            var people = Person.crowd(10)
            people[0].name = "Renamed"
            try Data(Person.export(people).utf8).write(to: world.folder.appending(path: "export.json"))
            #expect(try await watch(changed).state == .done)

            // A policy that does not wait, and one that changes nothing.
            let quick = try Policy.of(head: "on_change: apply", people: "custom_attributes: {kind: employeeType}")
            #expect(try await watch(quick).state == .done)
            let same = try Policy.of(people: "custom_attributes: {kind: [employeeType, title]}")
            #expect(try await watch(same).counts.objectChanges == 0)
            #expect(try await watch(same).state == .unchanged)
        }
    }
}
