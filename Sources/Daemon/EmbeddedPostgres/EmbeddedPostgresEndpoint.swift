// SPDX-License-Identifier: Apache-2.0

/// Where the embedded PostgreSQL answers: a Unix socket in a private folder.
package struct EmbeddedPostgresEndpoint: Sendable, Hashable {
    /// The folder that holds the socket; only the cluster's user and root can enter it.
    package let socketDirectory: String
    /// The number in the socket's name; nothing listens on TCP.
    package let port: Int
    /// The role that owns the database.
    package let user: String
    /// The database of the daemon.
    package let database: String

    init(socketDirectory: String, port: Int = ClusterLayout.port) {
        self.socketDirectory = socketDirectory
        self.port = port
        self.user = ClusterLayout.role
        self.database = ClusterLayout.database
    }

    /// The connection string that libpq, psql and `MUSTER_DATABASE_URL` understand.
    package var url: String {
        "postgresql://\(user)@/\(database)?host=\(Self.percentEncoded(socketDirectory))&port=\(port)"
    }

    /// The file that a client connects to.
    package var socket: String { "\(socketDirectory)/.s.PGSQL.\(port)" }

    /// Everything but unreserved characters is escaped, so no path can end the parameter early.
    private static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                encoded.append(Character(Unicode.Scalar(byte)))
            default:
                encoded.append("%")
                encoded.append(digits[Int(byte >> 4)])
                encoded.append(digits[Int(byte & 15)])
            }
        }
        return encoded
    }
}
