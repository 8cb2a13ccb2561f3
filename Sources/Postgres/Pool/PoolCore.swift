// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Logging
internal import Metrics
internal import Synchronization

/// The shell around the pool's state machine: threads, callers and the clock.
final class PoolCore: ConnectionOwner {
    /// Who waits for a connection.
    enum Waiter {
        /// A task that wants to hold it.
        case task(UnsafeContinuation<Result<ConnectionThread, PostgresError>, Never>)
        /// A job that is put into its mailbox at once, which spares a detour through a task.
        case job(any Job)
    }

    private struct State {
        var machine: PoolStateMachine
        var threads: [Int: ConnectionThread] = [:]
        var waiters: [UInt64: Waiter] = [:]
        var callers: UInt64 = 0
        /// Why the last attempt to connect failed.
        var connectError: PostgresError?
        /// Until when the clock sleeps.
        var wakesAt = MonotonicInstant.never
        var isFinished = false
        var closers: [UnsafeContinuation<Void, Never>] = []
        var batch = BatchLanes()
    }

    /// What is left to do outside the lock.
    private struct Effects {
        var connect: [ConnectionThread] = []
        var close: [ConnectionThread] = []
        var check: [ConnectionThread] = []
        var resume: [(Waiter, Result<ConnectionThread, PostgresError>)] = []
        var closers: [UnsafeContinuation<Void, Never>] = []
        var ringClock = false
    }

    /// The longest sleep of the clock: deadlines further away need not wake it when they are set.
    private static let longestSleep = Duration.seconds(1)

    let configuration: PostgresConfiguration
    private let logger: Logger
    private let state: Mutex<State>
    private let clock = Mailbox()
    private let connects = Counter(label: "postgres_connects_total")
    private let connectFailures = Counter(label: "postgres_connect_failures_total")

    init(configuration: PostgresConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        state = Mutex(State(machine: PoolStateMachine(settings: configuration.pool)))
    }

    /// Starts the clock, which ends when the pool has closed.
    func start() {
        DetachedThread.start(name: "pg-pool") { [self] in runClock() }
    }

    // MARK: Borrowing

