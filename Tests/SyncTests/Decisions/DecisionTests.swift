// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Policy
import Postgres
import Sync
import Testing

/// A person approves or rejects single changes of a plan.
@Suite struct DecisionTests {
    @Test func whatIsRejectedIsLeftOutAndPlannedAgain() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {email_changes: {percent: 90}}")
            var people = Person.crowd(20)
            try await world.reconcile(policy, Person.export(people))
            for index in 0..<4 { people[index].name = "Renamed \(index + 1)" }
            (people[5].mail, people[6].mail) = (people[6].mail, people[5].mail)
            people.append(Person(id: 30, mail: "p30@example.org", name: "Person 30"))
            let run = try await world.plan(policy, people)
            let changes = try await world.reconciler.runs.changes(of: run)
            let journal = world.base.directory.runs
            let seq = { (label: String) in try #require(changes.first { $0.label == label }).seq }
            // One of two who swap: the other finds the address taken.
            try await journal.decide(
                .rejected, RunSelection(changes: [seq("p1@example.org"), seq("p6@example.org")]), of: run.id, reason: "not yet",
                by: .command)
            #expect(try await journal.decide(.rejected, RunSelection(actions: ["create"]), of: run.id, by: .command) == 1)
            // The last word counts.
            try await journal.decide(.rejected, RunSelection(changes: [seq("p2@example.org")]), of: run.id, by: .command)
            try await journal.decide(.approved, RunSelection(changes: [seq("p2@example.org")]), of: run.id, by: .command)
            #expect(try await journal.decisionCounts(of: run.id, by: .command) == [.approved: 1, .rejected: 3])

            let done = try await world.reconciler.apply(run.id)
            #expect(done.state == .done && done.code == "partly_refused", "\(done.counts.values)")
            #expect(done.counts["refused.rejected"] == 3 && done.counts["refused.email_taken"] == 1)
            #expect(done.counts["applied"] == 3 && done.counts["mismatches"] == 0)
            #expect(done.reason == "1 changes were refused; 3 changes were left out by a person")
            #expect(try await world.count("select count(*) from users where name like 'Renamed %'") == 3)
            #expect(try await world.count("select count(*) from users") == 20)
            let left = try await world.reconciler.runs.changes(of: done).filter { $0.refusal == "rejected" }
            #expect(left.count == 3 && left.allSatisfy { $0.decision == "rejected" })
            let who = "select count(*) from change_decisions where by_kind = 'command' and reason = 'not yet'"
            #expect(try await world.count(PostgresQuery(unescaped: who)) == 2)
            #expect(
                try await world.count(
                    "select count(*) from audit_events where action = 'run.reject_changes' and subject_id = \(run.id)") == 3)

