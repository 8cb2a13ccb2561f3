// SPDX-License-Identifier: Apache-2.0

/// Who gets which connection, and when connections are opened, checked and closed.
///
/// A pure value: every input returns what is to be done. Connections are numbers here, waiting callers too.
struct PoolStateMachine {
    /// Why a waiting caller gets no connection.
    enum Refusal: Hashable {
        case cancelled
        case timeout
        /// As `timeout`, while the server cannot be reached.
        case unavailable
        case closed
    }

    /// What is to be done.
    enum Action: Hashable {
        /// Open the connection with this number.
        case connect(Int)
        /// Give the connection to the waiting caller.
        case hand(Int, to: UInt64)
        /// Tell the waiting caller that there is none.
        case refuse(UInt64, Refusal)
        /// Check that the idle connection is alive, then release it.
        case check(Int)
        /// Close the connection.
        case close(Int)
        /// The last connection is gone after `close`.
        case finished
    }

    /// The answer to a caller who wants a connection.
    enum Lease: Hashable {
        case granted(Int)
        case refused(Refusal)
        case queued([Action])
    }

    private enum ConnectionState: Equatable {
        case connecting
        case idle(since: MonotonicInstant, checked: MonotonicInstant)
        case leased
        case checking(idleSince: MonotonicInstant)
        case closing
    }

    private let settings: PostgresConfiguration.Pool
    private var connections: [Int: ConnectionState] = [:]
    /// Idle connections; the one used last is taken first, so that the surplus can age.
    private var idle: [Int] = []
    private var queue = WaitingQueue()
    private var lastConnection = 0
    private var failures = 0
    private var retryAt: MonotonicInstant?
    private var isClosing = false
    private var closeDeadline = MonotonicInstant.never

    init(settings: PostgresConfiguration.Pool) {
        self.settings = settings
    }

    /// How many callers wait.
    var waiting: Int { queue.count }
    /// How many connections are open or being opened.
    var open: Int { connections.count }
    /// How many connections are with callers.
    var leased: Int { connections.values.count { $0 == .leased } }
    /// Whether the last attempt to connect failed.
    var isAway: Bool { failures > 0 }

    // MARK: Callers

    /// A caller wants a connection.
    mutating func lease(_ caller: UInt64, deadline: MonotonicInstant) -> Lease {
        if isClosing { return .refused(.closed) }
        if queue.count == 0, let connection = takeIdle() { return .granted(connection) }
        queue.append(caller, deadline: deadline)
        return .queued(openMore())
    }

    /// A caller wants a connection only if one is free at once.
    mutating func leaseIfIdle() -> Int? {
        isClosing || queue.count > 0 ? nil : takeIdle()
    }

    /// A waiting caller has lost interest.
    mutating func cancel(_ caller: UInt64) -> [Action] {
        queue.remove(caller) ? [.refuse(caller, .cancelled)] : []
    }

    /// A caller gives its connection back, in good order.
    mutating func release(_ connection: Int, now: MonotonicInstant) -> [Action] {
        guard let state = connections[connection], state != .closing else { return [] }
        if isClosing {
            connections[connection] = .closing
            return [.close(connection)]
        }
        if let caller = queue.popFirst() {
            connections[connection] = .leased
            return [.hand(connection, to: caller)]
        }
        var since = now
        if case .checking(let idleSince) = state { since = idleSince }
        connections[connection] = .idle(since: since, checked: now)
        idle.append(connection)
        return []
    }

    // MARK: Connections

    /// A connection is open.
    mutating func connected(_ connection: Int, now: MonotonicInstant) -> [Action] {
        failures = 0
        retryAt = nil
        let actions = release(connection, now: now)
        return actions + openMore()
    }

    /// A connection could not be opened: pause before the next attempt, twice as long each time.
    mutating func connectFailed(_ connection: Int, now: MonotonicInstant) -> [Action] {
        connections[connection] = nil
        // Attempts that were made together count once, or four of them would mean sixteen times the pause.
        if retryAt == nil {
            failures += 1
            var pause = settings.backOff
            for _ in 1..<max(2, min(failures, 30)) where failures > 1 && pause < settings.maximumBackOff { pause = pause * 2 }
            retryAt = now + min(pause, settings.maximumBackOff)
        }
        return finishedIfEmpty()
    }

    /// A connection is gone, whatever it was doing.
    mutating func closed(_ connection: Int, now: MonotonicInstant) -> [Action] {
        connections[connection] = nil
        idle.removeAll { $0 == connection }
        return isClosing ? finishedIfEmpty() : openMore()
    }

    // MARK: Time

    /// When `tick` is to be called next.
    var nextTick: MonotonicInstant {
        var next = min(queue.earliestDeadline, isClosing ? closeDeadline : .never)
        if let retryAt, queue.count > 0 { next = min(next, retryAt) }
        for connection in idle {
            if case .idle(let since, let checked) = connections[connection] {
                next = min(next, since + settings.idleTimeout, checked + settings.keepAlive)
            }
        }
        return next
    }

    /// Time has passed.
    mutating func tick(now: MonotonicInstant) -> [Action] {
        let refusal: Refusal = isAway ? .unavailable : .timeout
        var actions: [Action] = queue.removeExpired(now: now).map { .refuse($0, refusal) }
        if let retryAt, retryAt <= now {
            self.retryAt = nil
            actions += openMore()
        }
        actions += tendIdle(now: now)
        if isClosing, closeDeadline <= now, !connections.isEmpty {
            // What is still borrowed is abandoned: its thread ends with its statement.
            connections = [:]
            actions.append(.finished)
        }
        return actions
    }

    /// Closes what has been idle too long and checks what has not been heard of.
    private mutating func tendIdle(now: MonotonicInstant) -> [Action] {
        var actions: [Action] = []
        for connection in idle {
            guard case .idle(let since, let checked) = connections[connection] else { continue }
            if since + settings.idleTimeout <= now {
                connections[connection] = .closing
                actions.append(.close(connection))
            } else if checked + settings.keepAlive <= now {
                connections[connection] = .checking(idleSince: since)
                actions.append(.check(connection))
            }
        }
        if !actions.isEmpty {
            idle.removeAll { connection in
                if case .idle = connections[connection] { return false }
                return true
            }
        }
        return actions
    }

    // MARK: Closing

    /// No new callers; borrowed connections close when they come back, at the deadline at the latest.
    mutating func close(deadline: MonotonicInstant) -> [Action] {
        if isClosing { return [] }
        isClosing = true
        closeDeadline = deadline
        var actions: [Action] = queue.removeAll().map { .refuse($0, .closed) }
        for connection in idle {
            connections[connection] = .closing
            actions.append(.close(connection))
        }
        idle = []
        return actions + finishedIfEmpty()
    }

    // MARK: Parts

    private mutating func takeIdle() -> Int? {
        guard let connection = idle.popLast() else { return nil }
        connections[connection] = .leased
        return connection
    }

    /// Opens as many connections as there are callers without one, up to the limit.
    private mutating func openMore() -> [Action] {
        if isClosing || retryAt != nil { return [] }
        var onTheWay = connections.values.count { $0 == .connecting }
        // While the server is away one attempt at a time is enough to find out that it is back.
        let wanted = isAway ? min(1, queue.count) : queue.count
        var actions: [Action] = []
        while onTheWay < wanted, connections.count < settings.limit {
            lastConnection += 1
            connections[lastConnection] = .connecting
            actions.append(.connect(lastConnection))
            onTheWay += 1
        }
        return actions
    }

    private func finishedIfEmpty() -> [Action] {
        isClosing && connections.isEmpty ? [.finished] : []
    }
}
