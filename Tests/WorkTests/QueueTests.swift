// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Logging
import Postgres
import ServiceLifecycle
import Synchronization
import Testing

@testable import Work

/// The durable queue and its worker, on real PostgreSQL.
@Suite struct QueueTests {
    static let quiet = Logger(label: "quiet", factory: { _ in SwiftLogNoOpLogHandler() })

    /// Counts what it is given to do, and does it as told.
    final class Recorder: JobHandler {
        let kind = "test"
        let longestPause = Duration.milliseconds(20)
        let log = Mutex<[String]>([])
        private let work: @Sendable (Job) async throws -> JobOutcome

        init(_ work: @escaping @Sendable (Job) async throws -> JobOutcome) { self.work = work }

        func due() -> [String] { [] }

        func run(_ job: Job) async throws -> JobOutcome {
            log.withLock { $0.append(job.key) }
            return try await work(job)
        }
    }

    static func options(concurrency: Int = 4) -> Worker.Options {
        var options = Worker.Options()
        options.concurrency = concurrency
        options.period = .milliseconds(10)
        options.firstPause = .milliseconds(5)
        return options
    }

    /// Runs workers until `isDone`, then drains them.
    static func drain(
        _ workers: [Worker], until isDone: @escaping @Sendable () async throws -> Bool
    ) async throws {
        let group = ServiceGroup(
            configuration: .init(services: workers.map { .init(service: $0) }, logger: quiet))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            while try await !isDone() { try await Task.sleep(for: .milliseconds(5)) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test func eachJobIsDoneOnceByOneOfSeveralDaemons() async throws {
        try await withDirectory(pool: .init(limit: 8)) { world in
            let queue = JobQueue(postgres: world.postgres)
            try await queue.enqueue("test", keys: (1...200).map { "k\($0)" })
            try await queue.enqueue("test", keys: (1...200).map { "k\($0)" })
            let recorders = (0..<3).map { _ in Recorder { _ in .done } }
            let workers = recorders.map {
                Worker(queue: queue, handlers: [$0], options: Self.options(concurrency: 8), logger: Self.quiet)
            }
            try await Self.drain(workers) { try await world.count("select count(*) from jobs") == 0 }
            let done = recorders.flatMap { $0.log.withLock { $0 } }
            #expect(done.count == 200 && Set(done).count == 200)
        }
    }

    @Test func aWorkerThatDiesLosesItsJobAndCannotFinishIt() async throws {
        try await withDirectory { world in
            let queue = JobQueue(postgres: world.postgres, lease: .seconds(30))
            try await queue.enqueue("test", keys: ["one"])
            let dead = try #require(try await queue.claim(["test"], limit: 9).first)
            // While the lease stands nobody else gets it, and it can be renewed.
            #expect(try await queue.claim(["test"], limit: 9).isEmpty)
            #expect(try await queue.renew(dead))
            try await world.postgres.execute("update jobs set leased_until = now() - interval '1 second'")
            let heir = try #require(try await queue.claim(["test"], limit: 9).first)
            #expect(heir.id == dead.id && heir.attempts == 2 && heir.lease != dead.lease)
            // The dead one comes back: nothing of what it says counts.
            #expect(try await !queue.renew(dead))
            try await queue.finish(dead)
            try await queue.release(dead, attempts: 0, after: .seconds(9))
            #expect(try await world.count("select count(*) from jobs where lease is not null and attempts = 2") == 1)
            try await queue.finish(heir)
            #expect(try await world.count("select count(*) from jobs") == 0)
        }
    }

    @Test func aLostLeaseCancelsTheHandler() async throws {
        try await withDirectory { world in
            let queue = JobQueue(postgres: world.postgres, lease: .milliseconds(300))
            try await queue.enqueue("test", keys: ["one"])
            let cancelled = Mutex(false)
            let recorder = Recorder { job in
                // Another worker was given it meanwhile.
                if job.attempts == 1 {
                    try await world.postgres.execute("update jobs set lease = gen_random_uuid(), leased_until = now()")
                    do {
                        try await Task.sleep(for: .seconds(60))
                    } catch {
                        cancelled.withLock { $0 = true }
                        throw error
                    }
                }
                return .done
            }
            let worker = Worker(queue: queue, handlers: [recorder], options: Self.options(), logger: Self.quiet)
            try await Self.drain([worker]) { try await world.count("select count(*) from jobs") == 0 }
            #expect(cancelled.withLock { $0 } && recorder.log.withLock { $0.count } >= 2)
        }
    }

    @Test func failuresArePausedAndAgainStartsAfresh() async throws {
        try await withDirectory { world in
            let queue = JobQueue(postgres: world.postgres)
            try await queue.enqueue("test", keys: ["one"])
            struct Broken: Error {}
            let attempts = Mutex<[Int]>([])
            let recorder = Recorder { job in
                let count = attempts.withLock { list in
                    list.append(job.attempts)
                    return list.count
                }
                if count <= 3 { throw Broken() }
                return count == 4 ? .again(after: .zero) : .done
            }
            let worker = Worker(queue: queue, handlers: [recorder], options: Self.options(), logger: Self.quiet)
            try await Self.drain([worker]) { try await world.count("select count(*) from jobs") == 0 }
            #expect(attempts.withLock { $0 } == [1, 2, 3, 4, 1])
        }
    }

    @Test func drainingGivesTheJobBackAtOnce() async throws {
        try await withDirectory { world in
            let queue = JobQueue(postgres: world.postgres)
            try await queue.enqueue("test", keys: ["long"])
            let recorder = Recorder { _ in
                try await Task.sleep(for: .seconds(600))
                return .done
            }
            let worker = Worker(queue: queue, handlers: [recorder], options: Self.options(), logger: Self.quiet)
            try await Self.drain([worker]) { recorder.log.withLock { !$0.isEmpty } }
            #expect(
                try await world.count(
                    "select count(*) from jobs where lease is null and run_at <= now() and attempts = 0") == 1)
        }
    }
}
