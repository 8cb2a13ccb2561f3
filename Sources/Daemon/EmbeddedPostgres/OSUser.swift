// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A user of the operating system.
struct OSUser: Sendable, Hashable {
    let id: UInt32
    let group: UInt32
    let name: String

    static func named(_ name: String) -> OSUser? {
        find { getpwnam_r(name, $0, $1, $2, $3) }
    }

    static func numbered(_ id: UInt32) -> OSUser? {
        find { getpwuid_r(id, $0, $1, $2, $3) }
    }

    private typealias Lookup = (
        UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int, UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> Int32

    private static func find(_ lookup: Lookup) -> OSUser? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1 << 14) { buffer in
            guard let start = buffer.baseAddress, lookup(&entry, start, buffer.count, &found) == 0, found != nil else {
                return nil
            }
            return OSUser(id: entry.pw_uid, group: entry.pw_gid, name: String(cString: entry.pw_name))
        }
    }

    /// The user that the cluster runs as: the owner of one that exists, this process's user, or for root somebody harmless.
    static func forCluster(ownedBy owner: UInt32?) throws(EmbeddedPostgresError) -> OSUser {
        let own = geteuid()
        if let owner, owner != own || own != 0 {
            return try forExistingCluster(of: owner, own: own)
        }
        guard own == 0 else {
            guard let user = numbered(own) else { throw unknown(own) }
            return user
        }
        if owner == 0 {
            throw EmbeddedPostgresError(
                .folderOfAnotherUser, "The cluster belongs to root, and PostgreSQL refuses to run as root.",
                remedy: "Give it to an unprivileged user, as in chown -R postgres: on its folder.")
        }
        // Not `nobody`: other services run as nobody too, and they would own the database's files with it.
        guard let user = named("postgres") ?? named("muster") else {
            throw EmbeddedPostgresError(
                .noUnprivilegedUser, "PostgreSQL refuses to run as root, and there is no user postgres or muster.",
                remedy: "Run apt-get install postgresql, or useradd --system --user-group --shell /usr/sbin/nologin muster.")
        }
        return user
    }

    private static func forExistingCluster(of owner: UInt32, own: UInt32) throws(EmbeddedPostgresError) -> OSUser {
        guard let user = numbered(owner) else { throw unknown(owner) }
        guard own == 0 || own == owner else {
            throw EmbeddedPostgresError(
                .folderOfAnotherUser, "The cluster in the data folder belongs to the user \(user.name).",
                remedy: "Run this as \(user.name) or root, or choose another folder with --data or MUSTER_DATA_DIR.")
        }
        return user
    }

    private static func unknown(_ id: UInt32) -> EmbeddedPostgresError {
        EmbeddedPostgresError(
            .unknownUser, "User id \(id) has no name on this system, and PostgreSQL needs one.",
            remedy: "Add the user to /etc/passwd, or use an external database through MUSTER_DATABASE_URL.")
    }
}

/// Whether a user can reach a folder: pure, over facts that the caller looks up.
enum FolderAccess {
    /// The first folder on the way to `path`, itself included, that the user may not pass; nil when the way is free.
    ///
    /// Only the primary group counts, for the cluster's programs run without supplementary groups.
    static func obstacle(onTheWayTo path: String, for user: OSUser, facts: (String) -> FileFacts?) -> String? {
        var prefixes = ["/"]
        var current = ""
        for name in path.split(separator: "/") {
            current += "/\(name)"
            prefixes.append(current)
        }
        return prefixes.first { prefix in
            guard let folder = facts(prefix) else { return false }
            let bit: UInt32 = folder.owner == user.id ? 0o100 : folder.group == user.group ? 0o010 : 0o001
            return folder.mode & bit == 0
        }
    }

    /// Whether root may keep a cluster of `user` in this folder: nobody else may be able to swap its entries.
    static func isTrusted(_ folder: FileFacts, user: OSUser) -> Bool {
        (folder.owner == 0 || folder.owner == user.id) && folder.mode & 0o022 == 0
    }
}
