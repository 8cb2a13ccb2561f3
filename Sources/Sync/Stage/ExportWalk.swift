// SPDX-License-Identifier: Apache-2.0

import Directory
import Intake

/// The files of an export, read one after the other into whatever takes their entries; each piece of a file is read ahead.
actor ExportWalk<Sink: EntrySink> {
    private let files: ExportFiles
    private var reader: ExportReader
    private(set) var sink: Sink
    /// The file that is being read, and the piece of it that comes next.
    private var open: FileChunks?
    private var chunk: [UInt8]?
    private var nextFile = 0
    private var proof: Proof?
    /// Bytes of the files that were read.
    private(set) var bytes: Int64 = 0
    /// SHA-256 of the files read to their end, by their names; of an export that is one file, its only one under no name.
    private var digests: [String: [UInt8]] = [:]

    init(_ files: ExportFiles, options: ExportOptions, into sink: sending Sink) throws(SyncError) {
        try files.checkManifest(options.manifest)
        self.files = files
        self.sink = sink
        reader = ExportReader(options)
    }

    /// Lets the sink be changed, and asked.
    func withSink<T: Sendable>(_ body: @Sendable (inout Sink) throws -> T) rethrows -> T { try body(&sink) }

    /// Reads a piece; false after the last one.
    ///
    /// Throws what reading throws, ``IntakeError`` and ``SyncError``, and what the sink throws.
    func step() async throws -> Bool {
        guard proof == nil else { return false }
        while let open = try await opened() {
            let current = if let chunk { chunk } else { try await open.next() }
            chunk = nil
            guard !current.isEmpty else {
                try endFile(open)
                continue
            }
            async let following = open.next()
            try current.withUnsafeBytes { try reader.read($0, into: &sink) }
            bytes += Int64(current.count)
            chunk = try await following
            return true
        }
        try await files.verifyUnchanged()
        proof = try files.attested(reader.finish(), digests: digests)
        return false
    }

    /// Reads to the end.
    func finish() async throws {
        while try await step() {}
    }

    /// What was read, and what it proves; only after the end.
    func result() throws(SyncError) -> (proof: Proof, digest: [UInt8]) {
        guard let proof else { throw SyncError(.unreadable, "\(files.path) was not read to its end") }
        return (proof, files.digest(of: digests))
    }

    /// The file that is to be read on, nil after the last.
    private func opened() async throws -> FileChunks? {
        if let open { return open }
        guard nextFile < files.count else { return nil }
        let chunks = try await files.open(nextFile)
        try reader.begin(file: files.name(nextFile), into: &sink)
        open = chunks
        return chunks
    }

    private func endFile(_ chunks: FileChunks) throws {
        try reader.endFile(into: &sink)
        try chunks.verifyUnchanged()
        digests[files.name(nextFile) ?? ""] = chunks.digest()
        open = nil
        nextFile += 1
    }
}

extension ExportFiles {
    /// SHA-256 of an export; of a folder, that of its files' digests with their names, in order of the names.
    func digest(of digests: [String: [UInt8]]) -> [UInt8] {
        guard isFolder else { return digests.values.first ?? [] }
        var content = ContentDigest()
        for (name, digest) in digests.sorted(by: { $0.key < $1.key }) {
            content.update(digest)
            content.update(Array("\(name)\n".utf8))
        }
        return content.finish()
    }

    /// The same, by reading all of it and nothing else.
    func digest() async throws -> [UInt8] {
        var digests: [String: [UInt8]] = [:]
        for index in 0..<count {
            let chunks = try await open(index)
            while try await !chunks.next().isEmpty {}
            digests[name(index) ?? ""] = chunks.digest()
        }
        return digest(of: digests)
    }
}
