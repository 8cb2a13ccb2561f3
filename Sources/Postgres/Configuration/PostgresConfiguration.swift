// SPDX-License-Identifier: Apache-2.0

/// Where the database is, who we are there, and how patient we are.
package struct PostgresConfiguration: Sendable {
    /// How the session is protected on the way.
    package enum TLS: Sendable, Hashable {
        /// Plain text: for Unix sockets and trusted machines.
        case disable
        /// Encrypted, but the server's identity is not checked.
        case require
        /// Encrypted, and the certificate must come from a known authority and bear the server's name.
        case verifyFull(rootCertificate: String?)
    }

    /// One place where the database may be.
    package struct Server: Sendable, Hashable {
        /// A host name, an address, or the folder of a Unix socket when it starts with `/`.
        package var host: String
        /// The address to connect to when `host` shall not be resolved.
        package var hostAddress: String?
        /// The port, which also names the Unix socket.
        package var port: Int

        /// Names a server.
        package init(host: String, hostAddress: String? = nil, port: Int = 5432) {
            self.host = host
            self.hostAddress = hostAddress
            self.port = port
        }
    }

    /// Which servers will do; the raw values are libpq's.
    package enum TargetSession: String, Sendable, CaseIterable {
        case any
        /// Takes writes by default.
        case readWrite = "read-write"
        case readOnly = "read-only"
        case primary
        case standby
    }

    /// How many connections there are, and how long callers wait for one.
    package struct Pool: Sendable {
        /// The most connections that are open at once.
        package var limit: Int
        /// How long a connection may lie idle before it is checked.
        package var keepAlive: Duration
        /// How long a connection may lie idle before it is closed.
        package var idleTimeout: Duration
        /// How long a caller waits for a connection.
        package var leaseTimeout: Duration
        /// The pause after the first failed attempt to connect; it doubles up to `maximumBackOff`.
        package var backOff: Duration
        /// The longest pause between two attempts to connect.
        package var maximumBackOff: Duration
        /// How long a graceful close waits for borrowed connections.
        package var closeTimeout: Duration

        /// Makes a pool's settings; the defaults suit a daemon beside its database.
        package init(
            limit: Int = 8,
            keepAlive: Duration = .seconds(30),
            idleTimeout: Duration = .seconds(300),
            leaseTimeout: Duration = .seconds(10),
            backOff: Duration = .milliseconds(50),
            maximumBackOff: Duration = .seconds(1),
            closeTimeout: Duration = .seconds(10)
        ) {
            self.limit = max(1, limit)
            self.keepAlive = keepAlive
            self.idleTimeout = idleTimeout
            self.leaseTimeout = leaseTimeout
            self.backOff = backOff
            self.maximumBackOff = maximumBackOff
            self.closeTimeout = closeTimeout
        }
    }

    /// A host name, an address, or the folder of a Unix socket when it starts with `/`.
    package var host: String
    /// The address to connect to when `host` shall not be resolved; `host` stays the name that the certificate must bear.
    package var hostAddress: String?
    /// The port, which also names the Unix socket.
    package var port: Int
    /// Further servers of the same database: each connection takes the first that answers and is as `targetSession` asks.
    package var furtherServers: [Server] = []
    /// What a server must be to be taken.
    package var targetSession = TargetSession.any
    /// The role to log in as.
    package var user: String
    /// The role's password; never shown.
    package var password: String?
    /// The database.
    package var database: String
    /// How the session is protected.
    package var tls: TLS
    /// How long opening one session may take, name resolution included.
    package var connectTimeout: Duration = .seconds(10)
    /// How long a statement may run unless it says otherwise.
    package var statementTimeout: Duration = .seconds(30)
    /// What the server shows as the name of the client.
    package var applicationName: String = "muster"
    /// How many prepared statements each connection keeps.
    package var statementCacheSize: Int = 256
    /// How often a transaction is run in all when it meets serialisation failures or deadlocks.
    package var transactionAttempts: Int = 20
    /// Server settings made at the start of every session.
    package var serverSettings: [String: String] = [
        "client_connection_check_interval": "10s",
        "idle_in_transaction_session_timeout": "60s",
    ]
    /// The pool's settings.
    package var pool: Pool

    /// Names a database. Without `tls`, sockets and loopback are plain and everything else is verified in full.
    package init(
        host: String, hostAddress: String? = nil, port: Int = 5432, user: String, password: String? = nil,
        database: String, tls: TLS? = nil, pool: Pool = Pool()
    ) {
        self.host = host
        self.hostAddress = hostAddress
        self.port = port
        self.user = user
        self.password = password
        self.database = database
        self.tls = tls ?? Self.defaultTLS(host: host)
        self.pool = pool
    }

    /// Whether `host` is the folder of a Unix socket.
    package var isUnixSocket: Bool { host.hasPrefix("/") }

    /// All servers in the order in which they are tried.
    package var servers: [Server] { [Server(host: host, hostAddress: hostAddress, port: port)] + furtherServers }

    static func defaultTLS(host: String) -> TLS {
        let local = host.hasPrefix("/") || host == "localhost" || host == "::1" || host.hasPrefix("127.")
        return local ? .disable : .verifyFull(rootCertificate: nil)
    }
}

extension PostgresConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String {
        "postgres://\(user)@\(servers.map { "\($0.host):\($0.port)" }.joined(separator: ","))/\(database)"
    }
    package var debugDescription: String { description }

    /// Reflection would show the password.
    package var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}
