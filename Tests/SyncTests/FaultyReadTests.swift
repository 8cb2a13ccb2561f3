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

    @Test func aRejectedPlanIsOver() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            try await world.reconcile(policy, Person.export(Person.crowd(40)))
            let image = try await world.image()
            let held = try await world.reconcile(policy, Person.export(Array(Person.crowd(40).dropLast(12))))
            #expect(held.state == .held)
            let rejected = try await world.reconciler.reject(held.id, reason: "the export was cut")
            #expect(rejected.state == .rejected && rejected.reason == "the export was cut")
            for attempt in [
                { try await world.reconciler.apply(held.id, release: true) }, { try await world.reconciler.reject(held.id) },
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
}
