// SPDX-License-Identifier: Apache-2.0

import Intake
import Policy

/// An export as rows for the staging table.
///
/// Four things go on at once, each one piece ahead of the next: the file is read and digested, its bytes become entries, the
/// entries become rows here, and whoever asked for the last rows writes them. No more than four pieces are in memory, however
/// long the file.
actor ExportFeed: EntryFeed {
    private let walk: ExportWalk<EntryBatch>
    private(set) var stager: EntryStager
    /// The entries that come next.
    private var following: EntryBatch?
    private var result: (facts: ReadFacts, digest: [UInt8])?
    private(set) var bytes: Int64 = 0
    nonisolated let size: Int64

    init(_ files: ExportFiles, policy: Policy) throws(SyncError) {
        walk = try ExportWalk(files, options: policy.read.exportOptions, into: EntryBatch())
        stager = EntryStager(policy: policy)
        size = files.byteCount
    }

    func next() async throws -> [UInt8]? {
        guard result == nil else { return nil }
        guard let current = if let following { following } else { try await walk.batch() } else {
            let (proof, digest) = try await walk.result()
            result = (ReadFacts(proof), digest)
            return stager.finishRows()
        }
        self.following = nil
        async let following = walk.batch()
        bytes += current.bytes
        try current.deliver(into: &stager)
        self.following = try await following
        return stager.takeRows()
    }

    func conclusion() throws -> (facts: ReadFacts, digest: [UInt8]) {
        guard let result else { throw SyncError(.unreadable, "the export was not read to its end") }
        return result
    }
}

extension ExportWalk where Sink == EntryBatch {
    /// The entries of the next piece; nil after the last one.
    fileprivate func batch() async throws -> EntryBatch? {
        let before = bytes
        // The end of a file may be the end of an entry.
        _ = try await step()
        let read = bytes - before
        return withSink { $0.take(bytes: read) }
    }
}
