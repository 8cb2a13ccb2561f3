// SPDX-License-Identifier: Apache-2.0

import Directory
import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// The folder in which uploads lie until they are read. Everything here blocks a thread of its own and no cooperative one.
package struct UploadSpool: Sendable {
    let folder: String
    /// Bytes that one upload may have.
    let sizeLimit: Int64

    /// - Parameters:
    ///   - folder: made when it is first needed, for this user only.
    ///   - sizeLimit: in bytes.
    package init(folder: String, sizeLimit: Int64 = 4 << 30) {
        self.folder = folder
        self.sizeLimit = sizeLimit
    }

    /// Removes what killed daemons left; what a living one writes, or reads, is locked by it.
    func removeLeftovers() async throws {
        try await NIOThreadPool.singleton.runIfActive {
            for name in WatchedFile.names(in: folder) where name.hasPrefix(SpooledUpload.prefix) {
                let path = "\(folder)/\(name)"
                let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
                guard descriptor >= 0 else { continue }
                if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
                close(descriptor)
            }
        }
    }

    /// Writes an upload into a file, piece by piece: the next piece is asked for when this one is written.
    ///
    /// - Parameter announced: how many bytes the sender says there are.
    /// - Returns: the file, which whoever has it removes.
    /// - Throws: ``UploadError``; nothing is left then.
    func take<Body: AsyncSequence & Sendable>(_ body: Body, announced: Int64?) async throws -> SpooledUpload
    where Body.Element == ByteBuffer {
        if let announced, announced > sizeLimit { throw tooLarge }
        let upload = try await NIOThreadPool.singleton.runIfActive { [folder] in try SpooledUpload(in: folder) }
        do {
            try await fill(upload, body)
            guard announced == nil || announced == upload.size else {
                throw UploadError(.brokenOff, "the upload ended after \(upload.size) bytes of \(announced ?? 0)")
            }
            return upload
        } catch {
            await upload.remove()
            throw error
        }
    }

    private func fill<Body: AsyncSequence & Sendable>(_ upload: SpooledUpload, _ body: Body) async throws
    where Body.Element == ByteBuffer {
        var pieces = body.makeAsyncIterator()
        while true {
            let piece: ByteBuffer?
            do {
                piece = try await pieces.next()
            } catch  where !(error is CancellationError) {
                throw UploadError(.brokenOff, "the upload broke off after \(upload.size) bytes")
            }
            try Task.checkCancellation()
            guard let piece else { return }
            guard upload.size + Int64(piece.readableBytes) <= sizeLimit else { throw tooLarge }
            try await NIOThreadPool.singleton.runIfActive { try upload.write(piece) }
        }
    }

    private var tooLarge: UploadError { UploadError(.tooLarge, "the upload is larger than \(sizeLimit) bytes") }
}

/// An upload that lies in the spool folder, locked for as long as this exists, and gone with it.
final class SpooledUpload: Sendable {
    /// What spooled files begin with; nothing else in the folder is touched.
    static let prefix = "upload-"

    private struct State: ~Copyable {
        var size: Int64 = 0
        var digest = ContentDigest()
        var isRemoved = false
    }

    let path: String
    private let descriptor: Int32
    private let state = Mutex(State())

    /// Makes an empty file in the folder. Blocks.
    init(in folder: String) throws(UploadError) {
        if mkdir(folder, 0o700) != 0, errno != EEXIST { throw Self.failure("make the folder \(folder)") }
        while true {
            let path = "\(folder)/\(Self.prefix)\(String(UInt64.random(in: 0 ... .max), radix: 36))"
            let descriptor = Glibc.open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0o600)
            if descriptor < 0, errno == EEXIST { continue }
            guard descriptor >= 0 else { throw Self.failure("make a file in \(folder)") }
            var info = stat()
            // A daemon that starts may have taken it for a leftover before it was locked.
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &info) == 0, info.st_nlink > 0 {
                self.path = path
                self.descriptor = descriptor
                return
            }
            close(descriptor)
        }
    }

    deinit {
        if !state.withLock({ $0.isRemoved }) { unlink(path) }
        close(descriptor)
    }

    /// Bytes written.
    var size: Int64 { state.withLock { $0.size } }

    /// SHA-256 of what was written; to be asked for once, at the end.
    func digest() -> [UInt8] { state.withLock { $0.digest.finish() } }

    /// Blocks.
    func write(_ piece: ByteBuffer) throws(UploadError) {
        let bytes = Array(piece.readableBytesView)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("keep the upload") }
            written += count
        }
        state.withLock { state in
            state.size += Int64(bytes.count)
            state.digest.update(bytes)
        }
    }

    /// Removes the file; a second time does nothing.
    func remove() async {
        let isFirst = state.withLock { state in
            defer { state.isRemoved = true }
            return !state.isRemoved
        }
        guard isFirst else { return }
        // Whether or not the thread pool still works: unlinking is quick, and nothing may stay.
        if (try? await NIOThreadPool.singleton.runIfActive({ [path] in _ = unlink(path) })) == nil { unlink(path) }
    }

    private static func failure(_ what: String) -> UploadError {
        UploadError(.storage, "cannot \(what): \(String(cString: strerror(errno)))")
    }
}
