// SPDX-License-Identifier: Apache-2.0

import Postgres

/// What was deleted or has expired, and waits for its purge. No token reaches these calls.
package struct TombstoneStore: Sendable {
    let directory: Directory

    /// Purges what has been deleted for longer than `lifetime`, and the sessions and login links that are over, in transactions of at most `batch` objects each.
    ///
    /// Killed at any moment, it leaves whole objects and whole tombstones; run again, it goes on.
    /// - Returns: how many rows were purged, cascades apart.
    @discardableResult
    package func purge(olderThan lifetime: Duration, batch: Int = 500) async throws -> Int {
        var purged = 0
        for statement in PurgeStatements.all(seconds: lifetime.components.seconds, batch: Int32(batch)) {
            var count = 0
            repeat {
                try Task.checkCancellation()
                count = try await directory.rows(statement).affected
                purged += count
            } while count == batch
        }
        return purged
    }
}
