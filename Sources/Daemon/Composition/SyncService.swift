// SPDX-License-Identifier: Apache-2.0
import Glibc
import Logging
import Policy
import ServiceLifecycle
import Sync
import UnixSignals

/// Keeps the directory as the watched exports say: runs what is new, one file at a time of each policy, beside finishing what others
/// left. Policies have their turns in the reconciler, in the order in which they came.
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

    private enum Event: Sendable {
        case scan(WatchScan)
        case ended(WatchScan.Job, Outcome)
    }

    /// What became of a job.
    private enum Outcome: Sendable {
        case ran(WatchMemory.Reason)
        /// It could not begin.
        case failed(SyncError)
    }

    private func work(_ watcher: PolicyWatcher) async throws {
        logger.info("watching", metadata: ["policies": "\(folder)"])
        var memory = WatchMemory()
        var jobs: [WatchScan.Job] = []
        // Policies that nothing is begun for: those at work, and those that failed, until the next look.
        var (busy, failed): (Set<String>, Set<String>) = ([], [])
        let (events, sink) = AsyncStream.makeStream(of: Event.self)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                for await scan in watcher.scans { sink.yield(.scan(scan)) }
                sink.finish()
            }
            for await event in events {
                switch event {
                case .scan(let scan):
                    for line in memory.news(of: scan) {
                        logger.log(level: line.level, "\(line.message)", metadata: line.metadata)
                    }
                    jobs = scan.jobs
                    failed = []
                case .ended(let job, .ran(let reason)):
                    busy.remove(job.policy.name)
                    memory.ran(job, at: Self.now, because: reason)
                case .ended(let job, .failed(let error)):
                    busy.remove(job.policy.name)
                    failed.insert(job.policy.name)
                    // Its Platform App may come yet: tried again at every look, said once.
                    let isNews = memory.failed(job, error.message)
                    logger.log(
                        level: isNews ? .warning : .debug, "the export was not reconciled",
                        metadata: ["policy": "\(job.policy.name)", "file": "\(job.file.path)", "error": "\(error.message)"])
                }
                for job in jobs where !busy.contains(job.policy.name) && !failed.contains(job.policy.name) {
                    guard let reason = memory.isHandled(job) ? memory.due(job, at: Self.now) : .news else { continue }
                    busy.insert(job.policy.name)
                    group.addTask { sink.yield(.ended(job, try await run(job, because: reason))) }
                }
            }
        }
    }

    /// Unix seconds.
    private static var now: Int64 { Int64(time(nil)) }

    private func run(_ job: WatchScan.Job, because reason: WatchMemory.Reason) async throws -> Outcome {
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
            report(run, logger)
        } catch let error as SyncError {
            return .failed(error)
        } catch  where !(error is CancellationError) && !Task.isShuttingDownGracefully {
            // A full disk, a statement that took too long: the daemon serves on, and the file's next version is tried.
            logger.error("the run broke off", metadata: ["error": "\(error)"])
        }
        return .ran(reason)
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
    enum Reason: String, Sendable {
        /// The file, the policy or its guards are others than before.
        case news = "watch"
        /// The policy's schedule says so.
        case schedule
        /// What others changed is looked for.
        case drift
    }

    private var deeds: [String: Deed] = [:]
    /// When each policy is to run again without any news, in Unix seconds.
    private var times: [String: [Reason: Int64]] = [:]
    private var policies: [String: String]?
    private var mistakes: [PolicyDiagnostic] = []

    /// Whether this content was run by this policy as it is.
    func isHandled(_ job: WatchScan.Job) -> Bool { deeds[job.policy.name] == deed(job, failure: nil) }

    /// The job could not begin.
    ///
    /// - Returns: whether this was not known.
    mutating func failed(_ job: WatchScan.Job, _ reason: String) -> Bool {
        let deed = deed(job, failure: reason)
        defer { deeds[job.policy.name] = deed }
        return deeds[job.policy.name] != deed
    }

    /// Whether the policy is to run again although nothing is new; the schedule before the look for drift.
    func due(_ job: WatchScan.Job, at now: Int64) -> Reason? {
        guard let times = times[job.policy.name] else { return nil }
        return [Reason.schedule, .drift].first { reason in times[reason].map { $0 <= now } ?? false }
    }

    /// The job led to a run: the next times are counted from now. Whatever ran, it looked at everybody.
    mutating func ran(_ job: WatchScan.Job, at now: Int64, because reason: Reason) {
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
