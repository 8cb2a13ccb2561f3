// SPDX-License-Identifier: Apache-2.0

/// What the console asks of the daemon's sync, beside what it reads and decides through the directory.
package struct SyncWork: Sendable {
    /// Plans the reverse of a run as a run of its own, which waits.
    ///
    /// - Parameters:
    ///   - run: that was applied.
    ///   - actor: who asks for it, for the journal.
    /// - Returns: the new run.
    /// - Throws: `SyncError` with what is to be told.
    package var undo: @Sendable (_ run: Int64, _ actor: String) async throws -> Int64

    package init(undo: @escaping @Sendable (_ run: Int64, _ actor: String) async throws -> Int64) {
        self.undo = undo
    }
}
