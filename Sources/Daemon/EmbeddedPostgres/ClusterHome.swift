// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Finds or makes the folder in which a data folder's cluster lives.
///
/// As root the cluster belongs to an unprivileged user, who may be unable to pass the folders above the data folder, as with a
/// checkout below `/root`. Such a cluster lives in `/var/lib/muster/<hash of the path>`, and the file `postgres.location` in the
/// data folder says so.
struct ClusterHome: Sendable, Hashable {
    let path: String
    let user: OSUser

    /// The home that exists already; nil when no cluster was made yet. Creates nothing.
    static func existing(data: String) throws(EmbeddedPostgresError) -> ClusterHome? {
        let home = try location(in: data) ?? data
        guard let cluster = FileSystem.facts(of: "\(home)/postgres") else { return nil }
        guard cluster.isFolder else {
            throw EmbeddedPostgresError(.notACluster, "\(home)/postgres is not a folder.", remedy: "Move it away.")
        }
        let user = try OSUser.forCluster(ownedBy: cluster.owner)
        if let obstacle = FolderAccess.obstacle(onTheWayTo: home, for: user, facts: { FileSystem.facts(of: $0, following: true) })
        {
            throw blocked(by: obstacle, user: user)
        }
        return ClusterHome(path: home, user: user)
    }

    /// The home to make a cluster in, created where missing.
    static func make(data: String, relocationRoot: String) throws(EmbeddedPostgresError) -> ClusterHome {
        let user = try OSUser.forCluster(ownedBy: nil)
        guard geteuid() == 0, try location(in: data) != nil || !isSuitable(data, for: user) else {
            return ClusterHome(path: data, user: user)
        }
        let home = "\(relocationRoot)/\(ClusterLayout.tag(of: data))"
        try FileSystem.makeMissingFolder(home, mode: 0o711, owner: nil)
        guard isSuitable(home, for: user) else {
            throw blocked(
                by: FolderAccess.obstacle(onTheWayTo: home, for: user, facts: { FileSystem.facts(of: $0, following: true) })
                    ?? home,
                user: user)
        }
        try FileSystem.write("\(home)\n", to: "\(data)/\(ClusterLayout.locationFile)", mode: 0o644, owner: nil)
        return ClusterHome(path: home, user: user)
    }

    private static func isSuitable(_ folder: String, for user: OSUser) -> Bool {
        guard let facts = FileSystem.facts(of: folder), FolderAccess.isTrusted(facts, user: user) else { return false }
        return FolderAccess.obstacle(onTheWayTo: folder, for: user) { FileSystem.facts(of: $0, following: true) } == nil
    }

    /// Where the data folder's note says that the cluster is. Only a note by root or by this user counts.
    private static func location(in data: String) throws(EmbeddedPostgresError) -> String? {
        let note = "\(data)/\(ClusterLayout.locationFile)"
        guard let facts = FileSystem.facts(of: note) else { return nil }
        guard facts.owner == 0 || facts.owner == geteuid(), facts.mode & 0o022 == 0, !facts.isFolder,
            let line = FileSystem.text(of: note)?.split(separator: "\n").first, line.hasPrefix("/")
        else {
            throw EmbeddedPostgresError(
                .folderNotPrivate, "\(note) can be changed by another user, or cannot be read.",
                remedy: "Check what it says; then remove it, or give it to root with mode 0644.")
        }
        return String(line)
    }

    private static func blocked(by obstacle: String, user: OSUser) -> EmbeddedPostgresError {
        EmbeddedPostgresError(
            .folderNotTraversable, "PostgreSQL runs as \(user.name), who cannot pass the folder \(obstacle).",
            remedy: "Run chmod o+x \(obstacle), or choose another folder with --data or MUSTER_DATA_DIR.")
    }
}

/// The folder that holds the server's socket.
enum SocketFolder {
    /// Makes the folder, or makes sure that the one there is ours alone.
    static func prepare(_ path: String, for user: OSUser) throws(EmbeddedPostgresError) {
        if FileSystem.facts(of: path) == nil {
            try FileSystem.makeFolder(path, mode: 0o700, owner: user)
        }
        try check(path, owner: user.id)
    }

    /// Refuses a folder in which somebody else may have put a socket of their own.
    static func check(_ path: String, owner: UInt32) throws(EmbeddedPostgresError) {
        guard let facts = FileSystem.facts(of: path), facts.isFolder, facts.owner == owner, facts.mode & 0o077 == 0 else {
            throw EmbeddedPostgresError(
                .folderNotPrivate, "The socket folder \(path) is not a folder of the cluster's user alone (mode 0700).",
                remedy: "Find out who made it; then remove it, and start again.")
        }
    }
}
