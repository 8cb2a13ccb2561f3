// SPDX-License-Identifier: Apache-2.0

package import Logging
internal import ServiceLifecycle

/// The database: a pool of connections that open as they are needed.
///
/// It works from the moment it is made; `run()` waits for the graceful shutdown and closes it.
package final class PostgresClient: Service, Sendable {
    /// What the pool looks like at one moment.
    package struct Statistics: Sendable, Hashable {
        /// Connections that are open or being opened.
        package let open: Int
        /// Connections that are with callers.
        package let leased: Int
        /// Callers that wait.
        package let waiting: Int
        /// Whether the last attempt to connect failed.
        package let isAway: Bool
    }

    /// Where the database is.
    package let configuration: PostgresConfiguration
    let pool: PoolCore

    /// Makes a client; no connection is opened before one is needed.
    package init(configuration: PostgresConfiguration, logger: Logger) {
        self.configuration = configuration
        pool = PoolCore(configuration: configuration, logger: logger)
        pool.start()
    }

    deinit {
        pool.abandon()
    }

    /// Waits for the graceful shutdown, or for cancellation, and closes.
    package func run() async throws {
        try? await gracefulShutdown()
        await close()
    }

    /// Closes the pool: new callers are refused, borrowed connections have `closeTimeout` to come back.
    package func close() async { await pool.close() }

    /// What the pool looks like now.
    package var statistics: Statistics { pool.statistics() }

    // MARK: Statements

    /// Borrows a connection, runs a statement on it and returns its rows.
    ///
    /// When the connection turns out to be gone before the statement was sent, another one is tried.
    package func query(_ query: PostgresQuery) async throws(PostgresError) -> PostgresRows {
        let deadline = MonotonicInstant.now + (query.timeout ?? configuration.statementTimeout)
        let isBatched = query.options.contains(.batchable)
        var attemptsLeft = configuration.pool.limit + 1
        while true {
            let outcome = isBatched ? await runBatched(query, deadline) : await run(query, deadline)
            switch outcome {
            case .success(let rows): return rows
            case .failure(let error):
                attemptsLeft -= 1
                // A read does no harm when it is run twice.
                let isHarmless = error.neverSent || isBatched
                guard error.kind == .connectionLost, isHarmless, attemptsLeft > 0 else { throw error }
            }
        }
    }

    /// Borrows a connection, runs a statement on it and returns how many rows it touched.
    @discardableResult
    package func execute(_ query: PostgresQuery) async throws(PostgresError) -> Int {
        try await self.query(query).affected
    }

    private func run(_ query: PostgresQuery, _ deadline: MonotonicInstant) async -> Result<PostgresRows, PostgresError> {
        let limits = Limits(deadline: deadline)
        let operation = Operation(
            limits: limits,
            work: { session, limits throws(PostgresError) in try session.run(query, limits) },
            afterwards: { [pool] in pool.release($0) })
        let caller = pool.newCaller()
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                operation.attach(continuation)
                pool.submit(operation, caller: caller, limits: limits)
            }
        } onCancel: {
            pool.cancel(caller, limits)
        }
    }

    private func runBatched(
        _ query: PostgresQuery, _ deadline: MonotonicInstant
    ) async -> Result<PostgresRows, PostgresError> {
        let operation = Operation(
            limits: Limits(deadline: deadline),
            work: { session, limits throws(PostgresError) in try session.run(query, limits) })
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                operation.attach(continuation)
                pool.submitBatched(BatchItem(query: query, operation: operation))
            }
        } onCancel: {
            // The batch is short and belongs to others too, so only this caller leaves.
            operation.limits.cancel()
            operation.refuse(PostgresError(.cancelled, "the task was cancelled"))
        }
    }

    // MARK: Connections

    /// Lends a connection to `body`. What it leaves open is rolled back.
    @discardableResult
    nonisolated(nonsending) package func withConnection<T>(
        _ body: nonisolated(nonsending) (PostgresConnection) async throws -> T
    ) async throws -> T {
        let deadline = MonotonicInstant.now + configuration.pool.leaseTimeout
        let thread = try await pool.lease(deadline: deadline).get()
        let connection = PostgresConnection(thread: thread, configuration: configuration)
        defer {
            connection.end()
            pool.release(thread)
        }
        return try await body(connection)
    }
}
