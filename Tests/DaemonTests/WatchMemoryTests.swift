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

    private let start = ContinuousClock.now

    /// A moment of both clocks; the wall's may differ from the steady one.
    private func at(_ seconds: Int64, wall: Int64? = nil) -> WatchMemory.Moment {
        WatchMemory.Moment(unix: wall ?? seconds, steady: start + .seconds(seconds))
    }

    @Test func schedulesAndDriftComeAtTheirTimes() throws {
        let job = try job("schedule: {every: 1h}\ndrift: {every: 2h, action: report}")
        var memory = WatchMemory()
        #expect(memory.due(job, at: at(0)) == nil && !memory.isHandled(job, at: at(0)))
        memory.ran(job, at: at(1_800), because: .news)
        #expect(memory.isHandled(job, at: at(1_800)))
        #expect(memory.due(job, at: at(3_599)) == nil)
        #expect(memory.due(job, at: at(3_600)) == .schedule)
        memory.ran(job, at: at(3_601), because: .schedule)
        // Whatever ran looked at everybody: drift waits from then on.
        #expect(memory.due(job, at: at(7_199)) == nil)
        #expect(memory.due(job, at: at(7_200)) == .schedule)
        #expect(memory.due(job, at: at(100_000)) == .schedule)
    }

    @Test func newsDoNotPutOffTheSchedule() throws {
        let job = try job("schedule: {every: 1h}")
        var memory = WatchMemory()
        memory.ran(job, at: at(100), because: .news)
        memory.ran(job, at: at(3_500), because: .news)
        #expect(memory.due(job, at: at(3_600)) == .schedule)
    }

    @Test func withoutEitherNothingComes() throws {
        let job = try job("")
        var memory = WatchMemory()
        memory.ran(job, at: at(100), because: .news)
        #expect(memory.due(job, at: at(1_000_000_000)) == nil)
    }

    /// A clock that was a day ahead is set right in the middle.
    @Test func aClockSetBackPutsNothingOff() throws {
        let day: Int64 = 86_400
        let job = try job("schedule: {cron: \"0 3 * * *\"}\ndrift: {every: 1h, action: report}")
        var memory = WatchMemory()
        memory.ran(job, at: at(0, wall: 10 * day), because: .news)
        memory.checkClock(job, at: at(60, wall: 9 * day + 60))
        // Looking for drift counts hours that passed, and the schedule the hours of the day it is.
        #expect(memory.due(job, at: at(3_599, wall: 9 * day + 3_599)) == nil)
        #expect(memory.due(job, at: at(3_600, wall: 9 * day + 3_600)) == .drift)
        memory.ran(job, at: at(3_601, wall: 9 * day + 3_601), because: .drift)
        memory.checkClock(job, at: at(4_000, wall: 9 * day + 4_000))
        #expect(memory.due(job, at: at(3 * 3_600, wall: 9 * day + 3 * 3_600)) == .schedule)
        // Also where a run came between the two.
        memory.ran(job, at: at(20_000, wall: 9 * day + 20_000), because: .schedule)
        memory.ran(job, at: at(20_001, wall: 8 * day + 20_001), because: .news)
        #expect(memory.due(job, at: at(20_002, wall: 9 * day + 3 * 3_600)) == .schedule)
    }

    /// What ended for want of disk space is tried again, later and later, and at once when there is another export.
    @Test func whatBrokeOffIsTriedAgain() throws {
        let job = try job("")
        var memory = WatchMemory()
        var now: Int64 = 0
        for rest: Int64 in [60, 120, 240, 480, 960, 960] {
            #expect(!memory.isHandled(job, at: at(now)))
            let length = memory.brokeOff(job, at: at(now))
            #expect(length == .seconds(rest))
            #expect(memory.isHandled(job, at: at(now + rest - 1)))
            // The clock on the wall has no say in it.
            #expect(memory.isHandled(job, at: at(now + rest - 1, wall: 1_000_000)))
            now += rest
        }
        let other = WatchScan.Job(policy: job.policy, file: WatchedFile(path: "/x.json", size: 2, modified: 2, inode: 1))
        #expect(!memory.isHandled(other, at: at(now - 1)))
        memory.ran(job, at: at(now), because: .news)
        #expect(memory.isHandled(job, at: at(now)))
        let length = memory.brokeOff(job, at: at(now))
        #expect(length == .seconds(60))
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
        memory.ran(export, at: at(0), because: .news)
        #expect(memory.isHandled(export, at: at(0)) && !memory.isHandled(first, at: at(0)))
        memory.ran(first, at: at(0), because: .news)
        #expect(memory.isHandled(first, at: at(0)) && memory.isHandled(export, at: at(0)))
        let other = try job("enforcement: add-only").policy
        #expect(memory.isHandled(changes(other, "/c1.ldif"), at: at(0)))
        #expect(!memory.isHandled(WatchScan.Job(policy: other, file: export.file), at: at(0)))
        #expect(!memory.isHandled(changes(export.policy, "/c1.ldif", modified: 3), at: at(0)), "another content")
        #expect(memory.due(export, at: at(100_000)) == .drift && memory.due(first, at: at(100_000)) == nil)
        _ = memory.news(of: scan([export]))
        #expect(!memory.isHandled(first, at: at(0)), "forgotten with its file")
    }

    @Test func whatIsBehindRefusedChangesWaits() throws {
        let export = try job("")
        let (first, second) = (changes(export.policy, "/c1.ldif"), changes(export.policy, "/c2.ldif"))
        func blocked() -> WatchMemory {
            var memory = WatchMemory()
            memory.ran(export, at: at(0), because: .news)
            memory.ran(first, at: at(0), because: .news)
            memory.block(first)
            return memory
        }
        var memory = blocked()
        _ = memory.news(of: scan([export, first, second]))
        #expect(memory.waits(second) && !memory.waits(export))
        // Another export comes, or the changes are mended, or taken away.
        memory.ran(
            WatchScan.Job(policy: export.policy, file: WatchedFile(path: "/x.json", size: 2, modified: 9, inode: 1)), at: at(0),
            because: .news)
        #expect(!memory.waits(second))
        memory = blocked()
        _ = memory.news(of: scan([export, changes(export.policy, "/c1.ldif", modified: 7), second]))
        #expect(!memory.waits(second))
        memory = blocked()
        memory.ran(export, at: at(0), because: .drift)
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
