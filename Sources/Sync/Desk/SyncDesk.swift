// SPDX-License-Identifier: Apache-2.0

package import Directory
import Logging
package import NIOCore
import Policy

/// Takes runs that are asked for over HTTP: begins each for its caller, tells its number, and carries it out beside the calls.
///
/// Thread safety: any number of callers at once. Nothing goes on while ``run()`` does not.
package final class SyncDesk: Sendable {
    /// How an upload comes.
    package struct Upload: Sendable {
        /// What the journal calls it.
        package var name: String
        /// Whether the plan is applied when no guard holds it.
        package var applies: Bool
        /// Bytes that the sender says there are.
        package var announced: Int64?

        package init(name: String, applies: Bool, announced: Int64? = nil) {
            self.name = name
            self.applies = applies
            self.announced = announced
        }
    }

    /// An upload that lies on the disk and belongs to no run yet.
    package struct TakenUpload: Sendable {
        let policy: Policy
        /// May be told better by what came with the bytes.
        package var upload: Upload
        let file: SpooledUpload
        /// SHA-256 of its bytes.
        package let digest: [UInt8]
    }

    private struct Job: Sendable {
        let asked: AskedRun
        let carryOut: @Sendable (AskedRun) async throws -> Run
    }

    /// The policies, in their last sound versions.
    package let policies: PolicyShelf
    private let reconciler: Reconciler
    private let directory: Directory
    private let spool: UploadSpool
    private let patience: Duration
    private let jobs: AsyncStream<Job>
    private let queue: AsyncStream<Job>.Continuation
    private var logger: Logger { reconciler.logger }
    /// Bytes that one upload may have.
    package var sizeLimit: Int64 { spool.sizeLimit }

    /// - Parameters:
    ///   - patience: how long a caller waits for a run to begin.
    package init(reconciler: Reconciler, policies: PolicyShelf, spool: UploadSpool, patience: Duration = .seconds(50)) {
        self.reconciler = reconciler
        self.policies = policies
        self.spool = spool
        self.patience = patience
        directory = reconciler.directory
        (jobs, queue) = AsyncStream.makeStream()
    }

    /// Carries out what is asked for, until it is cancelled: then a run that is only reading is marked as broken off, and a stored
    /// plan is finished by the next start.
    package func run() async throws {
        try await spool.removeLeftovers()
        defer { queue.finish() }
        await withDiscardingTaskGroup { group in
            for await job in jobs { group.addTask { [self] in await carryOut(job) } }
            group.cancelAll()
        }
        try Task.checkCancellation()
    }

    // MARK: - Asking

    /// Takes an upload for a policy. Nothing of the body is read for who may not send it.
    ///
    /// - Returns: the upload, for ``begin(_:by:)`` or ``discard(_:)``.
    /// - Throws: `DirectoryError` with `notFound` for no such policy, or one of another app; ``UploadError``.
    package func take<Body: AsyncSequence & Sendable>(
        _ body: Body, _ upload: Upload, policy name: String, by caller: Caller
    ) async throws -> TakenUpload where Body.Element == ByteBuffer {
        let policy = try await policies.policy(named: name)
        try await directory.runs.checkReach(platformApp: policy?.platformApp, by: caller)
        guard let policy else { throw DirectoryError.notFound }
        let file = try await spool.take(body, announced: upload.announced)
        return TakenUpload(policy: policy, upload: upload, file: file, digest: file.digest())
    }

    /// Begins the run of an upload; the upload is removed when it is read, or could not begin.
    ///
    /// - Returns: the run's number, once it is in the journal; it goes on by itself.
    /// - Throws: `DirectoryError`; ``SyncError``, with ``SyncError/Code/busy`` when it could not begin in time.
    package func begin(_ taken: TakenUpload, by caller: Caller) async throws -> Int64 {
        let reconciler = reconciler
        return try await ask(discarding: taken) { [patience = reconciler.patience("reading an upload")] asked in
            try await reconciler.carryOut(
                asked, taken.policy, file: taken.file.path, named: taken.upload.name, applies: taken.upload.applies, by: caller,
                patience: patience)
        }
    }

    /// Removes an upload that is not wanted any more.
    package func discard(_ taken: TakenUpload) async { await taken.file.remove() }

    /// Begins the reverse of a run; see `Reconciler.undo`.
    ///
    /// - Parameter applies: whether its plan is applied when no guard holds it.
    /// - Returns: the number of the new run.
    /// - Throws: as ``begin(_:by:)``, and ``SyncError/Code/notApplicable`` for a run of which nothing was applied.
    package func undo(_ id: Int64, policy name: String? = nil, applies: Bool, by caller: Caller) async throws -> Int64 {
        // Shown to nobody else, and only for those who may; the statement that begins it asks again.
        let record = try await directory.runs.show(id, policy: name, by: caller)
        let policy = try await policies.policy(named: record.policy)
        let reconciler = reconciler
        return try await ask { [patience = reconciler.patience("planning the reverse of run \(id)")] asked in
            try await reconciler.carryOutUndo(
                asked, of: id, seat: "\(record.platformAppName)/\(record.source)", guards: policy?.guards ?? Guards(),
                applies: applies, by: caller, patience: patience)
        }
    }

    /// What becomes of a run, from now to its end.
    ///
    /// - Throws: `DirectoryError` with `notFound` for no such run, when it is asked for the first event.
    package func events(of id: Int64, policy: String? = nil, by caller: Caller) -> RunEvents {
        reconciler.events(of: id, policy: policy, by: caller)
    }

    private func ask(
        discarding taken: TakenUpload? = nil, _ carryOut: @escaping @Sendable (AskedRun) async throws -> Run
    ) async throws -> Int64 {
        let asked = AskedRun()
        let job = Job(asked: asked) { asked in
            do {
                let run = try await carryOut(asked)
                await taken?.file.remove()
                return run
            } catch {
                await taken?.file.remove()
                throw error
            }
        }
        guard case .enqueued = queue.yield(job) else {
            await taken?.file.remove()
            throw DirectoryError.unavailable
        }
        return try await asked.number(within: patience)
    }

    // MARK: - Carrying out

    private func carryOut(_ job: Job) async {
        do {
            let run = try await job.carryOut(job.asked)
            logger.notice(
                "a run that was asked for",
                metadata: ["run": "\(run.id)", "policy": "\(run.policy)", "state": "\(run.state.rawValue)"])
        } catch {
            job.asked.fail(error)
            guard !(error is CancellationError), !Task.isCancelled else { return }
            let level: Logger.Level = error is BrokenRun ? .error : .debug
            logger.log(level: level, "a run that was asked for", metadata: ["error": "\(error)"])
        }
    }
}

extension Reconciler {
    fileprivate func patience(_ what: String) -> Patience {
        Patience(limit: nil) { [logger] error, pause in
            logger.warning(
                "the database is away: trying again", metadata: ["doing": "\(what)", "error": "\(error)", "pause": "\(pause)"])
        }
    }
}
