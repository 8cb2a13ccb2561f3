// SPDX-License-Identifier: Apache-2.0
import Logging
import Policy
import Sync

/// What the service has seen and done, so that nothing is run or said twice.
struct WatchMemory {
    struct Line {
        var level: Logger.Level
        var message: String
        var metadata: Logger.Metadata = [:]
    }

    private struct Deed: Equatable {
        var file: WatchedFile
        var fingerprint: String
        var guards: Guards
        var failure: String?
    }

    /// Why a run begins.
    enum Reason: String {
        /// The file, the policy or its guards are others than before.
        case news = "watch"
        /// The policy's schedule says so.
        case schedule
        /// What others changed is looked for.
        case drift
        /// A person decided a dispute or asked for it, or what was left alone is to be tried again.
        case retry
    }

    private var deeds: [String: Deed] = [:]
    /// Changes that led to a run, by policy and path.
    private var taken: [String: [String: WatchedFile]] = [:]
    /// Changes that were refused, by policy: those behind them have to wait.
    private var blocked: [String: WatchedFile] = [:]
    /// What policies without exports said when they were looked at.
    private var looks: [String: String] = [:]
    /// Why the last run of each policy came to nothing.
    private var failures: [String: String] = [:]
    /// When each policy is to run again without any news, in Unix seconds.
    private var times: [String: [Reason: Int64]] = [:]
    private var policies: [String: String]?
    private var mistakes: [PolicyDiagnostic] = []

    /// Whether this content was run by this policy as it is; changes are taken once, whatever becomes of the policy.
    func isHandled(_ job: WatchScan.Job) -> Bool {
        if job.isChanges { return taken[job.policy.name]?[job.file.path] == job.file }
        return deeds[job.policy.name] == deed(job, failure: nil)
    }

    /// Whether changes in front of this job could not be taken, so that it has to wait for other ones or a full export.
    func waits(_ job: WatchScan.Job) -> Bool { job.isChanges && blocked[job.policy.name] != nil }

    /// The changes were refused.
    mutating func block(_ job: WatchScan.Job) { blocked[job.policy.name] = job.file }

    /// Whether the policy is not as it was when it was looked at last.
    func isNew(_ policy: Policy) -> Bool { looks[policy.name] != policy.fingerprint }

    /// What a policy without exports would change was looked at.
    mutating func looked(_ policy: Policy) { looks[policy.name] = policy.fingerprint }

    /// The job could not begin.
    ///
    /// - Returns: whether this was not known.
    mutating func failed(_ job: WatchScan.Job, _ reason: String) -> Bool {
        let deed = deed(job, failure: reason)
        // Changes are tried again like exports, and remembered apart from them.
        let key = job.isChanges ? "\(job.policy.name)\n\(job.file.path)" : job.policy.name
        defer { deeds[key] = deed }
        return deeds[key] != deed
    }

    /// Whether a run came to nothing for the reason for which the policy's run before it did.
    mutating func isKnownFailure(_ run: Run) -> Bool {
        let failure = [.refused, .failed, .stale].contains(run.state) ? "\(run.state) \(run.code ?? "")" : nil
        defer { failures[run.policy] = failure }
        return failure != nil && failures[run.policy] == failure
    }

    /// Whether the policy is to run again although nothing is new; the schedule before the look for drift.
    func due(_ job: WatchScan.Job, at now: Int64) -> Reason? {
        guard !job.isChanges, let times = times[job.policy.name] else { return nil }
        return [Reason.schedule, .drift].first { reason in times[reason].map { $0 <= now } ?? false }
    }

    /// The job led to a run: the next times are counted from now. Whatever ran, it looked at everybody.
    mutating func ran(_ job: WatchScan.Job, at now: Int64, because reason: Reason) {
        guard !job.isChanges else {
            taken[job.policy.name, default: [:]][job.file.path] = job.file
            return
        }
        // What is new about an export is what there is from now on.
        if !isHandled(job) { blocked[job.policy.name] = nil }
        deeds[job.policy.name] = deed(job, failure: nil)
        var random = SystemRandomNumberGenerator()
        let operation = job.policy.operation
        let scheduled = reason == .schedule ? nil : times[job.policy.name]?[.schedule].flatMap { $0 > now ? $0 : nil }
        times[job.policy.name] = [
            .schedule: scheduled ?? operation.schedule?.next(after: now, using: &random),
            .drift: operation.drift.map { now + $0.every.components.seconds },
        ].compactMapValues { $0 }
    }

    /// What is to be said about a scan: policies that came, changed or went, and mistakes that are new.
    mutating func news(of scan: WatchScan) -> [Line] {
        var lines: [Line] = []
        // Changes that are gone, or are others by now, block nothing any more.
        blocked = blocked.filter { policy, file in scan.jobs.contains { $0.policy.name == policy && $0.file == file } }
        taken = taken.mapValues { files in files.filter { path, _ in scan.jobs.contains { $0.file.path == path } } }
        let now = Dictionary(scan.policies.map { ($0.name, $0.fingerprint) }) { first, _ in first }
        if now != policies {
            lines.append(
                Line(level: .info, message: "policies", metadata: ["names": "\(now.keys.sorted().joined(separator: ", "))"]))
            policies = now
        }
        for mistake in scan.diagnostics where !mistakes.contains(mistake) {
            lines.append(Line(level: .error, message: "\(mistake); the last sound version stays in force"))
        }
        mistakes = scan.diagnostics
        return lines
    }

    private func deed(_ job: WatchScan.Job, failure: String?) -> Deed {
        Deed(file: job.file, fingerprint: job.policy.fingerprint, guards: job.policy.guards, failure: failure)
    }
}
