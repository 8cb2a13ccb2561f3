// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Policy
import Postgres
import Sync
import Testing

/// What a dead process left behind is finished by the next one.
@Suite struct RecoveryTests {
    /// Runs that were being applied when their process died; of each only the plan is there.
    private func cutShort(_ world: SyncWorld, sources: [String]) async throws -> [Run] {
        var runs: [Run] = []
        for (number, source) in sources.enumerated() {
            let policy = try Policy.of(source, source: source)
            let people = (1...5).map { Person(id: number * 10 + $0, mail: "p\($0)@\(source).org", name: source, groups: []) }
            let file = world.folder.appending(path: "\(source).json")
            try Data(Person.export(people).utf8).write(to: file)
            runs.append(try await world.reconciler.plan(policy, file: file.path, actor: "test"))
        }
        try await world.base.postgres.execute("update runs set state = 'applying'")
        return runs
    }

    @Test func aRunThatCannotBeFinishedDoesNotStopTheOthers() async throws {
        try await withSyncWorld { world in
            let runs = try await cutShort(world, sources: ["first", "second", "third"])
            try await world.base.postgres.withConnection {
                try await $0.executeScript(
                    """
                    create function fail() returns trigger language plpgsql as $$ begin
                        raise exception 'disk full' using errcode = '53100';
                    end $$;
                    create trigger fail before insert on users for each row when (new.name = 'second') execute function fail()
                    """)
            }
            guard case .applied(let first) = try await world.reconciler.applyWaiting(),
                case .failed(let second, _) = try await world.reconciler.applyWaiting(),
                case .applied(let third) = try await world.reconciler.applyWaiting(besides: [second.id])
            else { throw Unexpected() }
            #expect([first.id, second.id, third.id] == runs.map(\.id))
            #expect(try await world.reconciler.runs.show(runs[1].id).state == .applying)
            #expect(try await world.count("select count(*) from users") == 10)

            try await world.base.postgres.execute("drop trigger fail on users")
            guard case .applied(let rest) = try await world.reconciler.applyWaiting() else { throw Unexpected() }
            #expect(rest.id == runs[1].id && rest.state == .done)
            guard case .none = try await world.reconciler.applyWaiting() else { throw Unexpected() }
            #expect(try await world.count("select count(*) from users") == 15)
        }
    }

    /// The plan is stored, its process died before it could apply it: the next export of the source waits for it.
    @Test func aPlanLeftBehindIsFinishedBeforeTheNextExportIsRead() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            let file = world.folder.appending(path: "export.json")
            try Data(Person.export(Person.crowd(6)).utf8).write(to: file)
            let left = try await world.reconciler.plan(policy, file: file.path, actor: "watch", applies: true)
            #expect(left.state == .planned)

            var people = Person.crowd(7)
            people[0].name = "Renamed"
            let next = try await world.reconcile(policy, Person.export(people))
            #expect(try await world.reconciler.runs.show(left.id).state == .done)
            #expect(next.counts["create"] == 1 && next.counts["update"] == 1 && next.state == .done)
            #expect(try await world.count("select count(*) from users") == 7)
        }
    }

    /// A call of the API applies its own run, and holds no lease: it is let alone for a minute.
    @Test func aCallThatIsUnderWayIsLeftAlone() async throws {
        try await withSyncWorld { world in
            var item = ProvisionItem()
            (item.email, item.name) = ("ada@example.org", "Ada")
            _ = try await world.base.directory.provisioning.provision([item], atomic: false, by: world.app.caller)
            try await world.base.postgres.execute("update runs set state = 'applying', finished_at = null")
            guard case .none = try await world.reconciler.applyWaiting() else { throw Unexpected() }
            try await world.base.postgres.withConnection {
                try await $0.executeScript(
                    """
                    update changes set planned_at = planned_at - interval '2 minutes';
                    update runs set planned_at = planned_at - interval '2 minutes'
                    """)
            }
            guard case .applied(let run) = try await world.reconciler.applyWaiting() else { throw Unexpected() }
            #expect(run.state == .done)
            #expect(try await world.count("select count(*) from users") == 1)
        }
    }

    /// A plan that nobody asked to apply stays a plan.
    @Test func aPlanForLookingAtIsLeftAlone() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            let file = world.folder.appending(path: "export.json")
            try Data(Person.export(Person.crowd(6)).utf8).write(to: file)
            let plan = try await world.reconciler.plan(policy, file: file.path, actor: "command")
            try await world.base.postgres.execute("update runs set planned_at = planned_at - interval '1 minute'")
            guard case .none = try await world.reconciler.applyWaiting() else { throw Unexpected() }
            #expect(try await world.reconciler.runs.show(plan.id).state == .planned)
            #expect(try await world.count("select count(*) from users") == 0)
        }
    }

    /// Who reads is marked by a lease, and a run whose lease is free has lost its process.
    @Test func aReadThatBrokeOffIsMarkedAndOneThatGoesOnIsNot() async throws {
        try await withSyncWorld { world in
            _ = try await world.reconcile(try .crowd(), Person.export(Person.crowd(3)))
            try await world.base.postgres.execute(
                "insert into runs (platform_app_id, source_id, policy) select platform_app_id, source_id, policy from runs")
            let left = try await world.count("select max(id) from runs")
            try await world.base.postgres.withConnection { other in
                _ = try await other.query(
                    "select pg_advisory_lock(x'4d535243'::int, source_id::int) from runs where id = \(Int64(left))")
                #expect(try await world.reconciler.endAbandoned().isEmpty)
                _ = try await other.query("select pg_advisory_unlock_all()")
            }
            let ended = try await world.reconciler.endAbandoned()
            #expect(ended.map(\.id) == [Int64(left)])
            #expect(ended.first?.state == .failed && ended.first?.code == "interrupted")
        }
    }
}

private struct Unexpected: Error {}
