// SPDX-License-Identifier: Apache-2.0
import Glibc

// The functions here block on files: call them from a thread of your own or before the daemon starts.
extension MasterKey {
    /// Reads the key from a file that nobody but its owner may touch.
    package static func load(path: String) throws(MasterKeyError) -> MasterKey {
        // Without O_NONBLOCK a pipe in the key's place would hang the start.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }

        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("stat", path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
        guard status.st_mode & 0o077 == 0 else { throw .exposed(path: path, mode: status.st_mode & 0o7777) }

        var length = 0
        var readError: Int32 = 0
        let content = SecretBytes(count: 256) { buffer in
            while length < buffer.count {
                let count = read(descriptor, buffer.baseAddress.map { $0 + length }, buffer.count - length)
                if count < 0 && errno == EINTR { continue }
                if count < 0 { readError = errno }
                if count <= 0 { break }
                length += count
            }
        }
        guard readError == 0 else { throw .system(path: path, operation: "read", errno: readError) }
        let key = content.withUnsafeBytes { parse(UnsafeRawBufferPointer(rebasing: $0[..<length])) }
        guard let key else { throw .malformed(path: path) }
        return key
    }

    /// Writes a new random key to a file that must not exist, readable by its owner only, and makes it durable.
    ///
    /// The file comes into being under its name with all its content or not at all, whenever the process or the machine dies.
    package static func generate(path: String) throws(MasterKeyError) -> MasterKey {
        let key = MasterKey.random()
        let draft = "\(path).\(SecureRandom.hex(8)).new"
        defer { unlink(draft) }
        try writeDurably(key.line(), to: draft, path: path)
        // Unlike rename, link refuses to replace a file that somebody else made in the meantime.
        guard link(draft, path) == 0 else { throw failure("link", path) }
        try syncFolder(of: path)
        return key
    }

    private static func writeDurably(_ content: SecretBytes, to draft: String, path: String) throws(MasterKeyError) {
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("create", path) }
        defer { close(descriptor) }
        // The umask may have taken rights from the owner as well.
        guard fchmod(descriptor, 0o600) == 0 else { throw failure("chmod", path) }
        try write(content, to: descriptor, path: path)
        guard fsync(descriptor) == 0 else { throw failure("fsync", path) }
    }

    private static func write(_ content: SecretBytes, to descriptor: Int32, path: String) throws(MasterKeyError) {
        var written = 0
        while written < content.count {
            let count = content.withUnsafeBytes { bytes in
                Glibc.write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure("write", path) }
            written += count
        }
    }

    private static func syncFolder(of path: String) throws(MasterKeyError) {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open folder", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("fsync folder", path) }
    }

    private static func failure(_ operation: String, _ path: String) -> MasterKeyError {
        switch errno {
        case ENOENT where operation == "open": .missing(path: path)
        case EEXIST: .exists(path: path)
        case EISDIR: .notAFile(path: path)
        default: .system(path: path, operation: operation, errno: errno)
        }
    }
}
