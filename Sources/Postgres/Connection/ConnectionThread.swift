// SPDX-License-Identifier: Apache-2.0

internal import CLibPQ

/// What a connection's thread reports to its pool.
protocol ConnectionOwner: AnyObject, Sendable {
    /// The session is open.
    func connected(_ thread: ConnectionThread)
    /// The session could not be opened; the thread ends.
    func connectFailed(_ thread: ConnectionThread, _ error: PostgresError)
    /// The session is over; the thread ends.
    func closed(_ thread: ConnectionThread)
}

/// One connection: a thread that does the jobs in its mailbox, one after the other, on its own session.
final class ConnectionThread: Sendable {
    /// The number by which the pool knows the connection.
    let id: Int
    let mailbox = Mailbox()

    init(id: Int) {
        self.id = id
    }

    /// Starts the thread.
    func start(_ configuration: PostgresConfiguration, owner: any ConnectionOwner) {
        DetachedThread.start(name: "pg-\(id)") { [self] in
            let session: Session
            do throws(PostgresError) {
                session = try Session.connect(configuration, id: id, mailbox: mailbox)
            } catch {
                refuseRest()
                return owner.connectFailed(self, error)
            }
            owner.connected(self)
            serve(session)
            refuseRest()
            owner.closed(self)
        }
    }

    private func serve(_ session: Session) {
        while !session.isBroken {
            switch mailbox.next() {
            case .job(let job): job.perform(on: session)
            case .close: return
            case .empty: if !session.waitIdle() { return }
            }
        }
    }

    private func refuseRest() {
        for job in mailbox.end() { job.refuse(Self.gone) }
    }

    /// What callers are told whose jobs the thread will not do.
    static var gone: PostgresError {
        var error = PostgresError(.connectionLost, "the connection was closed before the statement was sent")
        error.neverSent = true
        return error
    }

    /// Does a piece of work on the connection's thread; reaching a limit ends it, and so does cancelling the calling task.
    func run<Value: Sendable>(
        deadline: MonotonicInstant, _ work: @escaping Operation<Value>.Work
    ) async -> Result<Value, PostgresError> {
        let operation = Operation(limits: Limits(deadline: deadline), work: work)
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                operation.attach(continuation)
                if !mailbox.post(operation) { operation.refuse(Self.gone) }
            }
        } onCancel: {
            operation.limits.cancel()
            mailbox.wake()
        }
    }

    /// Does a piece of work that must be done although the calling task is cancelled: rolling back, above all.
    func runShielded<Value: Sendable>(
        deadline: MonotonicInstant, _ work: @escaping Operation<Value>.Work
    ) async -> Result<Value, PostgresError> {
        let operation = Operation(limits: Limits(deadline: deadline), work: work)
        return await withUnsafeContinuation { continuation in
            operation.attach(continuation)
            if !mailbox.post(operation) { operation.refuse(Self.gone) }
        }
    }
}
