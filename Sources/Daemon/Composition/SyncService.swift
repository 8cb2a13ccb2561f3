// SPDX-License-Identifier: Apache-2.0
import Glibc
import Logging
import Policy
import ServiceLifecycle
import Sync
import UnixSignals

/// Keeps the directory as the watched exports say: runs what is new, one file at a time, beside finishing what others left.
struct SyncService: Service {
    let reconciler: Reconciler
    let folder: String
    let period: Duration
    let logger: Logger

    func run() async throws {
        let watcher = try PolicyWatcher(folder: folder, period: period)
        defer { watcher.stop() }
        do {
            try await cancelWhenGracefulShutdown {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await reloadOnHangUp(watcher) }
                    group.addTask { try await work(watcher) }
                    group.addTask { try await RunWatch(reconciler: reconciler, logger: logger).run() }
                    defer { group.cancelAll() }
                    try await group.next()
                }
            }
        } catch is CancellationError {
            logger.debug("the sync service is asked to stop")
        } catch  where Task.isShuttingDownGracefully {
            logger.info("a run was cut short; the next start goes on with it", metadata: ["error": "\(error)"])
        }
    }

    private func reloadOnHangUp(_ watcher: PolicyWatcher) async {
        for await _ in await UnixSignalsSequence(trapping: .sighup) {
            logger.info("reading the policies again")
            watcher.reload()
        }
    }

    private func work(_ watcher: PolicyWatcher) async throws {
        logger.info("watching", metadata: ["policies": "\(folder)"])
        var memory = WatchMemory()
        for await scan in watcher.scans {
            for line in memory.news(of: scan) { logger.log(level: line.level, "\(line.message)", metadata: line.metadata) }
            for job in scan.jobs {
                memory.checkClock(job, at: .now)
                if !memory.isHandled(job, at: .now) {
                    try await run(job, &memory)
                } else if let reason = memory.due(job, at: .now) {
                    try await run(job, &memory, because: reason)
                }
            }
        }
    }

    private func run(_ job: WatchScan.Job, _ memory: inout WatchMemory, because reason: WatchMemory.Reason = .news) async throws {
        var logger = logger
        logger[metadataKey: "policy"] = "\(job.policy.name)"
        logger[metadataKey: "file"] = "\(job.file.path)"
        do {
            let patience = patience("reconciling \(job.file.path)")
            let run: Run
            if reason == .drift, job.policy.operation.drift?.action == .report {
                run = try await reconciler.plan(job.policy, file: job.file.path, actor: "drift", patience: patience)
            } else {
                run = try await reconciler.reconcile(
                    job.policy, file: job.file.path, actor: reason.rawValue, patience: patience)
            }
            memory.ran(job, at: .now, because: reason)
            report(run, logger)
        } catch let error as SyncError {
            // Its Platform App may come yet: tried again at every look, said once.
            let isNews = memory.failed(job, error.message)
            logger.log(
                level: isNews ? .warning : .debug, "the export was not reconciled", metadata: ["error": "\(error.message)"])
        } catch  where !(error is CancellationError) && !Task.isShuttingDownGracefully {
            // A full disk, a statement that took too long: the daemon serves on, and tries again after a rest.
            let rest = memory.brokeOff(job, at: .now)
            logger.error("the run broke off", metadata: ["error": "\(error)", "again_after": "\(rest)"])
        }
    }

    private func report(_ run: Run, _ logger: Logger) {
        var metadata: Logger.Metadata = ["run": "\(run.id)", "state": "\(run.state.rawValue)"]
        for (name, count) in run.counts.values where count > 0 { metadata[name] = "\(count)" }
        if let reason = run.reason { metadata["reason"] = "\(reason)" }
        switch run.state {
        case .held:
            metadata["release"] = "muster sync apply --plan \(run.id) --release"
            logger.warning("a guard holds the run", metadata: metadata)
        case .refused, .failed, .stale: logger.warning("the run changed nothing", metadata: metadata)
        case .unchanged: logger.info("nothing to change", metadata: metadata)
        default: logger.notice("the run is done", metadata: metadata)
        }
    }

    private func patience(_ what: String) -> Patience {
        Patience(limit: nil) { [logger] error, pause in
            logger.warning(
                "the database is away: trying again", metadata: ["doing": "\(what)", "error": "\(error)", "pause": "\(pause)"])
        }
    }
}

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
    private var times: [String: Times] = [:]
    private var rests: [String: Rest] = [:]
    private var policies: [String: String]?
    private var mistakes: [PolicyDiagnostic] = []

    /// Whether this content was run by this policy as it is, or rests because that broke off.
    func isHandled(_ job: WatchScan.Job, at now: Moment) -> Bool {
        let deed = deed(job, failure: nil)
        guard let rest = rests[job.policy.name], rest.deed == deed else { return deeds[job.policy.name] == deed }
        return now.steady < rest.until
    }

    /// The run ended for a reason that may pass: the same content is tried again, each time later.
    ///
    /// - Returns: how much later.
    mutating func brokeOff(_ job: WatchScan.Job, at now: Moment) -> Duration {
        let deed = deed(job, failure: nil)
        let before = rests[job.policy.name].flatMap { $0.deed == deed ? $0.length : nil }
        let length = before.map { min($0 * 2, Self.longestRest) } ?? Self.firstRest
        rests[job.policy.name] = Rest(deed: deed, until: now.steady + length, length: length)
        return length
    }

    /// The job could not begin.
    ///
    /// - Returns: whether this was not known.
    mutating func failed(_ job: WatchScan.Job, _ reason: String) -> Bool {
        let deed = deed(job, failure: reason)
        defer { deeds[job.policy.name] = deed }
        return deeds[job.policy.name] != deed
    }

    /// Whether the policy is to run again although nothing is new; the schedule before the look for drift.
    func due(_ job: WatchScan.Job, at now: Moment) -> Reason? {
        guard let times = times[job.policy.name] else { return nil }
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
        deeds[job.policy.name] = deed(job, failure: nil)
        rests[job.policy.name] = nil
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
