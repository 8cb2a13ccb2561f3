// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// A borrowed connection: valid inside the closure it was given to, where its statements run one after the other.
package final class PostgresConnection: Sendable {
    let thread: ConnectionThread
    private let configuration: PostgresConfiguration
    private let hasEnded = Atomic<Bool>(false)
    /// Whether the last statement failed in a way that running the transaction again may cure.
    private let lastFailureIsRetryable = Atomic<Bool>(false)

    init(thread: ConnectionThread, configuration: PostgresConfiguration) {
        self.thread = thread
        self.configuration = configuration
    }

    /// Runs a statement and returns its rows.
    package func query(_ query: PostgresQuery) async throws(PostgresError) -> PostgresRows {
        try await run(timeout: query.timeout) { session, limits throws(PostgresError) in try session.run(query, limits) }
    }

    /// Runs a statement and returns how many rows it touched.
    @discardableResult
    package func execute(_ query: PostgresQuery) async throws(PostgresError) -> Int {
        try await self.query(query).affected
    }

    /// Runs any number of statements without values by the simple protocol, as one transaction unless they say otherwise.
    package func executeScript(_ sql: String, timeout: Duration? = nil) async throws(PostgresError) {
        try await run(timeout: timeout) { session, limits throws(PostgresError) in try session.runScript(sql, limits) }
    }

    /// Runs `body` in a savepoint: when it throws, only what it did is undone and the transaction goes on.
    @discardableResult
    nonisolated(nonsending) package func withSavepoint<T>(
        _ body: nonisolated(nonsending) (PostgresConnection) async throws -> T
    ) async throws -> T {
        try await executeScript("savepoint muster")
        do {
            let value = try await body(self)
            try await executeScript("release savepoint muster")
            return value
        } catch {
            try await runShielded { session, limits throws(PostgresError) in
                try session.runScript("rollback to savepoint muster; release savepoint muster", limits)
            }
            throw error
        }
    }

    // MARK: Inside

    func run<Value: Sendable>(
        timeout: Duration? = nil, _ work: @escaping Operation<Value>.Work
    ) async throws(PostgresError) -> Value {
        try check()
        return try note(await thread.run(deadline: deadline(timeout), work))
    }

    /// Runs what must run although the calling task is cancelled.
    func runShielded<Value: Sendable>(_ work: @escaping Operation<Value>.Work) async throws(PostgresError) -> Value {
        try check()
        return try note(await thread.runShielded(deadline: deadline(nil), work))
    }

    /// Ends the loan; the connection is no longer the borrower's.
    func end() { hasEnded.store(true, ordering: .releasing) }

    /// Whether running the transaction again may cure `error`, whatever the borrower made of the server's own error.
    func isRetryable(_ error: any Error) -> Bool {
        if let error = error as? PostgresError { return error.isRetryable }
        return lastFailureIsRetryable.load(ordering: .relaxed)
    }

    private func deadline(_ timeout: Duration?) -> MonotonicInstant {
        .now + (timeout ?? configuration.statementTimeout)
    }

    private func check() throws(PostgresError) {
        if hasEnded.load(ordering: .acquiring) {
            throw PostgresError(.leaseEnded, "the connection was used after its closure had returned")
        }
    }

    private func note<Value>(_ outcome: Result<Value, PostgresError>) throws(PostgresError) -> Value {
        switch outcome {
        case .success(let value):
            lastFailureIsRetryable.store(false, ordering: .relaxed)
            return value
        case .failure(let error):
            lastFailureIsRetryable.store(error.isRetryable, ordering: .relaxed)
            throw error
        }
    }
}
