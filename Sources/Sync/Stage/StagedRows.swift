// SPDX-License-Identifier: Apache-2.0

import Directory
import Intake
import Policy
import Postgres

/// An export as rows for the staging table, piece by piece.
///
/// Three things go on at once, each one piece ahead of the next: the file is read and digested, its bytes become rows
/// here, and whoever asked for the last rows writes them. No more than three pieces are in memory, however long the file.
actor StagedRows {
    private let files: ExportFiles
    private var reader: ExportReader
    /// What was counted and found so far.
    private(set) var stager: EntryStager
    /// The file that is being read, and the piece of it that comes next.
    private var open: FileChunks?
    private var chunk: [UInt8]?
    private var nextFile = 0
    private(set) var proof: Proof?
    /// Bytes of the files that became rows.
    private(set) var bytes: Int64 = 0
    /// SHA-256 of the files read to their end, by their names; of an export that is one file, its only one under no name.
    private(set) var digests: [String: [UInt8]] = [:]

    init(of files: ExportFiles, policy: Policy, options: ExportOptions) {
        self.files = files
        stager = EntryStager(policy: policy)
        reader = ExportReader(options)
    }

    /// Entries read.
    var entries: Int { stager.counts["entries"] }

    /// SHA-256 of what was read; of a folder, that of its files' digests with their names, in order of the names.
    func digest() -> [UInt8] {
        guard files.isFolder else { return digests.values.first ?? [] }
        var content = ContentDigest()
        for (name, digest) in digests.sorted(by: { $0.key < $1.key }) {
            content.update(digest)
            content.update(Array("\(name)\n".utf8))
        }
        return content.finish()
    }

    /// The next rows, the last ones with the trailer of the format; nil after those.
    ///
    /// Throws what reading throws, ``IntakeError`` and ``SyncError``.
    func next() async throws -> [UInt8]? {
        guard proof == nil else { return nil }
        while true {
            guard let open = try await opened() else { return try await finish() }
            let current = if let chunk { chunk } else { try await open.next() }
            chunk = nil
            guard !current.isEmpty else {
                try endFile(open)
                continue
            }
            async let following = open.next()
            let rows = try map(current)
            chunk = try await following
            return rows
        }
    }

    /// The file that is to be read on, nil after the last.
    private func opened() async throws -> FileChunks? {
        if let open { return open }
        guard nextFile < files.count else { return nil }
        let chunks = try await files.open(nextFile)
        try reader.begin(file: files.name(nextFile), into: &stager)
        open = chunks
        return chunks
    }

    private func map(_ chunk: [UInt8]) throws -> [UInt8] {
        try chunk.withUnsafeBytes { try reader.read($0, into: &stager) }
        bytes += Int64(chunk.count)
        return stager.takeRows()
    }

    private func endFile(_ chunks: FileChunks) throws {
        try reader.endFile(into: &stager)
        try chunks.verifyUnchanged()
        digests[files.name(nextFile) ?? ""] = chunks.digest()
        open = nil
        nextFile += 1
    }

    private func finish() async throws -> [UInt8] {
        try await files.verifyUnchanged()
        proof = reader.finish()
        return stager.finishRows()
    }
}
