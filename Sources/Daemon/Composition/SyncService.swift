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
            /// Policies of which something could not be read: changes behind it wait for the next look.
            var halted: Set<String> = []
            for job in scan.jobs where !memory.waits(job) && !(job.isChanges && halted.contains(job.policy.name)) {
                var isRead = true
                if !memory.isHandled(job) {
                    isRead = try await run(job, &memory)
                } else if let reason = memory.due(job, at: Self.now) {
                    isRead = try await run(job, &memory, because: reason)
                }
                if !isRead { halted.insert(job.policy.name) }
            }
            for policy in scan.idle where memory.isNew(policy) { try await showNews(of: policy, &memory) }
        }
    }

    /// Unix seconds.
    private static var now: Int64 { Int64(time(nil)) }

    /// - Returns: whether what was to be read was.
    private func run(
        _ job: WatchScan.Job, _ memory: inout WatchMemory, because reason: WatchMemory.Reason = .news
    ) async throws -> Bool {
        var logger = logger
        logger[metadataKey: "policy"] = "\(job.policy.name)"
        logger[metadataKey: "file"] = "\(job.file.path)"
        do {
            let (path, policy) = (job.file.path, job.policy)
            if job.isChanges, try await patience("reading \(path)").whileAway({ try await reconciler.hasTaken(path, of: policy) })
            {
                logger.debug("these changes were taken already")
                memory.ran(job, at: Self.now, because: reason)
                return true
            }
            let patience = patience("reconciling \(path)")
            let run: Run
            if reason == .drift, policy.operation.drift?.action == .report {
                run = try await reconciler.plan(policy, job.input, actor: "drift", patience: patience)
            } else {
                run = try await reconciler.reconcile(
                    policy, job.input, actor: reason.rawValue, holdsChangedPolicy: policy.operation.onChange == .hold,
                    patience: patience)
            }
            memory.ran(job, at: Self.now, because: reason)
            report(run, logger)
            if job.isChanges {
                if run.state == .refused { memory.block(job) }
            } else if run.state != .refused {
                try await keep(run, of: policy, path, logger)
            }
            return run.state != .refused
        } catch let error as SyncError {
            // Its Platform App may come yet: tried again at every look, said once.
            let isNews = memory.failed(job, error.message)
            logger.log(
                level: isNews ? .warning : .debug, "the export was not reconciled", metadata: ["error": "\(error.message)"])
            return false
        } catch  where !(error is CancellationError) && !Task.isShuttingDownGracefully {
            // A full disk, a statement that took too long: the daemon serves on, and the file's next version is tried. Changes have
            // none: they are tried again.
            if !job.isChanges { memory.ran(job, at: Self.now, because: reason) }
            logger.error("the run broke off", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// Keeps what the run read, for when the policy changes.
    private func keep(_ run: Run, of policy: Policy, _ path: String, _ logger: Logger) async throws {
        let kept = try await patience("keeping \(path)").whileAway { try await reconciler.keep(run, of: policy, file: path) }
        switch kept {
        case .kept(let entries): logger.debug("kept the read", metadata: ["entries": "\(entries)"])
        case .skipped(let reason): logger.warning("the read was not kept", metadata: ["reason": "\(reason)"])
        case .same, .nothing: break
        }
    }

    /// Plans the kept read by a policy that changed and has no export at hand, so that it is seen what it would change.
    private func showNews(of policy: Policy, _ memory: inout WatchMemory) async throws {
        var logger = logger
        logger[metadataKey: "policy"] = "\(policy.name)"
        do {
            let patience = patience("planning the policy \(policy.name)")
            if try await patience.whileAway({ try await reconciler.hasNews(policy) }) {
                report(
                    try await reconciler.reconcile(
                        policy, .kept, actor: "watch", holdsChangedPolicy: policy.operation.onChange == .hold, patience: patience),
                    logger)
            }
            memory.looked(policy)
        } catch let error as SyncError {
            logger.debug("the policy has nothing to show", metadata: ["error": "\(error.message)"])
        } catch  where !(error is CancellationError) && !Task.isShuttingDownGracefully {
            memory.looked(policy)
            logger.error("the run broke off", metadata: ["error": "\(error)"])
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

    private var deeds: [String: Deed] = [:]
    /// Changes that led to a run, by policy and path.
    private var taken: [String: [String: WatchedFile]] = [:]
    /// Changes that were refused, by policy: those behind them have to wait.
    private var blocked: [String: WatchedFile] = [:]
    /// What policies without exports said when they were looked at.
    private var looks: [String: String] = [:]
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
