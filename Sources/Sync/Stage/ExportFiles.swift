// SPDX-License-Identifier: Apache-2.0

import Directory
import Glibc
import Intake
import NIOPosix

/// The files of an export, which is a file or a folder of files, and its manifest.
struct ExportFiles: Sendable {
    /// A file as it was when the export was opened.
    private struct Part: Equatable {
        var name: String
        var stamp: FileStamp
    }

    let path: String
    let isFolder: Bool
    /// What lies beside it as `FILE.manifest.json`.
    let manifest: Manifest?
    private let parts: [Part]

    /// Looks at an export; its files are opened one after the other.
    ///
    /// - Throws: ``SyncError`` when it cannot be read, is neither a file nor a folder, or has a manifest that is none.
    static func open(_ path: String) async throws -> ExportFiles {
        try await NIOThreadPool.singleton.runIfActive {
            let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
            var info = stat()
            guard stat(path, &info) == 0 else {
                throw SyncError(.unreadable, "cannot open \(path): \(String(cString: strerror(errno)))")
            }
            let isFolder = info.st_mode & S_IFMT == S_IFDIR
            return ExportFiles(
                path: path, isFolder: isFolder, manifest: try readManifest(of: path),
                parts: isFolder ? try listing(path) : [try part(path, named: "")])
        }
    }

    /// Bytes of all files when they were looked at.
    var byteCount: Int64 { parts.reduce(0) { $0 + $1.stamp.size } }

    var count: Int { parts.count }

    /// When the newest of the files was written, in nanoseconds since 1970.
    var modified: Int64 { parts.map(\.stamp.modified).max() ?? 0 }

    /// The file's name within the folder; nil where the export is a file.
    func name(_ index: Int) -> String? { isFolder ? parts[index].name : nil }

    func open(_ index: Int) async throws -> FileChunks {
        try await FileChunks.open(isFolder ? "\(path)/\(parts[index].name)" : path)
    }

    /// Throws when files came, went or changed since the export was opened.
    func verifyUnchanged() async throws {
        guard isFolder else { return }
        let now = try await NIOThreadPool.singleton.runIfActive { try Self.listing(path) }
        guard now == parts else {
            throw SyncError(
                .unreadable, "\(path) changed while it was read; fill a folder under another name and rename it into place")
        }
    }

    // MARK: - Blocking

    private static func listing(_ folder: String) throws(SyncError) -> [Part] {
        var parts: [Part] = []
        for name in ExportReader.ordered(WatchedFile.names(in: folder).filter(ExportReader.isPart)) {
            parts.append(try part("\(folder)/\(name)", named: name))
        }
        return parts
    }

    private static func part(_ path: String, named name: String) throws(SyncError) -> Part {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw SyncError(.unreadable, "cannot open \(path): \(String(cString: strerror(errno)))") }
        defer { Glibc.close(descriptor) }
        guard let stamp = FileStamp(descriptor) else {
            throw SyncError(.unreadable, "\(path) is not a regular file; an export is a file, or a folder of files")
        }
        return Part(name: name, stamp: stamp)
    }

    private static func readManifest(of path: String) throws -> Manifest? {
        let path = path + Manifest.ending
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw SyncError(.unreadable, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        defer { Glibc.close(descriptor) }
        var bytes: [UInt8] = []
        while bytes.count <= Manifest.sizeLimit {
            var result = 0
            let piece = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
                repeat { result = Glibc.read(descriptor, buffer.baseAddress, 1 << 16) } while result < 0 && errno == EINTR
                count = max(0, result)
            }
            guard result >= 0 else { throw SyncError(.unreadable, "cannot read \(path): \(String(cString: strerror(errno)))") }
            if piece.isEmpty { break }
            bytes += piece
        }
        do throws(Manifest.Fault) {
            return try Manifest(parsing: bytes)
        } catch {
            throw SyncError(.manifest, "\(path): \(error)")
        }
    }
}
