// SPDX-License-Identifier: Apache-2.0

import Intake
import Policy
import Postgres

/// An export as rows for the staging table, piece by piece.
///
/// Three things go on at once, each one piece ahead of the next: the file is read and digested, its bytes become rows
/// here, and whoever asked for the last rows writes them. No more than three pieces are in memory, however long the file.
actor StagedRows {
    private let chunks: FileChunks
    private var reader: EntryReader
    /// What was counted and found so far.
    private(set) var stager: EntryStager
    private var chunk: [UInt8]?
    private(set) var proof: Proof?
    /// Bytes of the file that became rows.
    private(set) var bytes: Int64 = 0

    init(of chunks: FileChunks, policy: Policy, format: EntryFormat) {
        self.chunks = chunks
        stager = EntryStager(policy: policy)
        reader = EntryReader(format: format)
    }

    /// Entries read.
    var entries: Int { stager.counts["entries"] }

    /// The next rows, the last ones with the trailer of the format; nil after those.
    ///
    /// Throws what reading throws, ``IntakeError`` and ``SyncError``.
    func next() async throws -> [UInt8]? {
        guard proof == nil else { return nil }
        let current = if let chunk { chunk } else { try await chunks.next() }
        if current.isEmpty { return try finish() }
        async let following = chunks.next()
        let rows = try map(current)
        chunk = try await following
        return rows
    }

    private func map(_ chunk: [UInt8]) throws -> [UInt8] {
        try chunk.withUnsafeBytes { try reader.read($0, into: &stager) }
        bytes += Int64(chunk.count)
        return stager.takeRows()
    }

    private func finish() throws -> [UInt8] {
        proof = try reader.finish(into: &stager)
        try chunks.verifyUnchanged()
        return stager.finishRows()
    }
}
