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
        try await again(from: .milliseconds(200), upTo: .seconds(5), body) { error, pause in
            guard let error = error as? PostgresError, error.isAway, !Task.isCancelled else { return false }
            await onPause(error, pause)
            return true
        }
    }

    /// Runs `body` until nobody else is at the same work.
    func whileBusy<T: Sendable>(_ body: @Sendable () async throws -> T) async throws -> T {
        try await again(from: .milliseconds(250), upTo: .seconds(4), body) { error, _ in (error as? SyncError)?.code == .busy }
    }

    /// Runs `body` again after errors that pass, with longer and longer pauses, until the limit.
    private func again<T: Sendable>(
        from first: Duration, upTo longest: Duration, _ body: @Sendable () async throws -> T,
        _ passes: (any Error, Duration) async -> Bool
    ) async throws -> T {
        let deadline = limit.map { MonotonicInstant.now + $0 } ?? .never
        var pause = first
        while true {
            do {
                return try await body()
            } catch {
                guard MonotonicInstant.now < deadline, await passes(error, pause) else { throw error }
                try await Task.sleep(for: pause)
                pause = min(pause * 2, longest)
            }
        }
    }
}

extension Reconciler {
    /// ``plan(_:_:actor:applies:holdsChangedPolicy:progress:)``, again after an outage of the database, and after another run of
    /// the source; when it is its turn among the runs of this process.
    package func plan(
        _ policy: Policy, _ input: RunInput, actor: String, applies: Bool = false, holdsChangedPolicy: Bool = false,
        progress: RunProgress = .silent, patience: Patience
    ) async throws -> Run {
        try await inTurn(policy.seat, patience) {
            try await plan(
                policy, input, actor: actor, applies: applies, holdsChangedPolicy: holdsChangedPolicy, progress: progress)
        }
    }

    /// Plans when there is a seat, again after outages; while another process is at the source, others of this one have the seat.
    ///
    /// - Parameter then: done in the same seat, so that nobody comes between a plan and its end.
    func inTurn(
        _ seat: String, _ patience: Patience, plan: @Sendable () async throws -> Run,
        then: @Sendable (Run) async throws -> Run = { $0 }
    ) async throws -> Run {
        try await patience.whileBusy {
            try await seats.sit(seat) { try await then(try await patience.whileAway { try await plan() }) }
        }
    }

    /// The same of an export.
    package func plan(
        _ policy: Policy, file: String, actor: String, applies: Bool = false, progress: RunProgress = .silent, patience: Patience
    ) async throws -> Run {
        try await plan(policy, .export(file), actor: actor, applies: applies, progress: progress, patience: patience)
    }

    /// ``apply(_:release:progress:)``, continued after an outage of the database; another process at the same is waited for.
    package func apply(_ id: Int64, release: Bool = false, progress: RunProgress = .silent, patience: Patience) async throws
        -> Run
    {
        // What another process ended meanwhile, or an outage swallowed the answer of, is as well done.
        let isElsewhere = Atomic(false)
        return try await patience.whileBusy {
            try await patience.whileAway {
                do {
                    return try await apply(id, release: release, progress: progress)
                } catch let error as SyncError where error.code == .notApplicable {
                    let run = try await runs.show(id)
                    guard isElsewhere.load(ordering: .relaxed), run.state.isApplied else { throw error }
                    return run
                } catch  where error is PostgresError || (error as? SyncError)?.code == .busy {
                    isElsewhere.store(true, ordering: .relaxed)
                    throw error
                }
            }
        }
    }

    /// ``reconcile(_:_:actor:holdsChangedPolicy:progress:)``, through outages of the database, when it is its turn among the runs of
    /// this process.
    package func reconcile(
        _ policy: Policy, _ input: RunInput, actor: String, holdsChangedPolicy: Bool = false, progress: RunProgress = .silent,
        patience: Patience
    ) async throws -> Run {
        try await inTurn(policy.seat, patience) {
            try await plan(
                policy, input, actor: actor, applies: true, holdsChangedPolicy: holdsChangedPolicy, progress: progress)
        } then: { run in
            run.state == .planned ? try await apply(run.id, progress: progress, patience: patience) : run
        }
    }

    /// The same of an export.
    package func reconcile(
        _ policy: Policy, file: String, actor: String, progress: RunProgress = .silent, patience: Patience
    ) async throws -> Run {
        try await reconcile(policy, .export(file), actor: actor, progress: progress, patience: patience)
    }
}

extension RunState {
    /// Whether the plan was dealt with to its end, with whatever success.
    var isApplied: Bool { [.done, .stale, .failed].contains(self) }
}

extension Policy {
    /// What is one at a time in a process: the source of an app.
    var seat: String { "\(platformApp)/\(source)" }
}
