// SPDX-License-Identifier: Apache-2.0
import Directory
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

    /// Between two looks for what a person asked for; a look costs one small statement.
    private static let pause = Duration.seconds(2)

    private enum Event: Sendable {
        case scan(WatchScan)
        case ended(WatchScan.Job, WatchMemory.Reason, WatchRunner.Outcome)
        case looked(Policy)
    }

    func run() async throws {
        let watcher = try PolicyWatcher(folder: folder, period: period)
        defer { watcher.stop() }
        do {
            try await cancelWhenGracefulShutdown {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await reloadOnHangUp(watcher) }
                    group.addTask { try await work(watcher) }
                    group.addTask { try await RunWatch(reconciler: reconciler, logger: logger).run() }
                    group.addTask { try await lookAgain(watcher) }
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

    /// Looks at the folders again when a person has asked for a run, or one is due that was put off.
    private func lookAgain(_ watcher: PolicyWatcher) async throws {
        var known: Set<StandingStore.PolicyName> = []
        while true {
            try await Task.sleep(for: Self.pause)
            // The database may be away; whoever is at work says so.
            guard let due = try? await reconciler.due() else { continue }
            if !due.isSubset(of: known) { watcher.reload() }
            known = due
        }
    }

    private func work(_ watcher: PolicyWatcher) async throws {
        logger.info("watching", metadata: ["policies": "\(folder)"])
        let runner = WatchRunner(reconciler: reconciler, logger: logger)
        var turns = WatchTurns()
        let (events, sink) = AsyncStream.makeStream(of: Event.self)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                for await scan in watcher.scans { sink.yield(.scan(scan)) }
                sink.finish()
            }
            for await event in events {
                switch event {
                case .scan(let scan):
                    for line in turns.memory.news(of: scan) {
                        logger.log(level: line.level, "\(line.message)", metadata: line.metadata)
                    }
                    turns.take(scan, due: scan.jobs.isEmpty ? Set() : (try? await reconciler.due()) ?? Set())
                case .ended(let job, let reason, let outcome): end(job, reason, outcome, &turns)
                case .looked(let policy): turns.looked(policy)
                }
                while let (job, reason) = turns.next(at: .now) {
                    if reason != .retry, (try? await reconciler.isPutAside(job.policy, file: job.file)) == true {
                        putAside(job, reason, &turns)
                    } else {
                        group.addTask { sink.yield(.ended(job, reason, try await runner.run(job, because: reason))) }
                    }
                }
                while let policy = turns.nextIdle() {
                    group.addTask {
                        try await runner.showNews(of: policy)
                        sink.yield(.looked(policy))
                    }
                }
            }
        }
    }

    private func end(
        _ job: WatchScan.Job, _ reason: WatchMemory.Reason, _ outcome: WatchRunner.Outcome, _ turns: inout WatchTurns
    ) {
        let metadata: Logger.Metadata = ["policy": "\(job.policy.name)", "file": "\(job.file.path)"]
        switch outcome {
        case .taken: turns.ended(job, isRead: true)
        case .ran(let run):
            turns.ended(job, isRead: run.state != .refused)
            RunLine(run, isKnown: turns.memory.isKnownFailure(run)).log(logger, metadata)
        case .brokeOff(let error):
            turns.ended(job, isRead: false)
            // A full disk, a statement that took too long: the daemon serves on, and tries again after a rest.
            let rest = turns.memory.brokeOff(job, at: .now)
            logger.error("the run broke off", metadata: metadata.merging(["error": "\(error)", "again_after": "\(rest)"]) { $1 })
            return
        case .failed(let error):
            turns.ended(job, isRead: false)
            // Its Platform App may come yet: tried again at every look, said once.
            let isNews = turns.memory.failed(job, error.message)
            logger.log(
                level: isNews ? .warning : .debug, "the export was not reconciled",
                metadata: metadata.merging(["error": "\(error.message)"]) { $1 })
            return
        }
        turns.memory.ran(job, at: .now, because: reason)
        if case .ran(let run) = outcome, run.state == .refused, job.isChanges { turns.memory.block(job) }
    }

    private func putAside(_ job: WatchScan.Job, _ reason: WatchMemory.Reason, _ turns: inout WatchTurns) {
        turns.ended(job, isRead: false)
        turns.memory.ran(job, at: .now, because: reason)
        guard reason == .news else { return }
        logger.warning(
            "the policy is put aside until its file or its rules change: muster sync retry \(job.policy.name)",
            metadata: ["policy": "\(job.policy.name)", "file": "\(job.file.path)"])
    }
}
