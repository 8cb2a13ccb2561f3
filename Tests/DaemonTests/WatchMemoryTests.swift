// SPDX-License-Identifier: Apache-2.0

import Policy
import Testing

@testable import Daemon
@testable import Sync

/// When a watched export is run again although nothing is new.
@Suite struct WatchMemoryTests {
    private func job(_ rest: String) throws -> WatchScan.Job {
        let policy = try Policy(
            yaml: """
                policy: office
                platform_app: App
                source: office
                people: {where: (objectClass=person), email: mail, name: cn}
                \(rest)
                """, file: "office.yaml")
        return WatchScan.Job(policy: policy, file: WatchedFile(path: "/x.json", size: 1, modified: 1, inode: 1))
    }

    @Test func schedulesAndDriftComeAtTheirTimes() throws {
        let job = try job("schedule: {every: 1h}\ndrift: {every: 2h, action: report}")
        var memory = WatchMemory()
        #expect(memory.due(job, at: 0) == nil && !memory.isHandled(job))
        memory.ran(job, at: 1_800, because: .news)
        #expect(memory.isHandled(job))
        #expect(memory.due(job, at: 3_599) == nil)
        #expect(memory.due(job, at: 3_600) == .schedule)
        memory.ran(job, at: 3_601, because: .schedule)
        // Whatever ran looked at everybody: drift waits from then on.
        #expect(memory.due(job, at: 7_199) == nil)
        #expect(memory.due(job, at: 7_200) == .schedule)
        #expect(memory.due(job, at: 100_000) == .schedule)
    }

    @Test func newsDoNotPutOffTheSchedule() throws {
        let job = try job("schedule: {every: 1h}")
        var memory = WatchMemory()
        memory.ran(job, at: 100, because: .news)
        memory.ran(job, at: 3_500, because: .news)
        #expect(memory.due(job, at: 3_600) == .schedule)
    }

    @Test func withoutEitherNothingComes() throws {
        let job = try job("")
        var memory = WatchMemory()
        memory.ran(job, at: 100, because: .news)
        #expect(memory.due(job, at: 1_000_000_000) == nil)
    }

    private func changes(_ policy: Policy, _ path: String, modified: Int64 = 2) -> WatchScan.Job {
        WatchScan.Job(
            policy: policy, file: WatchedFile(path: path, size: 1, modified: modified, inode: 1), isChanges: true)
    }

    private func scan(_ jobs: [WatchScan.Job]) -> WatchScan {
        WatchScan(policies: [], diagnostics: [], jobs: jobs, idle: [])
    }

    @Test func changesAreTakenOnceWhateverBecomesOfThePolicy() throws {
        let export = try job("drift: {every: 1h}")
        let first = changes(export.policy, "/c1.ldif")
        var memory = WatchMemory()
        memory.ran(export, at: 0, because: .news)
        #expect(memory.isHandled(export) && !memory.isHandled(first))
        memory.ran(first, at: 0, because: .news)
        #expect(memory.isHandled(first) && memory.isHandled(export))
        let other = try job("enforcement: add-only").policy
        #expect(memory.isHandled(changes(other, "/c1.ldif")))
        #expect(!memory.isHandled(WatchScan.Job(policy: other, file: export.file)))
        #expect(!memory.isHandled(changes(export.policy, "/c1.ldif", modified: 3)), "another content")
        #expect(memory.due(export, at: 100_000) == .drift && memory.due(first, at: 100_000) == nil)
        _ = memory.news(of: scan([export]))
        #expect(!memory.isHandled(first), "forgotten with its file")
    }

    @Test func whatIsBehindRefusedChangesWaits() throws {
        let export = try job("")
        let (first, second) = (changes(export.policy, "/c1.ldif"), changes(export.policy, "/c2.ldif"))
        func blocked() -> WatchMemory {
            var memory = WatchMemory()
            memory.ran(export, at: 0, because: .news)
            memory.ran(first, at: 0, because: .news)
            memory.block(first)
            return memory
        }
        var memory = blocked()
        _ = memory.news(of: scan([export, first, second]))
        #expect(memory.waits(second) && !memory.waits(export))
        // Another export comes, or the changes are mended, or taken away.
        memory.ran(
            WatchScan.Job(policy: export.policy, file: WatchedFile(path: "/x.json", size: 2, modified: 9, inode: 1)), at: 0,
            because: .news)
        #expect(!memory.waits(second))
        memory = blocked()
        _ = memory.news(of: scan([export, changes(export.policy, "/c1.ldif", modified: 7), second]))
        #expect(!memory.waits(second))
        memory = blocked()
        memory.ran(export, at: 0, because: .drift)
        #expect(memory.waits(second), "the same export says nothing new")
    }

    @Test func aPolicyWithoutExportsIsLookedAtOnce() throws {
        let policy = try job("").policy
        var memory = WatchMemory()
        #expect(memory.isNew(policy))
        memory.looked(policy)
        #expect(!memory.isNew(policy))
        #expect(memory.isNew(try job("enforcement: report").policy))
    }
}
