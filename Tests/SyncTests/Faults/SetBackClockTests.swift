// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Policy
import Postgres
import Sync
import Testing

/// The clock is set back: what was written a moment ago comes from the future. What the daemon schedules is tested beside it.
@Suite struct SetBackClockTests {
    /// Sets the clock back, as far as the stored times tell.
    private func setBack(_ world: SyncWorld) async throws {
        try await world.base.postgres.withConnection {
            try await $0.executeScript(
                """
                update changes set planned_at = planned_at + interval '1 hour';
                update runs set planned_at = planned_at + interval '1 hour', created_at = created_at + interval '1 hour',
                    finished_at = finished_at + interval '1 hour';
                update applied_ranges set applied_at = applied_at + interval '1 hour';
                update suspensions set since = since + interval '1 hour'
                """)
        }
    }

    /// What a dead process left is finished at once, and not after an hour.
    @Test func aPlanFromTheFutureIsFinished() async throws {
        try await withSyncWorld { world in
            let file = world.folder.appending(path: "export.json")
            try Data(Person.export(Person.crowd(6)).utf8).write(to: file)
            let left = try await world.reconciler.plan(try .crowd(), file: file.path, actor: "watch", applies: true)
            try await setBack(world)
            guard case .applied(let run) = try await world.reconciler.applyWaiting() else {
                Issue.record("the plan waits for its time to come")
                return
            }
            #expect(run.id == left.id && run.state == .done)
            #expect(try await world.count("select count(*) from users") == 6)
        }
    }

    @Test func aCallFromTheFutureIsFinished() async throws {
        try await withSyncWorld { world in
            var item = ProvisionItem()
            (item.email, item.name) = ("ada@example.org", "Ada")
            _ = try await world.base.directory.provisioning.provision([item], atomic: false, by: world.app.caller)
            try await world.base.postgres.execute("update runs set state = 'applying', finished_at = null")
            try await setBack(world)
            guard case .applied(let run) = try await world.reconciler.applyWaiting() else {
                Issue.record("the run waits for its time to come")
                return
            }
            #expect(run.state == .done)
        }
    }

    /// Runs follow each other by their numbers, whatever the time, and a run that began after it ended took no time.
    @Test func runsGoOnAsBefore() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            var people = Person.crowd(12)
            try await world.reconcile(policy, Person.export(people))
            people[1].active = false
            let disabled = try await world.reconcile(policy, Person.export(people))
            try await setBack(world)
            #expect(try await world.reconcile(policy, Person.export(people)).state == .unchanged)
            people[1].active = true
            people[2].name = "Renamed"
            let next = try await world.reconcile(policy, Person.export(people))
            #expect(next.state == .done && next.counts["restore"] == 1 && next.counts["update"] == 1, "\(next.counts.values)")
            let runs = try await world.reconciler.runs.list()
            #expect(runs.first?.id == next.id)
            let back = try await world.reconciler.undo(next.id, guards: policy.guards, actor: "test")
            #expect(try await world.reconciler.apply(back.id).state == .done)
            #expect(try await world.count("select count(*) from users where name = 'Renamed'") == 0)
            // Of a run in the middle of which the clock was set back.
            try await world.base.postgres.execute(
                "update runs set finished_at = created_at - interval '1 hour' where id = \(disabled.id)")
            for duration in try await world.reconciler.runs.report(disabled.id).durations {
                #expect(duration.milliseconds >= 0, "\(duration.stage): \(duration.milliseconds)")
            }
        }
    }
}
