// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The transaction that encloses a whole call, where there is one: every statement of the task takes part in it.
///
/// A task-local value and no parameter, because a call consists of statements of any store, and none of them has to know.
enum CallTransaction {
    @TaskLocal static var connection: PostgresConnection?
}

extension Directory {
    /// Runs what no single statement can do in a transaction: the call's, behind a savepoint, or one of its own.
    ///
    /// - Throws: what `body` throws; constraint violations come out as the domain's errors.
    nonisolated(nonsending) func transaction<T>(
        _ body: nonisolated(nonsending) (PostgresConnection) async throws -> T
    ) async throws -> T {
        do {
            guard let connection = CallTransaction.connection else { return try await postgres.withTransaction(body) }
            return try await connection.withSavepoint(body)
        } catch let error as PostgresError {
            throw DirectoryError(error) ?? error
        }
    }

    /// Runs one statement, in the call's transaction or alone. A failing one leaves the transaction as it was.
    func run(_ query: PostgresQuery) async throws(PostgresError) -> PostgresRows {
        guard let connection = CallTransaction.connection else { return try await postgres.query(query) }
        do {
            return try await connection.withSavepoint { try await $0.query(query) }
        } catch let error as PostgresError {
            throw error
        } catch {
            throw PostgresError(.cancelled, "the statement was given up", underlying: error)
        }
    }
}
