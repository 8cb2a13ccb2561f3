// SPDX-License-Identifier: Apache-2.0

internal import CLibPQ
internal import Glibc

/// One libpq connection in non-blocking mode. It belongs to its connection's thread and is never touched by another.
final class Session {
    /// Why waiting ended.
    enum Wake {
        case ready
        case interrupted(PostgresError.Kind)
    }

    /// How long the server has to end a statement after it was told to.
    static let cancelGrace = Duration.seconds(5)

    let pointer: OpaquePointer
    /// The number by which the pool knows the connection.
    let id: Int
    let mailbox: Mailbox
    let configuration: PostgresConfiguration
    var cache: StatementCache
    /// Set when the session is in a state nobody can trust; the connection is closed then.
    var isBroken = false
    /// The cancellation that is under way, which must be over before the session is used again.
    var cancellation: Cancellation?

    init(pointer: OpaquePointer, id: Int, mailbox: Mailbox, configuration: PostgresConfiguration) {
        self.pointer = pointer
        self.id = id
        self.mailbox = mailbox
        self.configuration = configuration
        cache = StatementCache(capacity: configuration.statementCacheSize)
    }

    deinit {
        PQfinish(pointer)
    }

    /// Whether a transaction is open, and whether it has failed.
    var transactionStatus: PGTransactionStatusType { PQtransactionStatus(pointer) }

    /// Whether the next borrower finds a clean session.
    var isIdle: Bool { !isBroken && transactionStatus == PQTRANS_IDLE }

    /// Rolls back what a borrower left open; the session is broken when that fails.
    func reset() {
        guard !isBroken, transactionStatus != PQTRANS_IDLE else { return }
        _ = try? runCommand("rollback", Limits(deadline: .now + Self.cancelGrace))
        if transactionStatus != PQTRANS_IDLE { isBroken = true }
    }

    // MARK: Waiting

    /// Waits until the socket is ready, the deadline passes or the caller cancels.
    func wait(for events: Int32, limits: Limits) -> Wake {
        while true {
            // Asleep first, then look: whoever cancels after the look rings the bell.
            mailbox.fallAsleep()
            if limits.isCancelled { return .interrupted(.cancelled) }
            let timeout = limits.deadline.pollTimeout(from: .now)
            if timeout == 0 { return .interrupted(.timeout) }
            if pollSocket(events, timeout: timeout) { return .ready }
        }
    }

    /// Waits once on the socket and the bell; true when the socket is ready.
    func pollSocket(_ events: Int32, timeout: Int32) -> Bool {
        withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { descriptors in
            descriptors.initializeElement(at: 0, to: pollfd(fd: PQsocket(pointer), events: Int16(events), revents: 0))
            descriptors.initializeElement(at: 1, to: pollfd(fd: mailbox.bell, events: Int16(POLLIN), revents: 0))
            let ready = poll(descriptors.baseAddress, 2, timeout)
            if ready <= 0 { return false }
            if descriptors[1].revents != 0 { mailbox.answerBell() }
            return descriptors[0].revents != 0
        }
    }

    /// Sleeps until there is a job; false when the server closed the session meanwhile.
    func waitIdle() -> Bool {
        guard pollSocket(POLLIN, timeout: -1) else { return true }
        guard PQconsumeInput(pointer) == 1, PQstatus(pointer) == CONNECTION_OK else { return false }
        drainNotifications()
        // In the middle of a COPY this is the server's refusal; it is read when the copy is ended.
        if transactionStatus == PQTRANS_ACTIVE { return PQstatus(pointer) == CONNECTION_OK }
        // An idle server speaks only to notify, or to say why it hangs up.
        while PQisBusy(pointer) == 0, let result = PQgetResult(pointer) {
            PQclear(result)
        }
        return PQstatus(pointer) == CONNECTION_OK
    }

    func drainNotifications() {
        while let notification = PQnotifies(pointer) { PQfreemem(notification) }
    }

    // MARK: Sending and receiving

    /// Sends what libpq holds back, reading meanwhile so that both sides never wait for each other.
    func flush(_ limits: Limits) throws(PostgresError) {
        while true {
            switch PQflush(pointer) {
            case 0: return
            case 1:
                if case .interrupted(let kind) = wait(for: POLLIN | POLLOUT, limits: cancellation?.grace ?? limits) {
                    try interrupt(kind)
                } else if PQconsumeInput(pointer) != 1 {
                    throw lost()
                }
            default: throw lost()
            }
        }
    }

    /// The next result, or nil at the end of a statement. A limit that is reached cancels the statement at the server.
    func nextResult(_ limits: Limits) throws(PostgresError) -> ResultStorage? {
        while PQisBusy(pointer) == 1 {
            switch wait(for: POLLIN, limits: cancellation?.grace ?? limits) {
            case .ready:
                guard PQconsumeInput(pointer) == 1 else { throw lost() }
            case .interrupted(let kind):
                try interrupt(kind)
            }
        }
        guard let result = PQgetResult(pointer) else { return nil }
        return ResultStorage(result)
    }

    /// A limit was reached: cancels the statement at the server. When that has been tried already, gives the session up.
    private func interrupt(_ kind: PostgresError.Kind) throws(PostgresError) {
        if let cancellation {
            isBroken = true
            throw interruption(cancellation.reason)
        }
        cancellation = Cancellation(of: self, reason: kind)
    }

    /// The last result of a statement; its first error is thrown once the session is quiet again.
    @discardableResult
    func collect(_ limits: Limits) throws(PostgresError) -> ResultStorage {
        var last: ResultStorage?
        var failure: PostgresError?
        while let result = try nextResult(limits) {
            switch result.status {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: last = result
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                // Nobody feeds or drains this copy; the session cannot leave it by itself.
                isBroken = true
                throw PostgresError(.usage, "COPY is only possible through copyIn")
            default:
                if failure == nil { failure = serverError(result) }
                if PQstatus(pointer) == CONNECTION_BAD { isBroken = true }
            }
            if isBroken { break }
        }
        let reason = settleCancellation()
        // The server has lost its role: the next connection looks for the one that has it now.
        if failure?.sqlState == "25006", configuration.targetSession == .readWrite { isBroken = true }
        if let failure { throw translated(failure, cancelledFor: reason) }
        guard let last else { throw lost() }
        return last
    }

    // MARK: Errors

    /// The error in a result; with the connection gone it is the loss that matters.
    func serverError(_ result: ResultStorage) -> PostgresError {
        result.error(kind: PQstatus(pointer) == CONNECTION_BAD ? .connectionLost : .server)
    }

    /// Turns the server's "cancelled" into the reason why we cancelled.
    func translated(_ failure: PostgresError, cancelledFor reason: PostgresError.Kind?) -> PostgresError {
        guard let reason, failure.sqlState == "57014" else { return failure }
        var error = interruption(reason)
        error.sqlState = failure.sqlState
        return error
    }

    func interruption(_ kind: PostgresError.Kind) -> PostgresError {
        PostgresError(kind, kind == .timeout ? "the statement ran past its deadline" : "the task was cancelled")
    }

    /// The connection is gone.
    func lost() -> PostgresError {
        isBroken = true
        return PostgresError(.connectionLost, "the connection to the server was lost")
    }
}
