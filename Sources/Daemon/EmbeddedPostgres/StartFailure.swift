// SPDX-License-Identifier: Apache-2.0

/// What the lines that PostgreSQL logged during a failed start, or printed during a failed `initdb`, mean.
enum StartFailure: Sendable, Hashable {
    /// Processes of the earlier server are still ending: it will work in a moment.
    case stillInUse
    case diskFull
    case outOfMemory
    case versionDiffers
    case permission
    case other

    init(log: String) {
        func mentions(_ texts: String...) -> Bool { texts.contains { log.contains($0) } }
        if mentions("No space left on device", "Disk quota exceeded") {
            self = .diskFull
        } else if mentions("Cannot allocate memory", "could not map anonymous shared memory", "out of memory") {
            self = .outOfMemory
        } else if mentions("database files are incompatible with server") {
            self = .versionDiffers
        } else if mentions(
            "pre-existing shared memory block", "lock file \"", "Is another postmaster", "Is another postgres",
            "Address already in use")
        {
            self = .stillInUse
        } else if mentions("Permission denied", "Operation not permitted", "has wrong ownership", "invalid permissions") {
            self = .permission
        } else {
            self = .other
        }
    }

    /// The lines worth showing: the failures, else the last few.
    static func excerpt(of log: String) -> String {
        let lines = log.split(separator: "\n").map(String.init)
        let failures = lines.filter { line in ["FATAL:", "PANIC:", "error:", "HINT:"].contains { line.contains($0) } }
        return (failures.isEmpty ? lines.suffix(4) : failures.suffix(4)).joined(separator: " | ")
    }

    /// The typed error for it.
    func error(_ kind: EmbeddedPostgresError.Kind, _ message: String, log: String, logFile: String) -> EmbeddedPostgresError {
        let excerpt = Self.excerpt(of: log)
        let text = excerpt.isEmpty ? message : "\(message) PostgreSQL says: \(excerpt)"
        return switch self {
        case .stillInUse:
            .init(.stillInUse, text, remedy: "End the processes of the earlier server on this folder, then start again.")
        case .diskFull:
            .init(.diskFull, text, remedy: EmbeddedPostgresError.freeSpace)
        case .outOfMemory:
            .init(.outOfMemory, text, remedy: "Give the machine or container more memory, or raise its shared memory limit.")
        case .versionDiffers:
            .init(
                .majorVersionDiffers, text, remedy: "Install the PostgreSQL that made this cluster, or upgrade with pg_upgrade.")
        case .permission:
            .init(.folderNotWritable, text, remedy: "Give the owner of the cluster its files back (chown -R), then start again.")
        case .other:
            .init(kind, text, remedy: "See \(logFile).")
        }
    }
}
