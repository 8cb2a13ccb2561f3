// SPDX-License-Identifier: Apache-2.0

import Directory
import Glibc
import NIOPosix
import Synchronization

/// Reads a regular file in pieces and digests it, on threads of its own: nothing here blocks a cooperative thread.
final class FileChunks: Sendable {
    /// Bytes of one piece; of one that is compressed, fewer: it becomes a multiple of itself in memory.
    static let size = 1 << 20
    static let compressedSize = 1 << 14

    let path: String
    private let descriptor: Int32
    private let before: FileStamp
    private let size: Int
    private let content = Mutex(ContentDigest())

    private init(path: String, descriptor: Int32, before: FileStamp) {
        self.path = path
        self.descriptor = descriptor
        self.before = before
        var magic: (UInt8, UInt8) = (0, 0)
        let isCompressed = pread(descriptor, &magic, 2, 0) == 2 && magic == (0x1F, 0x8B)
        size = isCompressed ? Self.compressedSize : Self.size
    }

    deinit { Glibc.close(descriptor) }

    /// Opens the file; throws ``SyncError`` when it cannot be read or is no regular file.
    static func open(_ path: String) async throws -> FileChunks {
        try await NIOThreadPool.singleton.runIfActive {
            let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else {
                throw SyncError(.unreadable, "cannot open \(path): \(String(cString: strerror(errno)))")
            }
            guard let stamp = FileStamp(descriptor) else {
                Glibc.close(descriptor)
                throw SyncError(.unreadable, "\(path) is not a regular file")
            }
            return FileChunks(path: path, descriptor: descriptor, before: stamp)
        }
    }

    /// The file's size when it was opened, in bytes.
    var byteCount: Int64 { before.size }

    /// SHA-256 of what was read.
    func digest() -> [UInt8] { content.withLock { $0.finish() } }

    /// The next piece; empty at the end.
    func next() async throws -> [UInt8] {
        try await NIOThreadPool.singleton.runIfActive { [self] in
            var result = 0
            let piece = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                repeat { result = Glibc.read(descriptor, buffer.baseAddress, size) } while result < 0 && errno == EINTR
                count = max(0, result)
            }
            guard result >= 0 else { throw SyncError(.unreadable, "cannot read \(path): \(String(cString: strerror(errno)))") }
            content.withLock { $0.update(piece) }
            return piece
        }
    }

    /// Throws when the file was written to while it was read.
    func verifyUnchanged() throws {
        guard FileStamp(descriptor) == before else {
            throw SyncError(.unreadable, "\(path) changed while it was read; write to another name and rename it into place")
        }
    }
}

/// What changes when a file is written to.
struct FileStamp: Equatable, Sendable {
    let size: Int64
    private let seconds: Int
    private let nanoseconds: Int

    /// In nanoseconds since 1970.
    var modified: Int64 { Int64(seconds) * 1_000_000_000 + Int64(nanoseconds) }

    /// nil for what is no regular file.
    init?(_ descriptor: Int32) {
        var info = stat()
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
        size = Int64(info.st_size)
        seconds = info.st_mtim.tv_sec
        nanoseconds = info.st_mtim.tv_nsec
    }
}
