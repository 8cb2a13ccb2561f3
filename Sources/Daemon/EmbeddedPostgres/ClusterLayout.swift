// SPDX-License-Identifier: Apache-2.0

/// The names and places of everything that belongs to one embedded cluster.
struct ClusterLayout: Sendable, Hashable {
    static let port = 5432
    static let role = "muster"
    static let database = "muster"
    static let superuser = "postgres"
    /// Written into a data folder whose cluster lives elsewhere.
    static let locationFile = "postgres.location"
    static let lockFile = "muster.lock"
    /// `sun_path` holds 108 bytes with its terminating zero.
    static let longestSocketPath = 107

    /// The folder that holds the cluster and its log: the data folder, or its stand-in.
    let home: String
    /// The folder that holds the socket.
    let socketFolder: String

    /// Lays out a cluster below `home`, with the socket in the first of the folders whose name a socket address can hold.
    init(home: String, isRoot: Bool, userID: UInt32, runtimeFolder: String?) {
        self.home = home
        let own = "\(home)/run"
        if Self.canHoldSocket(own) {
            self.socketFolder = own
            return
        }
        let tag = Self.tag(of: home)
        if isRoot {
            // Only root can create names in /run, so nobody can be there first.
            self.socketFolder = "/run/muster-\(tag)"
        } else if let runtimeFolder, Self.canHoldSocket("\(runtimeFolder)/muster-\(tag)") {
            self.socketFolder = "\(runtimeFolder)/muster-\(tag)"
        } else {
            // Shared with everybody: the folder's owner and mode are checked before each use.
            self.socketFolder = "/tmp/muster-\(userID)-\(tag)"
        }
    }

    var cluster: String { "\(home)/postgres" }
    var log: String { "\(home)/postgres.log" }
    var postmasterFile: String { "\(cluster)/postmaster.pid" }
    var versionFile: String { "\(cluster)/PG_VERSION" }

    /// Names of half-made clusters; any that exist were left by a creation that did not finish.
    static let unfinishedPrefix = "postgres.unfinished-"

    /// A socket folder must fit in an address, and libpq and the server both split lists of hosts at commas.
    static func canHoldSocket(_ folder: String) -> Bool {
        "\(folder)/.s.PGSQL.\(port)".utf8.count <= longestSocketPath && !folder.contains { ",\"'".contains($0) }
    }

    /// A character that `pg_ctl` would hand to a shell as more than itself, if the path has one.
    static func unsupportedCharacter(in path: String) -> Character? {
        path.first { "\"$`\\".contains($0) || $0.isNewline || $0 == "\0" }
    }

    /// A short name for a path (FNV-1a, 64 bits): it has to be stable, not secret.
    static func tag(of path: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in path.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        let text = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
