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
}
