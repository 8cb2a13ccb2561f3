// SPDX-License-Identifier: Apache-2.0

import Postgres

/// Says who is at work on a source, of all processes that share the database: one at a time reads, plans or applies.
///
/// A lock of the database that dies with its connection, and so with the process. What makes it safe that one who lost the lock
/// may not know it yet is the change engine's mark on the source, which each of its transactions holds (``ChangeEngine``).
struct SourceLease: Sendable {
    let postgres: PostgresClient

    /// Runs `body` on the connection that holds the lease.
    ///
    /// - Throws: ``SyncError`` with ``SyncError/Code/busy`` while another is at work; `body` did not run then.
    func hold<T>(_ source: Int64, _ body: (PostgresConnection) async throws -> T) async throws -> T {
        try await postgres.withConnection { connection in
            let number = Int32(truncatingIfNeeded: source)
            let row = try await connection.query("select pg_try_advisory_lock(\(Self.lockClass), \(number)) as locked").first
            guard try row?.decode(Bool.self, "locked") ?? false else {
                throw SyncError(.busy, "another run of this source is at work; try again when it is done")
            }
            do {
                let result = try await body(connection)
                _ = try await connection.query("select pg_advisory_unlock(\(Self.lockClass), \(number))")
                return result
            } catch {
                _ = try? await connection.query("select pg_advisory_unlock(\(Self.lockClass), \(number))")
                throw error
            }
        }
    }

    /// Any number, used for nothing else.
    private static let lockClass: Int32 = 0x4d53_5243
}
