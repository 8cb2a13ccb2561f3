// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Why the embedded PostgreSQL could not be used, with what to do next.
package struct EmbeddedPostgresError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure; the raw values are stable and may be matched by scripts.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case programsMissing = "programs_missing"
        case versionTooOld = "version_too_old"
        case majorVersionDiffers = "major_version_differs"
        case folderInUse = "folder_in_use"
        case folderNotWritable = "folder_not_writable"
        case folderNotTraversable = "folder_not_traversable"
        case folderNotPrivate = "folder_not_private"
        case folderOfAnotherUser = "folder_of_another_user"
        case folderNameUnsupported = "folder_name_unsupported"
        case notACluster = "not_a_cluster"
        case noUnprivilegedUser = "no_unprivileged_user"
        case unknownUser = "unknown_user"
        case diskFull = "disk_full"
        case outOfMemory = "out_of_memory"
        case creationFailed = "creation_failed"
        case startFailed = "start_failed"
        case stillInUse = "still_in_use"
        case singleUserMode = "single_user_mode"
        case notRunning = "not_running"
        case inputOutput = "input_output"
    }

    package let kind: Kind
    /// What happened, in one sentence.
    package let message: String
    /// What the operator should do next.
    package let remedy: String

    init(_ kind: Kind, _ message: String, remedy: String) {
        self.kind = kind
        self.message = message
        self.remedy = remedy
    }

    /// The stable code of this error.
    package var code: String { "embedded_postgres_\(kind.rawValue)" }

    package var description: String { "\(message) \(remedy) [\(code)]" }

    /// The error for a failed system call on a path.
    static func system(_ operation: String, _ path: String, _ number: Int32) -> Self {
        let reason = String(cString: strerror(number))
        let message = "Cannot \(operation) \(path): \(reason)."
        return switch number {
        case EACCES, EPERM, EROFS:
            Self(
                .folderNotWritable, message,
                remedy: "Give this user the right to write there, or choose another folder with --data or MUSTER_DATA_DIR.")
        case ENOSPC, EDQUOT:
            Self(.diskFull, message, remedy: freeSpace)
        default:
            Self(.inputOutput, message, remedy: "Check the path, and that its file system is mounted and healthy.")
        }
    }

    static let freeSpace =
        "Free some space on that file system, or choose a folder on another one with --data or MUSTER_DATA_DIR."
}