            let again = try await world.plan(policy, people)
            #expect(again.counts["update"] == 3 && again.counts["create"] == 1, "what was left out: \(again.counts.values)")
        }
    }

    @Test func ofAHeldPlanTheApprovedIsApplied() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {removals: {count: 1}}")
            var people = Person.crowd(20)
            try await world.reconcile(policy, Person.export(people))
            for index in 0..<3 { people[index].active = false }
            people[4].name = "Renamed"
            let run = try await world.plan(policy, people)
            #expect(run.state == .held)
            let error = await #expect(throws: SyncError.self) { try await world.reconciler.apply(run.id) }
            #expect(error?.code == .held)
            let journal = world.base.directory.runs
            let suspended = try await world.reconciler.runs.changes(of: run).first { $0.action == "suspend" }
            try await journal.decide(.approved, RunSelection(actions: ["update"]), of: run.id, by: .command)
            try await journal.decide(.approved, RunSelection(changes: [#require(suspended).seq]), of: run.id, by: .command)
            let done = try await world.reconciler.apply(run.id)
            #expect(done.state == .done && done.code == "partly_rejected" && done.counts["applied"] == 2)
            #expect(done.counts["refused.not_approved"] == 2)
            #expect(try await world.count("select count(*) from suspensions") == 1)
            #expect(try await world.count("select count(*) from users where name = 'Renamed'") == 1)
        }
    }

    @Test func aReleaseLetsThroughWhatWasNotRejected() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {removals: {count: 1}}")
            var people = Person.crowd(20)
            try await world.reconcile(policy, Person.export(people))
            for index in 0..<3 { people[index].active = false }
            let run = try await world.plan(policy, people)
            let journal = world.base.directory.runs
            let first = try #require(try await world.reconciler.runs.changes(of: run).first).seq
            try await journal.decide(.rejected, RunSelection(changes: [first]), of: run.id, by: .command)
            try await journal.release(run.id, by: .command)
            await #expect(throws: DirectoryError.self) {
                try await journal.decide(.rejected, RunSelection(actions: ["suspend"]), of: run.id, by: .command)
            }
            guard case .applied(let done) = try await world.reconciler.applyWaiting() else { return #expect(Bool(false)) }
            #expect(done.counts["applied"] == 2 && done.counts["refused.rejected"] == 1)
        }
    }

    @Test func aPlanOfWhichNothingIsLeftIsRejected() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            let run = try await world.plan(policy, Person.crowd(3))
            let journal = world.base.directory.runs
            try await journal.decide(.rejected, RunSelection(), of: run.id, by: .command)
            let done = try await world.reconciler.apply(run.id)
            #expect(done.state == .rejected && done.code == "rejected")
            #expect(try await world.count("select count(*) from users") == 0)
        }
    }

    @Test func whatIsNotThereIsNotDecided() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            let run = try await world.plan(policy, Person.crowd(3))
            let journal = world.base.directory.runs
            for selection in [
                RunSelection(changes: [1, 99]), RunSelection(changes: [-1]), RunSelection(actions: ["suspend"]),
                RunSelection(actions: ["fly"]),
            ] {
                let error = await #expect(throws: DirectoryError.self) {
                    try await journal.decide(.rejected, selection, of: run.id, by: .command)
                }
                guard case .invalid? = error else { return #expect(Bool(false), "\(selection)") }
            }
            #expect(try await world.count("select count(*) from change_decisions") == 0)
            await #expect(throws: DirectoryError.self) {
                try await journal.decide(.rejected, RunSelection(), of: 999, by: .command)
            }
            // An app decides its own runs, and knows of no others.
            let stranger = try await world.base.app("Stranger")
            await #expect(throws: DirectoryError.notFound) {
                try await journal.decide(.approved, RunSelection(), of: run.id, by: stranger.caller)
            }
            #expect(try await world.count("select count(*) from change_decisions") == 0)
            _ = try await journal.decide(.approved, RunSelection(), of: run.id, by: world.app.caller)
        }
    }

    @Test func whatWasUndoneIsLeftOut() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            var people = Person.crowd(20)
            try await world.reconcile(policy, Person.export(people))
            people[0].name = "Wrong"
            let run = try await world.reconcile(policy, Person.export(people))
            _ = try await world.undo(run, policy)
            people[1].name = "Right"
            let held = try await world.plan(policy, people)
            #expect(held.state == .held)
            let again = try await world.reconciler.undoneAgain(held.id)
            #expect(again.count == 1)
            try await world.base.directory.runs.decide(.rejected, RunSelection(changes: again), of: held.id, by: .command)
            _ = try await world.reconciler.apply(held.id, release: true)
            #expect(try await world.count("select count(*) from users where name = 'Right'") == 1)
            #expect(try await world.count("select count(*) from users where name = 'Wrong'") == 0)
            #expect(try await world.plan(policy, people).code == "undone", "the source says it still")
        }
    }

    @Test func aPlanIsReadPageByPageByAccountAndAction() async throws {
        try await withSyncWorld { world in
            let run = try await world.plan(
                try Policy.crowd(), Person.crowd(25) + [Person(id: 99, mail: "x@example.org", name: "X")])
            let runs = world.reconciler.runs
            func walk(_ walk: RunWalk) async throws -> [Int] {
                var seqs: [Int] = []
                try await runs.forEachPage(of: run, walk, size: 4) { page in seqs += page.map(\.seq) }
                return seqs
            }
            #expect(try await walk(.all) == Array(1...27))
            #expect(try await walk(.action("create")) == Array(1...27))
            #expect(try await walk(.action("update")) == [])
            let accounts = try await runs.accounts(of: run)
            #expect(accounts.count == 1)
            #expect(try await walk(.account(accounts[0])).count == 26)
            #expect(try await walk(.noAccount).count == 1)
        }
    }
}

extension SyncWorld {
    /// Plans text as if it were an export.
    func plan(_ policy: Policy, _ people: [Person]) async throws -> Run {
        let file = folder.appending(path: "plan.json")
        try Data(Person.export(people).utf8).write(to: file)
        return try await reconciler.plan(policy, file: file.path, actor: "test")
    }
}
