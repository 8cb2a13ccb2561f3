// SPDX-License-Identifier: Apache-2.0

package import Policy
import Postgres
import Synchronization

/// How long runs go on trying when the database goes away, or when another run holds their source.
package struct Patience: Sendable {
    /// How long it may be away at a time; nil is for ever.
    package var limit: Duration?
    /// Told before each pause.
    package var onPause: @Sendable (any Error, Duration) async -> Void

    package init(limit: Duration?, onPause: @escaping @Sendable (any Error, Duration) async -> Void = { _, _ in }) {
        self.limit = limit
        self.onPause = onPause
    }

    /// Runs `body` until it succeeds or fails for a reason of its own.
    package func whileAway<T: Sendable>(_ body: @Sendable () async throws -> T) async throws -> T {
        let deadline = limit.map { MonotonicInstant.now + $0 } ?? .never
        var pause = Duration.milliseconds(200)
        while true {
            do {
                return try await body()
            } catch let error as PostgresError where error.isAway && !Task.isCancelled && MonotonicInstant.now < deadline {
                await onPause(error, pause)
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(5))
            }
        }
    }
}

extension Reconciler {
    /// ``plan(_:file:actor:progress:)``, again after an outage of the database, and after another run of the source.
    package func plan(
        _ policy: Policy, file: String, actor: String, progress: RunProgress = .silent, patience: Patience
    ) async throws -> Run {
        let deadline = patience.limit.map { MonotonicInstant.now + $0 } ?? .never
        var pause = Duration.milliseconds(250)
        while true {
            let run = try await patience.whileAway { try await plan(policy, file: file, actor: actor, progress: progress) }
            guard run.state == .refused, run.code == SyncError.Code.busy.rawValue, MonotonicInstant.now < deadline else {
                return run
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(4))
        }
    }

    /// ``apply(_:release:progress:)``, continued after an outage of the database.
    package func apply(_ id: Int64, release: Bool = false, progress: RunProgress = .silent, patience: Patience) async throws
        -> Run
    {
        let hadOutage = Atomic(false)
        return try await patience.whileAway {
            do {
                return try await apply(id, release: release, progress: progress)
            } catch let error as SyncError where error.code == .notApplicable {
                // An outage may have swallowed the answer of what was done.
                let run = try await runs.show(id)
                guard run.state == .done, hadOutage.load(ordering: .relaxed) else { throw error }
                return run
            } catch let error as PostgresError {
                hadOutage.store(true, ordering: .relaxed)
                throw error
            }
        }
    }

    /// ``reconcile(_:file:actor:progress:)``, through outages of the database.
    package func reconcile(
        _ policy: Policy, file: String, actor: String, progress: RunProgress = .silent, patience: Patience
    ) async throws -> Run {
        let run = try await plan(policy, file: file, actor: actor, progress: progress, patience: patience)
        return run.state == .planned ? try await apply(run.id, progress: progress, patience: patience) : run
    }
}
