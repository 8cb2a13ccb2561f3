// SPDX-License-Identifier: Apache-2.0

import Directory
import Intake

/// The entries of an export, a piece of its files at a time; the next piece is read and digested meanwhile.
actor ExportEntries {
    private let files: ExportFiles
    private var reader: ExportReader
    /// The file that is being read, and the piece of it that comes next.
    private var open: FileChunks?
    private var chunk: [UInt8]?
    private var nextFile = 0
    /// What the export proves by itself; nil before its end.
    private(set) var proof: Proof?
    /// SHA-256 of the files read to their end, by their names; of an export that is one file, its only one under no name.
    private(set) var digests: [String: [UInt8]] = [:]

    init(of files: ExportFiles, options: ExportOptions) {
        self.files = files
        reader = ExportReader(options)
    }

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

    /// The entries of the next piece; nil after the last.
    ///
    /// Throws what reading throws, ``IntakeError`` and ``SyncError``.
    func next() async throws -> EntryBatch? {
        guard proof == nil else { return nil }
        var batch = EntryBatch()
        guard let open = try await opened(&batch) else {
            try await files.verifyUnchanged()
            proof = reader.finish()
            return nil
        }
        let current = if let chunk { chunk } else { try await open.next() }
        chunk = nil
        guard !current.isEmpty else {
            try endFile(open, &batch)
            return batch
        }
        async let following = open.next()
        try current.withUnsafeBytes { try reader.read($0, into: &batch) }
        batch.bytes = Int64(current.count)
        chunk = try await following
        return batch
    }

    /// The file that is to be read on, nil after the last.
    private func opened(_ batch: inout EntryBatch) async throws -> FileChunks? {
        if let open { return open }
        guard nextFile < files.count else { return nil }
        let chunks = try await files.open(nextFile)
        try reader.begin(file: files.name(nextFile), into: &batch)
        open = chunks
        return chunks
    }

    private func endFile(_ chunks: FileChunks, _ batch: inout EntryBatch) throws {
        try reader.endFile(into: &batch)
        try chunks.verifyUnchanged()
        digests[files.name(nextFile) ?? ""] = chunks.digest()
        open = nil
        nextFile += 1
    }
}
