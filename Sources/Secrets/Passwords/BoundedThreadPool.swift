// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Glibc
import Synchronization

/// A fixed number of threads behind a bounded queue, for work that occupies a processor or blocks.
///
/// Swift's cooperative threads never run the work; a task that awaits it is suspended. Cancelling the task removes its work from the
/// queue; work that has begun is finished. The threads end with `stop()` or with the pool.
package final class BoundedThreadPool: Sendable {
    /// Why the pool did not take the work.
    package enum Refusal: Error {
        /// The queue is full.
        case full
        /// The pool was stopped.
        case stopped
    }

    private let core: PoolCore
    private let threads: Int

    /// A pool whose threads run at once; `queueLimit` is how much work may wait beyond what the threads are doing.
    package init(threads: Int, queueLimit: Int) {
        precondition(threads > 0 && queueLimit > 0, "a pool needs threads and a queue")
        self.threads = threads
        core = PoolCore(threads: threads, queueLimit: queueLimit)
        for _ in 0..<threads {
            core.startThread()
        }
    }

    deinit {
        core.beginStop()
    }

    /// How much work waits for a thread.
    package var queued: Int { core.queued }

    /// Runs the work on a thread of the pool.
    ///
    /// - Throws: `Refusal`, or `CancellationError` when the task was cancelled while the work was waiting.
    package func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async throws -> Value {
        let ticket = core.ticket()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
                let job = PoolCore.Job(
                    ticket: ticket,
                    run: { continuation.resume(returning: work()) },
                    refuse: { continuation.resume(throwing: $0) })
                core.submit(job)
                // The handler found nothing when it ran before the job was in the queue.
                if Task.isCancelled { core.cancel(ticket) }
            }
        } onCancel: {
            core.cancel(ticket)
        }
    }

    /// Takes no more work, finishes what is running or queued, and returns when all threads have ended.
    package func stop() async {
        core.beginStop()
        await core.untilStopped()
    }
}

/// What the threads share; it outlives the pool until the last thread has ended.
private final class PoolCore: Sendable {
    struct Job: Sendable {
        let ticket: UInt64
        let run: @Sendable () -> Void
        let refuse: @Sendable (any Error) -> Void
    }

    struct State {
        var queue: [Job] = []
        var tickets: UInt64 = 0
        var busy = 0
        var living: Int
        var isStopping = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let threads: Int
    private let queueLimit: Int
    private let state: Mutex<State>
    /// One count for each job that was queued, and one for each thread when stopping.
    private let wakeUps = DispatchSemaphore(value: 0)

    init(threads: Int, queueLimit: Int) {
        self.threads = threads
        self.queueLimit = queueLimit
        state = Mutex(State(living: threads))
    }

    var queued: Int { state.withLock { $0.queue.count } }

    func ticket() -> UInt64 {
        state.withLock { state in
            state.tickets += 1
            return state.tickets
        }
    }

    func submit(_ job: Job) {
        let refusal: BoundedThreadPool.Refusal? = state.withLock { state in
            if state.isStopping { return .stopped }
            let idle = state.living - state.busy
            if state.queue.count >= queueLimit + idle { return .full }
            state.queue.append(job)
            return nil
        }
        if let refusal {
            job.refuse(refusal)
        } else {
            wakeUps.signal()
        }
    }

    /// Takes the job out of the queue, if it still is there.
    func cancel(_ ticket: UInt64) {
        let job = state.withLock { state in
            state.queue.firstIndex { $0.ticket == ticket }.map { state.queue.remove(at: $0) }
        }
        job?.refuse(CancellationError())
    }

    func beginStop() {
        let isFirst = state.withLock { state in
            defer { state.isStopping = true }
            return !state.isStopping
        }
        guard isFirst else { return }
        for _ in 0..<threads {
            wakeUps.signal()
        }
    }

    func untilStopped() async {
        await withCheckedContinuation { continuation in
            let isStopped = state.withLock { state in
                if state.living > 0 { state.waiting.append(continuation) }
                return state.living == 0
            }
            if isStopped { continuation.resume() }
        }
    }

    func startThread() {
        let argument = Unmanaged.passRetained(self).toOpaque()
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<PoolCore>.fromOpaque(argument).takeRetainedValue().work() }
                return nil
            }, argument)
        guard result == 0 else { fatalError("the system refuses another thread: errno \(result)") }
        pthread_detach(thread)
    }

    /// Works until the pool is stopped and the queue is empty.
    func work() {
        while true {
            wakeUps.wait()
            let (job, isDone) = state.withLock { state -> (Job?, Bool) in
                guard !state.queue.isEmpty else { return (nil, state.isStopping) }
                state.busy += 1
                return (state.queue.removeFirst(), false)
            }
            if isDone { break }
            guard let job else { continue }
            job.run()
            state.withLock { $0.busy -= 1 }
        }
        let waiting = state.withLock { state in
            state.living -= 1
            return state.living == 0 ? state.waiting : []
        }
        waiting.forEach { $0.resume() }
    }
}
