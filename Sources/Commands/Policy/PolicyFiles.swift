// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What the paths of policies name.
enum PolicyFiles {
    /// Blocks.
    static func isFolder(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }
}