    /// Borrows a connection for a task.
    func lease(deadline: MonotonicInstant) async -> Result<ConnectionThread, PostgresError> {
        if let thread = leaseIfIdle() { return .success(thread) }
        let limits = Limits(deadline: deadline)
        let caller = newCaller()
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                wait(caller, .task(continuation), limits: limits)
            }
        } onCancel: {
            cancel(caller, limits)
        }
    }

    /// Has a job done by the first connection that is free; its end must call `release(_: Session)`.
    func submit(_ job: any Job, caller: UInt64, limits: Limits) {
        if let thread = leaseIfIdle() {
            if !thread.mailbox.post(job) { job.refuse(ConnectionThread.gone) }
        } else {
            wait(caller, .job(job), limits: limits)
        }
    }

    /// A number for a caller who may have to wait.
    func newCaller() -> UInt64 {
        state.withLock { state in
            state.callers += 1
            return state.callers
        }
    }

    /// A caller has lost interest: it leaves the queue, or its connection's thread is woken to notice.
    func cancel(_ caller: UInt64, _ limits: Limits) {
        // The mark comes before the look into the queue: `wait` sees one or the other.
        limits.cancel()
        update { state, _ in state.machine.cancel(caller) }
    }

    private func leaseIfIdle() -> ConnectionThread? {
        state.withLock { state in
            state.machine.leaseIfIdle().flatMap { state.threads[$0] }
        }
    }

    private func wait(_ caller: UInt64, _ waiter: Waiter, limits: Limits) {
        let deadline = min(limits.deadline, .now + configuration.pool.leaseTimeout)
        update { state, effects in
            if limits.isCancelled {
                effects.resume.append((waiter, .failure(.cancelledUnsent)))
                return []
            }
            switch state.machine.lease(caller, deadline: deadline) {
            case .granted(let id):
                if let thread = state.threads[id] { effects.resume.append((waiter, .success(thread))) }
                return []
            case .refused(let refusal):
                effects.resume.append((waiter, .failure(Self.error(refusal, state.connectError))))
                return []
            case .queued(let actions):
                state.waiters[caller] = waiter
                return actions
            }
        }
    }

    // MARK: Giving back

    /// Gives a connection back from its own thread, cleaned.
    func release(_ session: Session) {
        session.reset()
        if session.isBroken { return }
        session.mailbox.isClean.store(true, ordering: .releasing)
        release(id: session.id)
    }

    /// Gives a connection back from a task.
    func release(_ thread: ConnectionThread) {
        if thread.mailbox.isClean.load(ordering: .acquiring) { return release(id: thread.id) }
        let cleaning = Operation<Void>(
            limits: Limits(deadline: .never), work: { _, _ in }, afterwards: { [self] in release($0) })
        // A thread that has gone has reported so, and its connection is not in the pool any more.
        _ = thread.mailbox.post(cleaning)
    }

    private func release(id: Int) {
        update { state, _ in state.machine.release(id, now: .now) }
    }

    // MARK: What threads report

    func connected(_ thread: ConnectionThread) {
        connects.increment()
        update { state, _ in
            state.connectError = nil
            return state.machine.connected(thread.id, now: .now)
        }
    }

    func connectFailed(_ thread: ConnectionThread, _ error: PostgresError) {
        connectFailures.increment()
        logger.debug("no connection to the database", metadata: ["error": "\(error)"])
        update { state, _ in
            state.connectError = error
            state.threads[thread.id] = nil
            return state.machine.connectFailed(thread.id, now: .now)
        }
    }

    func closed(_ thread: ConnectionThread) {
        update { state, _ in
            state.threads[thread.id] = nil
            return state.machine.closed(thread.id, now: .now)
        }
    }

    // MARK: Closing

    /// Closes the pool; borrowed connections have until the deadline to come back.
    func close() async {
        await withUnsafeContinuation { continuation in
            update { state, effects in
                if state.isFinished {
                    effects.closers.append(continuation)
                    return []
                }
                state.closers.append(continuation)
                return state.machine.close(deadline: .now + configuration.pool.closeTimeout)
            }
        }
    }

    /// Closes the pool without waiting for it.
    func abandon() {
        update { state, _ in state.machine.close(deadline: .now + configuration.pool.closeTimeout) }
    }

    /// What the pool looks like now.
    func statistics() -> PostgresClient.Statistics {
        state.withLock { state in
            PostgresClient.Statistics(
                open: state.machine.open, leased: state.machine.leased, waiting: state.machine.waiting,
                isAway: state.machine.isAway)
        }
    }

    // MARK: Batches

    /// Puts a read into the next batch; starts a lane for it when there are too few.
    func submitBatched(_ item: BatchItem) {
        let lane: UInt64? = state.withLock { state in
            guard state.batch.add(item) else { return nil }
            state.callers += 1
            return state.callers
        }
        if let lane { submit(BatchLane(pool: self), caller: lane, limits: Limits(deadline: .never)) }
    }

    /// The next batch for a lane; when there is none the lane has ended.
    func nextBatch() -> [BatchItem] {
        state.withLock { $0.batch.next() }
    }

    /// A lane gets no connection: takes what waits for it when no other lane will.
    func laneFailed() -> [BatchItem] {
        state.withLock { $0.batch.laneFailed() }
    }

    // MARK: The clock

    private func runClock() {
        while true {
            clock.fallAsleep()
            let (wakesAt, isFinished) = state.withLock { state in
                state.wakesAt = min(state.machine.nextTick, .now + Self.longestSleep)
                return (state.wakesAt, state.isFinished)
            }
            if isFinished { return }
            var descriptor = pollfd(fd: clock.bell, events: Int16(POLLIN), revents: 0)
            if poll(&descriptor, 1, wakesAt.pollTimeout(from: .now)) > 0 { clock.answerBell() }
            update { state, _ in state.machine.tick(now: .now) }
        }
    }

    // MARK: Doing what the machine says

    private func update(_ change: (inout State, inout Effects) -> [PoolStateMachine.Action]) {
        var effects = Effects()
        state.withLock { state in
            let actions = change(&state, &effects)
            for action in actions { Self.apply(action, to: &state, &effects) }
            // Giving back only sets deadlines far away, so the fast path does not compute them.
            if !actions.isEmpty || state.isFinished {
                effects.ringClock = state.isFinished || state.machine.nextTick < state.wakesAt
            } else if state.machine.waiting > 0, state.machine.nextTick < state.wakesAt {
                effects.ringClock = true
            }
        }
        perform(effects)
    }

    private static func apply(_ action: PoolStateMachine.Action, to state: inout State, _ effects: inout Effects) {
        switch action {
        case .connect(let id):
            let thread = ConnectionThread(id: id)
            state.threads[id] = thread
            effects.connect.append(thread)
        case .hand(let id, let caller):
            guard let thread = state.threads[id], let waiter = state.waiters.removeValue(forKey: caller) else { return }
            effects.resume.append((waiter, .success(thread)))
        case .refuse(let caller, let refusal):
            guard let waiter = state.waiters.removeValue(forKey: caller) else { return }
            effects.resume.append((waiter, .failure(error(refusal, state.connectError))))
        case .check(let id):
            if let thread = state.threads[id] { effects.check.append(thread) }
        case .close(let id):
            if let thread = state.threads[id] { effects.close.append(thread) }
        case .finished:
            state.isFinished = true
            effects.closers += state.closers
            state.closers = []
        }
    }

    private func perform(_ effects: Effects) {
        for (waiter, outcome) in effects.resume {
            switch (waiter, outcome) {
            case (.task(let continuation), _): continuation.resume(returning: outcome)
            case (.job(let job), .success(let thread)):
                if !thread.mailbox.post(job) { job.refuse(ConnectionThread.gone) }
            case (.job(let job), .failure(let error)): job.refuse(error)
            }
        }
        for thread in effects.connect { thread.start(configuration, owner: self) }
        for thread in effects.close { thread.mailbox.requestClose() }
        for thread in effects.check { check(thread) }
        for closer in effects.closers { closer.resume() }
        if effects.ringClock { clock.wake() }
    }

    /// An empty statement tells whether the server is still there.
    private func check(_ thread: ConnectionThread) {
        let limits = Limits(deadline: .now + Session.cancelGrace)
        let check = Operation<Void>(
            limits: limits,
            work: { session, limits throws(PostgresError) in try session.runScript("", limits) },
            afterwards: { [self] in release($0) })
        _ = thread.mailbox.post(check)
    }

    private static func error(_ refusal: PoolStateMachine.Refusal, _ connectError: PostgresError?) -> PostgresError {
        switch refusal {
        case .cancelled: return .cancelledUnsent
        case .timeout: return PostgresError(.poolTimeout, "no database connection became free in time")
        case .unavailable:
            return PostgresError(.unavailable, "the database cannot be reached", underlying: connectError)
        case .closed: return PostgresError(.poolClosed, "the database client is closing")
        }
    }
}
