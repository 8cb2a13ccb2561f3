// SPDX-License-Identifier: Apache-2.0

/// What a transaction sees of others.
package enum PostgresIsolation: String, Sendable {
    /// Every statement sees what was committed before it.
    case readCommitted = "read committed"
    /// All statements see what was committed before the first.
    case repeatableRead = "repeatable read"
    /// As if transactions ran one after the other.
    case serializable = "serializable"
}

extension PostgresClient {
    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
    ///
    /// After a serialisation failure or a deadlock (40001, 40P01) the whole of `body` is run again, on nothing else.
    @discardableResult
    nonisolated(nonsending) package func withTransaction<T>(
        isolation: PostgresIsolation = .readCommitted,
        _ body: nonisolated(nonsending) (PostgresConnection) async throws -> T
    ) async throws -> T {
        var attempt = 1
        while true {
            var isRetryable = false
            do {
                return try await withConnection { connection in
                    do {
                        return try await connection.transaction(isolation, body)
                    } catch {
                        isRetryable = connection.isRetryable(error) || Self.neverBegan(error)
                        throw error
                    }
                }
            } catch {
                guard isRetryable, attempt < configuration.transactionAttempts else { throw error }
            }
            try await Task.sleep(for: Self.pause(after: attempt))
            attempt += 1
        }
    }

    /// Whether the connection was gone before BEGIN: another one will do.
    private static func neverBegan(_ error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return false }
        return error.kind == .connectionLost && error.neverSent
    }

    /// A pause that grows, different for every contender.
    private static func pause(after attempt: Int) -> Duration {
        .microseconds(Int.random(in: 200...1000) << min(attempt, 7))
    }
}

extension PostgresConnection {
    /// Begins, runs `body`, and ends the transaction one way or the other.
    nonisolated(nonsending) fileprivate func transaction<T>(
        _ isolation: PostgresIsolation, _ body: nonisolated(nonsending) (PostgresConnection) async throws -> T
    ) async throws -> T {
        try await run { session, limits throws(PostgresError) in
            try session.runScript("begin isolation level \(isolation.rawValue)", limits)
        }
        let value: T
        do {
            value = try await body(self)
        } catch {
            await rollback()
            throw error
        }
        try await commit()
        return value
    }

    private func commit() async throws(PostgresError) {
        let tag: String
        do {
            tag = try await runShielded { session, limits throws(PostgresError) in try session.runCommand("commit", limits) }
        } catch let error where error.kind == .connectionLost && !error.neverSent {
            throw PostgresError(.commitUnknown, "the connection was lost while the transaction was committed", underlying: error)
        }
        if tag != "COMMIT" {
            var error = PostgresError(.server, "a statement of the transaction had failed, so it was rolled back")
            error.sqlState = "25P02"
            throw error
        }
    }

    /// The outcome does not matter: what cannot be rolled back is discarded with its connection when it is given back.
    /// The note of the last failure stays as it was.
    private func rollback() async {
        _ = await thread.runShielded(deadline: .now + Session.cancelGrace) { session, limits throws(PostgresError) in
            try session.runCommand("rollback", limits)
        }
    }
}
