// SPDX-License-Identifier: Apache-2.0

package import Logging
import Postgres
import ServiceLifecycle

/// Does the queue's jobs, some at a time, until the graceful shutdown; then it gives back what it holds.
///
/// It looks every second and whenever a job has ended. Connections come from the shared pool, which holds none for listening:
/// a look is one small statement, and the work can wait that long.
package struct Worker: Service {
    /// How a worker works.
    package struct Options: Sendable {
        /// Jobs at a time.
        package var concurrency = 4
        /// Between two looks.
        package var period = Duration.seconds(1)
        /// The pause after the first failed attempt; it doubles with each.
        package var firstPause = Duration.seconds(5)

        package init() {}
    }

    private let queue: JobQueue
    private let handlers: [String: any JobHandler]
    private let options: Options
    private let logger: Logger

    package init(queue: JobQueue, handlers: [any JobHandler], options: Options = Options(), logger: Logger) {
        self.queue = queue
        self.handlers = Dictionary(handlers.map { ($0.kind, $0) }) { first, _ in first }
        self.options = options
        self.logger = logger
    }

    private enum Wake { case look, ended }

    package func run() async throws {
        await withTaskGroup(of: Wake.self) { group in
            var running = 0
            var isAway = false
            group.addTask { .look }
            while let wake = await group.next() {
                if wake == .ended { running -= 1 }
                // What runs is cancelled and gives its job back; nothing new is begun.
                if Task.isShuttingDownGracefully || Task.isCancelled { continue }
                do {
                    if wake == .look { try await refill() }
                    let jobs = try await queue.claim(Array(handlers.keys), limit: options.concurrency - running)
                    for job in jobs { group.addTask { await perform(job) } }
                    running += jobs.count
                    isAway = false
                } catch {
                    if !isAway, !Task.isShuttingDownGracefully, !Task.isCancelled {
                        logger.warning("the queue cannot be read: trying again", metadata: ["error": "\(error)"])
                    }
                    isAway = true
                }
                if wake == .look { group.addTask { await pause() } }
            }
        }
    }

    private func pause() async -> Wake {
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: options.period) }
        return .look
    }

    private func refill() async throws {
        for handler in handlers.values { try await queue.enqueue(handler.kind, keys: try await handler.due()) }
    }

    // MARK: - One job

    private enum End {
        case outcome(JobOutcome)
        case failed(any Error)
        case lost
    }

    private func perform(_ job: Job) async -> Wake {
        guard let handler = handlers[job.kind] else { return .ended }
        do {
            switch await end(of: job, handler) {
            case .outcome(.done): try await queue.finish(job)
            case .outcome(.again(let pause)): try await queue.release(job, attempts: 0, after: pause)
            case .failed where Task.isShuttingDownGracefully:
                try await queue.release(job, attempts: job.attempts - 1, after: .zero)
            case .failed(let error): try await fail(job, handler, error)
            case .lost: logger.warning("another worker has the job", metadata: ["job": "\(job.kind)", "key": "\(job.key)"])
            }
        } catch {
            // The lease runs out, and the job is done again.
            logger.warning("a job could not be given back", metadata: ["job": "\(job.kind)", "error": "\(error)"])
        }
        return .ended
    }

    /// Runs the handler while the lease is renewed; whichever ends first ends the other.
    private func end(of job: Job, _ handler: any JobHandler) async -> End {
        await withTaskGroup(of: End?.self) { group in
            group.addTask {
                do {
                    return .outcome(try await cancelWhenGracefulShutdown { try await handler.run(job) })
                } catch {
                    return .failed(error)
                }
            }
            group.addTask { await hold(job) }
            defer { group.cancelAll() }
            while let end = await group.next() { if let end { return end } }
            return .lost
        }
    }

    /// Renews until it is cancelled, which gives nil, or until the lease is lost.
    private func hold(_ job: Job) async -> End? {
        while true {
            do {
                try await Task.sleep(for: queue.renewal)
                guard try await queue.renew(job) else { return .lost }
            } catch is CancellationError {
                return nil
            } catch {
                // The database is away; whether the lease still stands shows when it is back.
                if Task.isCancelled { return nil }
            }
        }
    }

    private func fail(_ job: Job, _ handler: any JobHandler, _ error: any Error) async throws(PostgresError) {
        let doubled = options.firstPause * (1 << min(job.attempts - 1, 20))
        let pause = min(doubled, handler.longestPause) * Double.random(in: 0.75...1)
        logger.warning(
            "a job failed: trying again",
            metadata: ["job": "\(job.kind)", "key": "\(job.key)", "attempts": "\(job.attempts)", "error": "\(error)"])
        try await queue.release(job, attempts: job.attempts, after: pause, error: String("\(error)".prefix(500)))
    }
}
