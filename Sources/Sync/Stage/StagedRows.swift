// SPDX-License-Identifier: Apache-2.0

import Intake
import Policy
import Postgres

/// An export as rows for the staging table, piece by piece.
///
/// Four things go on at once, each one piece ahead of the next: the file is read and digested, its bytes become entries, the
/// entries become rows here, and whoever asked for the last rows writes them. No more than four pieces are in memory, however
/// long the file.
actor StagedRows {
    private let entries: ExportEntries
    /// What was counted and found so far.
    private(set) var stager: EntryStager
    /// The entries that come next.
    private var following: EntryBatch?
    private var isFinished = false
    /// Bytes of the files that became rows.
    private var bytes: Int64 = 0

    init(of entries: ExportEntries, policy: Policy) {
        self.entries = entries
        stager = EntryStager(policy: policy)
    }

    /// How far it is: bytes of the files that became rows, and entries.
    var progress: (bytes: Int64, entries: Int) { (bytes, stager.counts["entries"]) }

    /// The next rows, the last ones with the trailer of the format; nil after those.
    ///
    /// Throws what reading throws, ``IntakeError`` and ``SyncError``.
    func next() async throws -> [UInt8]? {
        guard !isFinished else { return nil }
        guard let current = if let following { following } else { try await entries.next() } else {
            isFinished = true
            return stager.finishRows()
        }
        self.following = nil
        async let following = entries.next()
        bytes += current.bytes
        try current.deliver(into: &stager)
        self.following = try await following
        return stager.takeRows()
    }
}
