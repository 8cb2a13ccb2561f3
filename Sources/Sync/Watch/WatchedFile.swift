// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file with what tells one content of it from another.
package struct WatchedFile: Sendable, Hashable {
    package let path: String
    package let size: Int64
    /// Nanoseconds since 1970.
    package let modified: Int64
    let inode: UInt64

    package init(path: String, size: Int64, modified: Int64, inode: UInt64) {
        self.path = path
        self.size = size
        self.modified = modified
        self.inode = inode
    }

    /// Looks at a path; nil for what is no regular file. Blocks.
    package init?(lookingAt path: String) {
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
        self.init(
            path: path, size: Int64(info.st_size),
            modified: Int64(info.st_mtim.tv_sec) * 1_000_000_000 + Int64(info.st_mtim.tv_nsec), inode: UInt64(info.st_ino))
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
