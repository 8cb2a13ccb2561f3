// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc

/// What `lstat` or `stat` says about a path.
struct FileFacts: Sendable, Hashable {
    struct Identity: Sendable, Hashable {
        let device: UInt64
        let node: UInt64
    }

    let identity: Identity
    let owner: UInt32
    let group: UInt32
    /// Permission bits only.
    let mode: UInt32
    let isFolder: Bool
    let size: Int64
}

/// The few file operations needed here, each throwing a typed error. All of them block.
enum FileSystem {
    static func facts(of path: String, following: Bool = false) -> FileFacts? {
        var raw = stat()
        guard (following ? stat(path, &raw) : lstat(path, &raw)) == 0 else { return nil }
        return FileFacts(
            identity: .init(device: UInt64(raw.st_dev), node: UInt64(raw.st_ino)), owner: raw.st_uid, group: raw.st_gid,
            mode: raw.st_mode & 0o7777, isFolder: raw.st_mode & S_IFMT == S_IFDIR, size: Int64(raw.st_size))
    }

    /// The contents of a small text file, nil when it cannot be read.
    static func text(of path: String) -> String? {
        (try? Data(contentsOf: URL(filePath: path))).map { String(decoding: $0, as: UTF8.self) }
    }

    /// What was appended to a file after `offset`, of that the last 64 KiB.
    static func tail(of path: String, from offset: Int64) -> String {
        guard let size = facts(of: path)?.size, size > offset else { return "" }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        let start = max(offset, size - (1 << 16))
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(size - start)) { buffer, count in
            count = max(0, pread(descriptor, buffer.baseAddress, buffer.count, Int(start)))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The absolute path, without links, of something that exists.
    static func resolved(_ path: String) -> String? {
        guard let raw = realpath(path, nil) else { return nil }
        defer { free(raw) }
        return String(cString: raw)
    }

    static func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }

    static func freeSpace(at path: String) -> Int64? {
        var raw = statvfs()
        guard statvfs(path, &raw) == 0 else { return nil }
        return Int64(clamping: UInt64(raw.f_bavail).multipliedReportingOverflow(by: UInt64(raw.f_frsize)).partialValue)
    }

    /// Makes a folder with exactly this mode and owner; its parents, where missing, are made for everybody to pass.
    static func makeFolder(_ path: String, mode: UInt32, owner: OSUser?) throws(EmbeddedPostgresError) {
        if mkdir(path, mode) != 0 {
            let number = errno
            let parent = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
            // Somebody else may have made the parent a moment ago: then there is nothing to do but to try again.
            guard number == ENOENT, parent != path else { throw .system("create the folder", path, number) }
            try makeMissingFolder(
                parent.count > 1 && parent.hasSuffix("/") ? String(parent.dropLast()) : parent, mode: 0o755, owner: nil)
            guard mkdir(path, mode) == 0 else { throw .system("create the folder", path, errno) }
        }
        try setOwner(path, owner)
        // mkdir subtracts the umask.
        guard chmod(path, mode) == 0 else { throw .system("set the mode of", path, errno) }
    }

    /// Makes a folder where there is none. Of two programs that begin at once one is quicker, and its folder is the other's too.
    static func makeMissingFolder(_ path: String, mode: UInt32, owner: OSUser?) throws(EmbeddedPostgresError) {
        guard facts(of: path, following: true) == nil else { return }
        do {
            try makeFolder(path, mode: mode, owner: owner)
        } catch {
            guard facts(of: path, following: true)?.isFolder == true else { throw error }
        }
    }

    static func setOwner(_ path: String, _ owner: OSUser?) throws(EmbeddedPostgresError) {
        guard let owner, geteuid() == 0 else { return }
        guard lchown(path, owner.id, owner.group) == 0 else { throw .system("change the owner of", path, errno) }
    }

    /// Writes a whole file through a new one beside it, so that a crash leaves the old or the new text, and no link is followed.
    static func write(_ text: String, to path: String, mode: UInt32, owner: OSUser?) throws(EmbeddedPostgresError) {
        let temporary = "\(path).\(getpid()).new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw .system("write", path, errno) }
        defer { close(descriptor) }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 else { throw .system("write", path, errno) }
            bytes = bytes.dropFirst(written)
        }
        if let owner, geteuid() == 0, fchown(descriptor, owner.id, owner.group) != 0 {
            throw .system("change the owner of", path, errno)
        }
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw .system("write", path, errno) }
    }

    /// Makes renames in a folder outlast a power failure.
    static func syncFolder(_ path: String) throws(EmbeddedPostgresError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open", path, errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("sync", path, errno) }
    }

    static func removeTree(_ path: String) throws(EmbeddedPostgresError) {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            guard facts(of: path) != nil else { return }
            throw .system("remove", path, EACCES)
        }
    }
}
