// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation
import Glibc
import Secrets
import Synchronization
import Testing

/// A number that many threads count.
private final class Counter: Sendable {
    private let number = Atomic(0)

    var value: Int { number.load(ordering: .relaxed) }

    func increment() -> Int { number.add(1, ordering: .relaxed).newValue }

    func decrement() { number.subtract(1, ordering: .relaxed) }

    func raise(to value: Int) { number.max(value, ordering: .relaxed) }
}

@Suite(.timeLimit(.minutes(1))) struct BoundedThreadPoolTests {
    @Test func everythingRunsOnThePoolsThreads() async throws {
        let pool = BoundedThreadPool(threads: 3, queueLimit: 1000)
        let running = Counter()
        let peak = Counter()
        let results = try await withThrowingTaskGroup(of: (Int, UInt).self) { group in
            for number in 1...500 {
                group.addTask {
                    try await pool.run {
                        let now = running.increment()
                        peak.raise(to: now)
                        usleep(100)
                        running.decrement()
                        return (number, UInt(pthread_self()))
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.map(\.0).sorted() == Array(1...500))
        #expect(Set(results.map(\.1)).count == 3)
        #expect(peak.value == 3)
        #expect(pool.queued == 0)
        await pool.stop()
    }

    @Test func queuedWorkIsCancelledAndRunningWorkFinished() async throws {
        let pool = BoundedThreadPool(threads: 1, queueLimit: 10)
        let (started, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let ran = Counter()
        let running = Task {
            try await pool.run {
                started.signal()
                gate.wait()
                return "finished"
            }
        }
        await onThread { started.wait() }
        let queued = (0..<3).map { _ in
            Task { try await pool.run { _ = ran.increment() } }
        }
        while pool.queued < 3 { try await Task.sleep(for: .milliseconds(1)) }
        queued[1].cancel()
        await #expect(throws: CancellationError.self) { try await queued[1].value }
        #expect(pool.queued == 2)
        running.cancel()
        gate.signal()
        #expect(try await running.value == "finished")
        try await queued[0].value
        try await queued[2].value
        #expect(ran.value == 2)

        let late = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await pool.run { 1 }
        }
        // Either the thread was faster or the cancellation was: but it ends.
        _ = await late.result
        await pool.stop()
    }

    @Test func fullPoolRefusesAndRecovers() async throws {
        let pool = BoundedThreadPool(threads: 1, queueLimit: 2)
        let (started, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let running = Task {
            try await pool.run {
                started.signal()
                gate.wait()
            }
        }
        await onThread { started.wait() }
        let queued = (0..<2).map { number in Task { try await pool.run { number } } }
        while pool.queued < 2 { try await Task.sleep(for: .milliseconds(1)) }
        await #expect(throws: BoundedThreadPool.Refusal.full) { try await pool.run { 3 } }
        queued[0].cancel()
        await #expect(throws: CancellationError.self) { try await queued[0].value }
        let fitting = Task { try await pool.run { 4 } }
        while pool.queued < 2 { try await Task.sleep(for: .milliseconds(1)) }
        gate.signal()
        #expect(try await fitting.value == 4)
        #expect(try await queued[1].value == 1)
        try await running.value
        await pool.stop()
    }

    @Test func stopFinishesWhatWasTaken() async throws {
        let pool = BoundedThreadPool(threads: 2, queueLimit: 100)
        let gate = DispatchSemaphore(value: 0)
        let done = Counter()
        let taken = (0..<50).map { _ in
            Task {
                try await pool.run {
                    gate.wait()
                    _ = done.increment()
                }
            }
        }
        while pool.queued < 48 { try await Task.sleep(for: .milliseconds(1)) }
        async let first: Void = pool.stop()
        async let second: Void = pool.stop()
        for _ in taken { gate.signal() }
        _ = await (first, second)
        #expect(done.value == 50)
        for task in taken { try await task.value }
        await #expect(throws: BoundedThreadPool.Refusal.stopped) { try await pool.run { 1 } }
        await pool.stop()
    }

    /// Work is submitted and cancelled from everywhere at once: every task ends, with one of the two outcomes, and none twice.
    @Test func cancellationStorm() async throws {
        let pool = BoundedThreadPool(threads: 2, queueLimit: 100_000)
        let ran = Counter()
        let (finished, cancelled) = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<3000 {
                group.addTask {
                    let task = Task { try await pool.run { _ = ran.increment() } }
                    if number % 2 == 0 { task.cancel() }
                    do {
                        try await task.value
                        return true
                    } catch { return false }
                }
            }
            return await group.reduce(into: (0, 0)) { counts, isFinished in
                if isFinished { counts.0 += 1 } else { counts.1 += 1 }
            }
        }
        #expect(finished + cancelled == 3000 && finished >= 1500)
        #expect(ran.value == finished)
        await pool.stop()
    }

    @Test func threadsEndWithThePool() async throws {
        func threads() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count }
        var pool: BoundedThreadPool? = BoundedThreadPool(threads: 64, queueLimit: 1)
        _ = try await pool?.run { 1 }
        let before = try threads()
        #expect(before >= 64)
        pool = nil
        for _ in 0..<1000 where try threads() > before - 40 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try threads() <= before - 40)
    }

    /// Waits on a thread of its own: a test that blocked a cooperative thread would prove nothing.
    private func onThread(_ body: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                body()
                continuation.resume()
            }
        }
    }
}
