// SPDX-License-Identifier: Apache-2.0
import Glibc
import Secrets

/// A backup that was read to its end and is whole. Its functions block.
struct BackupFile: Sendable {
    static let manifest = "manifest.json"
    static let dump = "database.dump"
    static let sums = "SHA256SUMS"

    let content: BackupManifest
    /// Where the dump begins in the file, and its length.
    let dumpStart: Int64
    let dumpSize: Int64

    /// Checks all of the file behind a descriptor: its form, its length, its checksums.
    ///
    /// - Parameter progress: called with the bytes read so far and all of them.
    /// - Throws: ``BackupError`` of kind `damaged` or `newer`.
    init(checking descriptor: Int32, progress: (Int64, Int64) -> Void = { _, _ in }) throws(BackupError) {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            throw BackupError(.unreadable, "it is no regular file")
        }
        let size = Int64(facts.st_size)
        let manifest = try Self.member(Self.manifest, at: 0, descriptor, size)
        guard manifest.size < 1 << 16 else { throw Self.damaged("its manifest is too long") }
        let manifestBytes = try Self.read(descriptor, at: 512, Int(manifest.size))
        guard let content = try? BackupManifest(decoding: manifestBytes) else {
            throw Self.damaged("its manifest cannot be read")
        }
        guard content.format <= BackupManifest.currentFormat else {
            throw BackupError(.newer, "the backup is of Muster \(content.muster), which writes another format: use that version")
        }
        let dumpHead = 512 + manifest.size + Int64(TarMember.padding(after: manifest.size))
        let dump = try Self.member(Self.dump, at: dumpHead, descriptor, size)
        guard dump.size > 0, dump.size <= size else { throw Self.damaged("it is cut off") }
        let sumsHead = dumpHead + 512 + dump.size + Int64(TarMember.padding(after: dump.size))
        let sums = try Self.member(Self.sums, at: sumsHead, descriptor, size)
        guard sums.size < 4_096, size == sumsHead + 512 + sums.size + Int64(TarMember.padding(after: sums.size)) + 1_024 else {
            throw Self.damaged("it is cut off, or something follows it")
        }
        let written = String(decoding: try Self.read(descriptor, at: sumsHead + 512, Int(sums.size)), as: UTF8.self)
        // With this no byte of the file is unaccounted for.
        for (member, start) in [(manifest, 0), (dump, dumpHead), (sums, sumsHead)] {
            let padding = TarMember.padding(after: member.size) + (member == sums ? 1_024 : 0)
            guard try Self.read(descriptor, at: start + 512 + member.size, padding).allSatisfy({ $0 == 0 }) else {
                throw Self.damaged("there is something between its parts")
            }
        }
        let digest = try Self.digest(descriptor, from: dumpHead + 512, dump.size) { progress($0, dump.size) }
        let expected =
            "\(Hex.encode(Digest.sha256(manifestBytes)))  \(Self.manifest)\n\(Hex.encode(digest))  \(Self.dump)\n"
        guard written == expected else { throw Self.damaged("its checksums do not match") }
        self.content = content
        dumpStart = dumpHead + 512
        dumpSize = dump.size
    }

    private static func member(_ name: String, at offset: Int64, _ descriptor: Int32, _ size: Int64) throws(BackupError)
        -> TarMember
    {
        guard offset + 512 <= size else { throw damaged("it is cut off") }
        guard let member = TarMember(decoding: try read(descriptor, at: offset, 512)), member.name == name else {
            throw damaged(offset == 0 ? "it is no backup of Muster" : "\(name) is not where it belongs")
        }
        return member
    }

    private static func digest(
        _ descriptor: Int32, from start: Int64, _ size: Int64, _ progress: (Int64) -> Void
    ) throws(BackupError) -> [UInt8] {
        var hasher = SHA256Hasher()
        var done: Int64 = 0
        while done < size {
            hasher.update(try read(descriptor, at: start + done, Int(min(1 << 20, size - done))))
            done += min(1 << 20, size - done)
            progress(done)
        }
        return hasher.finalize()
    }

    private static func read(_ descriptor: Int32, at offset: Int64, _ count: Int) throws(BackupError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress.map { $0 + done }, count - done, Int(offset) + done)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw BackupError(.unreadable, "it cannot be read: \(String(cString: strerror(errno)))") }
            guard got > 0 else { throw damaged("it is cut off") }
            done += got
        }
        return bytes
    }

    private static func damaged(_ how: String) -> BackupError {
        BackupError(.damaged, "the backup is damaged: \(how); nothing was changed")
    }
}
