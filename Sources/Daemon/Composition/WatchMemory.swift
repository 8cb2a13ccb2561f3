// SPDX-License-Identifier: Apache-2.0
import Glibc
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

    /// A moment by both clocks: the one on the wall, which people set, and the one that only goes on.
    struct Moment {
        /// Seconds since 1970.
        var unix: Int64
        var steady: ContinuousClock.Instant

        static var now: Moment { Moment(unix: Int64(time(nil)), steady: .now) }
    }

    /// When a policy is to run again without any news.
    private struct Times {
        /// When the schedule was looked at, in Unix seconds: a clock that shows less was set back.
        var counted: Int64
        /// By the clock on the wall, as people write it.
        var schedule: Int64?
        var drift: ContinuousClock.Instant?
    }

    /// A rest after a run that broke off.
    private struct Rest {
        var deed: Deed
        var until: ContinuousClock.Instant
        var length: Duration
    }

    private static let firstRest = Duration.seconds(60)
    private static let longestRest = Duration.seconds(960)

    private var deeds: [String: Deed] = [:]
    /// Changes that led to a run, by policy and path.
    private var taken: [String: [String: WatchedFile]] = [:]
    /// Changes that were refused, by policy: those behind them have to wait.
    private var blocked: [String: WatchedFile] = [:]
    /// What policies without exports said when they were looked at.
    private var looks: [String: String] = [:]
    /// Why the last run of each policy came to nothing.
    private var failures: [String: String] = [:]
    private var times: [String: Times] = [:]
    private var rests: [String: Rest] = [:]
    private var policies: [String: String]?
    private var mistakes: [PolicyDiagnostic] = []

    /// Whether this content was run by this policy as it is, or rests because that broke off; changes are taken once, whatever becomes
    /// of the policy.
    func isHandled(_ job: WatchScan.Job, at now: Moment) -> Bool {
        let deed = deed(job, failure: nil)
        if let rest = rests[Self.key(job)], rest.deed == deed { return now.steady < rest.until }
        return job.isChanges ? taken[job.policy.name]?[job.file.path] == job.file : deeds[job.policy.name] == deed
    }

    /// The run ended for a reason that may pass: the same content is tried again, each time later.
    ///
    /// - Returns: how much later.
    mutating func brokeOff(_ job: WatchScan.Job, at now: Moment) -> Duration {
        let deed = deed(job, failure: nil)
        let before = rests[Self.key(job)].flatMap { $0.deed == deed ? $0.length : nil }
        let length = before.map { min($0 * 2, Self.longestRest) } ?? Self.firstRest
        rests[Self.key(job)] = Rest(deed: deed, until: now.steady + length, length: length)
        return length
    }

    /// Changes are remembered apart from the exports of their policy.
    private static func key(_ job: WatchScan.Job) -> String {
        job.isChanges ? "\(job.policy.name)\n\(job.file.path)" : job.policy.name
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
        let key = Self.key(job)
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
    func due(_ job: WatchScan.Job, at now: Moment) -> Reason? {
        guard !job.isChanges, let times = times[job.policy.name] else { return nil }
        if let schedule = times.schedule, schedule <= now.unix { return .schedule }
        if let drift = times.drift, drift <= now.steady { return .drift }
        return nil
    }

    /// Counts the schedule anew where the clock was set back: the next time of a wrong day is not that of the right one.
    mutating func checkClock(_ job: WatchScan.Job, at now: Moment) {
        guard var times = times[job.policy.name], now.unix < times.counted else { return }
        (times.counted, times.schedule) = (now.unix, next(job, after: now))
        self.times[job.policy.name] = times
    }

    /// The job led to a run: the next times are counted from now. Whatever ran, it looked at everybody.
    mutating func ran(_ job: WatchScan.Job, at now: Moment, because reason: Reason) {
        let isNews = !isHandled(job, at: now)
        rests[Self.key(job)] = nil
        guard !job.isChanges else {
            taken[job.policy.name, default: [:]][job.file.path] = job.file
            return
        }
        // What is new about an export is what there is from now on.
        if isNews { blocked[job.policy.name] = nil }
        deeds[job.policy.name] = deed(job, failure: nil)
        let before = times[job.policy.name].flatMap { $0.counted <= now.unix ? $0.schedule : nil }
        let scheduled = reason == .schedule ? nil : before.flatMap { $0 > now.unix ? $0 : nil }
        let following = scheduled ?? next(job, after: now)
        times[job.policy.name] = Times(
            counted: now.unix, schedule: following, drift: job.policy.operation.drift.map { now.steady + $0.every })
    }

    private func next(_ job: WatchScan.Job, after now: Moment) -> Int64? {
        var random = SystemRandomNumberGenerator()
        return job.policy.operation.schedule?.next(after: now.unix, using: &random)
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
