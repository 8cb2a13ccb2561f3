// SPDX-License-Identifier: Apache-2.0
import Directory
import Policy
import Sync

/// Whose turn it is: of each policy one job at a time, in the order of the scan; policies delay no other.
struct WatchTurns {
    /// What was seen and done.
    var memory = WatchMemory()
    private var jobs: [WatchScan.Job] = []
    private var idle: [Policy] = []
    /// Policies whose run a person asked for, or that was put off until now.
    private var due: Set<StandingStore.PolicyName> = []
    /// Policies that nothing is begun for: those at work, and those of which something could not be read, until the next look.
    private var busy: Set<String> = []
    private var halted: Set<String> = []

    /// Takes what a look at the folders found.
    mutating func take(_ scan: WatchScan, due: Set<StandingStore.PolicyName>) {
        jobs = scan.jobs
        idle = scan.idle
        self.due = due
        halted = []
    }

    /// The next job that has a reason to run; it is at work until ``ended(_:isRead:)``.
    mutating func next(at now: WatchMemory.Moment) -> (WatchScan.Job, WatchMemory.Reason)? {
        for job in jobs where !busy.contains(job.policy.name) && !halted.contains(job.policy.name) && !memory.waits(job) {
            guard let reason = reason(of: job, at: now) else { continue }
            busy.insert(job.policy.name)
            return (job, reason)
        }
        return nil
    }

    /// The next policy without exports that is not as it was; it is at work until ``looked(_:)``.
    mutating func nextIdle() -> Policy? {
        guard let policy = idle.first(where: { !busy.contains($0.name) && memory.isNew($0) }) else { return nil }
        busy.insert(policy.name)
        return policy
    }

    /// A job ended.
    ///
    /// - Parameter isRead: whether what was to be read was; else the policy rests until the next look.
    mutating func ended(_ job: WatchScan.Job, isRead: Bool) {
        busy.remove(job.policy.name)
        if !isRead { halted.insert(job.policy.name) }
    }

    /// What a policy without exports would change was looked at.
    mutating func looked(_ policy: Policy) {
        busy.remove(policy.name)
        memory.looked(policy)
    }

    private mutating func reason(of job: WatchScan.Job, at now: WatchMemory.Moment) -> WatchMemory.Reason? {
        if !job.isChanges, due.remove(job.policy.standingName) != nil { return .retry }
        memory.checkClock(job, at: now)
        return memory.isHandled(job, at: now) ? memory.due(job, at: now) : .news
    }
}
