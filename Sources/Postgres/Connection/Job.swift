// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// What bounds a piece of work on a connection: a deadline, and whether the caller has lost interest.
final class Limits: Sendable {
    let deadline: MonotonicInstant
    private let cancelled = Atomic<Bool>(false)

    init(deadline: MonotonicInstant) {
        self.deadline = deadline
    }

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    func cancel() { cancelled.store(true, ordering: .releasing) }
}

/// A piece of work for a connection's thread.
protocol Job: AnyObject, Sendable {
    /// Does the work and tells the caller.
    func perform(on session: Session)
    /// Tells the caller that the work will not be done.
    func refuse(_ error: PostgresError)
}

/// A job whose caller awaits its outcome.
final class Operation<Value: Sendable>: Job {
    typealias Work = @Sendable (Session, Limits) throws(PostgresError) -> Value
    typealias Outcome = Result<Value, PostgresError>

    private enum State {
        case pending
        case awaited(UnsafeContinuation<Outcome, Never>)
        case finished
    }

    let limits: Limits
    private let work: Work
    /// Done on the connection's thread after the work and before the caller is told: gives the connection back.
    private let afterwards: (@Sendable (Session) -> Void)?
    private let state = Mutex(State.pending)

    init(limits: Limits, work: @escaping Work, afterwards: (@Sendable (Session) -> Void)? = nil) {
        self.limits = limits
        self.work = work
        self.afterwards = afterwards
    }

    func perform(on session: Session) {
        let outcome = outcome(on: session)
        session.mailbox.isClean.store(session.isIdle, ordering: .releasing)
        afterwards?(session)
        finish(outcome)
    }

    private func outcome(on session: Session) -> Outcome {
        if limits.isCancelled { return .failure(.cancelledUnsent) }
        do {
            return .success(try work(session, limits))
        } catch {
            return .failure(error)
        }
    }

    func refuse(_ error: PostgresError) { finish(.failure(error)) }

    /// Sets who is told; must be called once, before the operation is posted.
    func attach(_ continuation: UnsafeContinuation<Outcome, Never>) {
        state.withLock { $0 = .awaited(continuation) }
    }

    /// Resumes the caller, the first time only.
    func finish(_ outcome: Outcome) {
        let continuation: UnsafeContinuation<Outcome, Never>? = state.withLock { state in
            guard case .awaited(let continuation) = state else { return nil }
            state = .finished
            return continuation
        }
        continuation?.resume(returning: outcome)
    }
}

extension PostgresError {
    /// The task was cancelled before anything was sent.
    static var cancelledUnsent: PostgresError {
        var error = PostgresError(.cancelled, "the task was cancelled before the statement was sent")
        error.neverSent = true
        return error
    }
}
