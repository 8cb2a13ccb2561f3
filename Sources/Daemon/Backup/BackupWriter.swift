// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import Secrets

/// Writes the file of a backup: manifest, dump, checksums, under a name of its own until all of it is on disk.
///
/// The members and their order: `manifest.json`, `database.dump` (PostgreSQL's custom format), `SHA256SUMS` (as `sha256sum`
/// writes them). The file is its owner's alone.
actor BackupWriter {
    nonisolated private let thread = OwnThread(label: "muster.backup")
    /// The actor writes files, so it has a thread of its own.
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let path: String
    private let draft: String
    private var descriptor: Int32 = -1
    private let modified = Int64(Date().timeIntervalSince1970)
    private var position: Int64 = 0
    private var dumpStart: Int64 = 0
    private var sums = ""
    private var hasher = SHA256Hasher()

    /// A backup at `path`, which must not exist; nothing is written before `begin`.
    init(path: String) {
        self.path = path
        draft = "\(path).\(SecureRandom.hex(8)).new"
    }

    /// Removes what backups to this path left behind that were killed. Whoever writes a draft holds a lock on it, which dies with
    /// the process.
    private func removeAbandonedDrafts() {
        let place = URL(filePath: path)
        let (folder, name) = (place.deletingLastPathComponent().path(percentEncoded: false), place.lastPathComponent + ".")
        for other in FileSystem.names(in: folder) where other.hasPrefix(name) && other.hasSuffix(".new") {
            let random = other.dropFirst(name.utf8.count).dropLast(4)
            guard random.utf8.count == 16, random.allSatisfy({ $0.isHexDigit }) else { continue }
            let found = folder + (folder.hasSuffix("/") ? "" : "/") + other
            let descriptor = open(found, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(found) }
            close(descriptor)
        }
    }

    /// Writes the manifest and the head of the dump, whose size is not known yet.
    func begin(_ manifest: BackupManifest) throws {
        guard access(path, F_OK) != 0 else {
            throw BackupError(.exists, "\(path) exists and is not overwritten: name another file, or move it away")
        }
        removeAbandonedDrafts()
        descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw Self.failure("create", path) }
        let bytes = try manifest.encoded()
        try append(TarMember(name: BackupFile.manifest, size: Int64(bytes.count), modified: modified).encoded())
        try append(bytes + padding(Int64(bytes.count)))
        sums += "\(Hex.encode(Digest.sha256(bytes)))  \(BackupFile.manifest)\n"
        try append([UInt8](repeating: 0, count: TarMember.blockSize))
        dumpStart = position
    }

    /// Appends to the dump.
    ///
    /// - Returns: the size of the dump so far.
    func append(dump bytes: [UInt8]) throws -> Int64 {
        hasher.update(bytes)
        try append(bytes)
        return position - dumpStart
    }

    /// Completes the file and gives it its name.
    ///
    /// - Returns: its size.
    func finish() throws -> Int64 {
        let size = position - dumpStart
        try append(padding(size))
        try write(TarMember(name: BackupFile.dump, size: size, modified: modified).encoded(), at: dumpStart - 512)
        sums += "\(Hex.encode(hasher.finalize()))  \(BackupFile.dump)\n"
        let text = Array(sums.utf8)
        try append(TarMember(name: BackupFile.sums, size: Int64(text.count), modified: modified).encoded())
        try append(text + padding(Int64(text.count)) + [UInt8](repeating: 0, count: 2 * TarMember.blockSize))
        guard fchmod(descriptor, 0o600) == 0, fsync(descriptor) == 0 else { throw Self.failure("write", path) }
        // Unlike rename, link refuses to replace a file that somebody else made in the meantime.
        guard link(draft, path) == 0 else { throw Self.failure("create", path) }
        unlink(draft)
        try FileSystem.syncFolder(URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false))
        return position
    }

    /// Leaves nothing behind but what `finish` gave its name.
    func discard() {
        guard descriptor >= 0 else { return }
        unlink(draft)
        close(descriptor)
        descriptor = -1
    }

    private func padding(_ size: Int64) -> [UInt8] { [UInt8](repeating: 0, count: TarMember.padding(after: size)) }

    private func append(_ bytes: [UInt8]) throws(BackupError) {
        try write(bytes, at: position)
        position += Int64(bytes.count)
    }

    private func write(_ bytes: [UInt8], at offset: Int64) throws(BackupError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done, Int(offset) + done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("write", path) }
            done += count
        }
    }

    private static func failure(_ operation: String, _ path: String) -> BackupError {
        let number = errno
        if number == EEXIST { return BackupError(.exists, "\(path) exists and is not overwritten") }
        return BackupError(.unwritable, "cannot \(operation) \(path): \(String(cString: strerror(number)))")
    }
}
