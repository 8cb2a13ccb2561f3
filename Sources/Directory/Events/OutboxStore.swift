// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The outbox: what happened, on its way to the webhooks. No token reaches these calls.
package struct OutboxStore: Sendable {
    let directory: Directory

    /// Whether anything waits to be divided.
    package func isPending() async throws -> Bool {
        try await directory.row(OutboxStatements.isPending)?.decode(Bool.self, "pending") ?? false
    }

    /// Divides the next events among the webhooks, some hundreds at most, in one transaction.
    ///
    /// - Returns: whether there may be more.
    package func divide(limit: Int = 500) async throws -> Bool {
        try await directory.postgres.withTransaction { connection in
            // A statement of its own, so that the next one sees what the other one did.
            _ = try await connection.query(OutboxStatements.exclude)
            if try await connection.execute(OutboxStatements.divideEvents(limit: Int32(limit))) > 0 { return true }
            return try await !connection.query(OutboxStatements.divideRange(limit: Int32(limit))).isEmpty
        }
    }
}
