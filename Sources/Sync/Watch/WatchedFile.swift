// SPDX-License-Identifier: Apache-2.0

import Glibc
import Intake

/// An export, a file or a folder of files, with what tells one content of it from another.
package struct WatchedFile: Sendable, Hashable {
    package let path: String
    /// Bytes, of all files of a folder.
    package let size: Int64
    /// Nanoseconds since 1970; of a folder, when the last of its files was written or it got or lost one.
    package let modified: Int64
    let inode: UInt64
    /// When the manifest beside it was written, 0 where there is none.
    let manifest: Int64
    package let isFolder: Bool

    package init(path: String, size: Int64, modified: Int64, inode: UInt64, manifest: Int64 = 0, isFolder: Bool = false) {
        self.path = path
        self.size = size
        self.modified = modified
        self.inode = inode
        self.manifest = manifest
        self.isFolder = isFolder
    }

    /// Looks at a path; nil for what is no regular file. Blocks.
    package init?(lookingAt path: String) {
        guard let info = Self.look(path), info.st_mode & S_IFMT == S_IFREG else { return nil }
        self.init(path: path, size: Int64(info.st_size), modified: Self.modified(info), inode: UInt64(info.st_ino))
    }

    /// Looks at an export with its manifest; nil for what is neither a regular file nor a folder. Blocks.
    package init?(export path: String) {
        guard let info = Self.look(path) else { return nil }
        let manifest = Self.look(path + Manifest.ending).map(Self.modified) ?? 0
        var size = Int64(info.st_size)
        var modified = Self.modified(info)
        switch info.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR:
            size = 0
            for name in Self.names(in: path) where ExportReader.isPart(name) {
                guard let part = Self.look("\(path)/\(name)") else { continue }
                size += Int64(part.st_size)
                modified = max(modified, Self.modified(part))
            }
        default: return nil
        }
        self.init(
            path: path, size: size, modified: modified, inode: UInt64(info.st_ino), manifest: manifest,
            isFolder: info.st_mode & S_IFMT == S_IFDIR)
    }

    private static func look(_ path: String) -> stat? {
        var info = stat()
        return stat(path, &info) == 0 ? info : nil
    }

    private static func modified(_ info: stat) -> Int64 {
        Int64(info.st_mtim.tv_sec) * 1_000_000_000 + Int64(info.st_mtim.tv_nsec)
    }

    /// The newest of several files, by name where two are of the same moment; the others count as older exports.
    package static func newest(_ files: [WatchedFile]) -> WatchedFile? {
        files.max { ($0.modified, $0.path) < ($1.modified, $1.path) }
    }

    /// The names in a folder; empty when it is not there. Blocks.
    package static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
