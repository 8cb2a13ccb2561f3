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
}
