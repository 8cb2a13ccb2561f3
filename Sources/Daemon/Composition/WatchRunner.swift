// SPDX-License-Identifier: Apache-2.0
import Logging
import Policy
import ServiceLifecycle
import Sync

/// Runs what a look at the folders found.
struct WatchRunner: Sendable {
    let reconciler: Reconciler
    let logger: Logger

    /// What became of a job.
    enum Outcome: Sendable {
        /// These changes were taken already.
        case taken
        case ran(Run)
        /// It could not begin.
        case failed(SyncError)
        case brokeOff(any Error)
    }

    /// Reconciles a job's export, through outages of the database.
    func run(_ job: WatchScan.Job, because reason: WatchMemory.Reason) async throws -> Outcome {
        let (path, policy) = (job.file.path, job.policy)
        do {
            if job.isChanges, try await patience("reading \(path)").whileAway({ try await reconciler.hasTaken(path, of: policy) })
            {
                return .taken
            }
            let patience = patience("reconciling \(path)")
            if reason == .drift, policy.operation.drift?.action == .report {
                return .ran(try await reconciler.plan(policy, job.input, actor: "drift", patience: patience))
            }
            let run = try await reconciler.reconcile(
                policy, job.input, actor: reason.rawValue, holdsChangedPolicy: policy.operation.onChange == .hold,
                patience: patience)
            if !job.isChanges, run.state != .refused { try await keep(run, of: policy, path) }
            return .ran(run)
        } catch let error as SyncError {
            return .failed(error)
        } catch  where !(error is CancellationError) && !Task.isShuttingDownGracefully {
            return .brokeOff(error)
        }
    }

    /// Plans the kept read by a policy that changed and has no export at hand, so that it is seen what it would change.
    func showNews(of policy: Policy) async throws {
        let metadata: Logger.Metadata = ["policy": "\(policy.name)"]
        do {
            let patience = patience("planning the policy \(policy.name)")
            guard try await patience.whileAway({ try await reconciler.hasNews(policy) }) else { return }
            let run = try await reconciler.reconcile(
                policy, .kept, actor: "watch", holdsChangedPolicy: policy.operation.onChange == .hold, patience: patience)
            RunLine(run).log(logger, metadata)
        } catch let error as SyncError {
            logger.debug("the policy has nothing to show", metadata: metadata.merging(["error": "\(error.message)"]) { $1 })
        } catch  where !(error is CancellationError) && !Task.isShuttingDownGracefully {
            logger.error("the run broke off", metadata: metadata.merging(["error": "\(error)"]) { $1 })
        }
    }

    /// Keeps what the run read, for when the policy changes.
    private func keep(_ run: Run, of policy: Policy, _ path: String) async throws {
        let kept = try await patience("keeping \(path)").whileAway { try await reconciler.keep(run, of: policy, file: path) }
        let metadata: Logger.Metadata = ["policy": "\(policy.name)", "file": "\(path)"]
        switch kept {
        case .kept(let entries): logger.debug("kept the read", metadata: metadata.merging(["entries": "\(entries)"]) { $1 })
        case .skipped(let reason):
            logger.warning("the read was not kept", metadata: metadata.merging(["reason": "\(reason)"]) { $1 })
        case .same, .nothing: break
        }
    }

    private func patience(_ what: String) -> Patience {
        Patience(limit: nil) { [logger] error, pause in
            logger.warning(
                "the database is away: trying again", metadata: ["doing": "\(what)", "error": "\(error)", "pause": "\(pause)"])
        }
    }
}

/// What the log says of a run.
struct RunLine {
    private let run: Run
    private let isKnown: Bool

    /// - Parameter isKnown: whether the run before this one came to nothing for the same reason: said once.
    init(_ run: Run, isKnown: Bool = false) {
        self.run = run
        self.isKnown = isKnown
    }

    func log(_ logger: Logger, _ more: Logger.Metadata) {
        var metadata = more
        metadata["run"] = "\(run.id)"
        metadata["state"] = "\(run.state.rawValue)"
        for (name, count) in run.counts.values where count > 0 { metadata[name] = "\(count)" }
        if let reason = run.reason { metadata["reason"] = "\(reason)" }
        switch run.state {
        case .held:
            metadata["release"] = "muster sync apply --plan \(run.id) --release"
            logger.warning("a guard holds the run", metadata: metadata)
        case .refused, .failed, .stale:
            logger.log(level: isKnown ? .debug : .warning, "the run changed nothing", metadata: metadata)
        case .unchanged: logger.info("nothing to change", metadata: metadata)
        default: logger.notice("the run is done", metadata: metadata)
        }
    }
}
