// SPDX-License-Identifier: Apache-2.0

extension PostgresConfiguration {
    /// Reads `postgres://user:password@host:port/database?key=value`.
    ///
    /// Keys: `host`, `hostaddr`, `port`, `user`, `password`, `dbname`, `sslmode` (`disable`, `require`, `verify-full`),
    /// `sslrootcert`, `application_name`, `connect_timeout` (seconds), `pool_limit`, `target_session_attrs` (`any`, `read-write`,
    /// `read-only`, `primary`, `standby`). Any other key is an error that names it.
    /// Several servers are separated by commas, `a:5432,b:5433`, and tried in this order; so are several `host`, `hostaddr` and
    /// `port`, where one port is that of all (libpq's section "Specifying Multiple Hosts"). A socket folder is given as `?host=/folder`. The URL itself is never part of an error: it may hold a password.
    package init(url: String) throws(PostgresError) {
        guard let scheme = ["postgres://", "postgresql://"].first(where: url.hasPrefix) else {
            throw PostgresError(.configuration, "the database URL must start with postgres://")
        }
        let rest = url.dropFirst(scheme.count)
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let place = parts[0].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)

        var fields = URLFields()
        try fields.readAuthority(place[0])
        if place.count > 1 { fields.values["dbname"] = try URLFields.decoded(place[1]) }
        if parts.count > 1 { try fields.readParameters(parts[1]) }
        try self.init(fields: fields)
    }

    private init(fields: URLFields) throws(PostgresError) {
        let servers = try fields.servers()
        guard let user = fields["user"] else {
            throw PostgresError(.configuration, "the database URL names no user")
        }
        self.init(
            host: servers[0].host,
            hostAddress: servers[0].hostAddress,
            port: servers[0].port,
            user: user,
            password: fields["password"],
            database: fields["dbname"] ?? user,
            tls: try fields.tls(hosts: servers.map(\.host))
        )
        furtherServers = Array(servers.dropFirst())
        if let text = fields["target_session_attrs"] {
            guard let target = TargetSession(rawValue: text) else {
                let known = TargetSession.allCases.map(\.rawValue).joined(separator: ", ")
                throw PostgresError(.configuration, "target_session_attrs in the database URL must be one of \(known)")
            }
            targetSession = target
        }
        if let name = fields["application_name"] { applicationName = name }
        if let seconds = try fields.integer("connect_timeout", in: 1...3600) { connectTimeout = .seconds(seconds) }
        if let limit = try fields.integer("pool_limit", in: 1...1000) { pool.limit = limit }
    }
}

/// The parts of a database URL by their libpq names.
private struct URLFields {
    static let known: Set<String> = [
        "host", "hostaddr", "port", "user", "password", "dbname", "sslmode", "sslrootcert", "application_name",
        "connect_timeout", "pool_limit", "target_session_attrs",
    ]

    var values: [String: String] = [:]

    subscript(key: String) -> String? {
        guard let value = values[key], !value.isEmpty else { return nil }
        return value
    }

    mutating func readAuthority(_ text: Substring) throws(PostgresError) {
        var hostPart = text
        if let at = text.lastIndex(of: "@") {
            let login = text[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            values["user"] = try Self.decoded(login[0])
            if login.count > 1 { values["password"] = try Self.decoded(login[1]) }
            hostPart = text[text.index(after: at)...]
        }
        var hosts: [String] = []
        var ports: [String] = []
        for server in hostPart.split(separator: ",", omittingEmptySubsequences: false) {
            let (host, port) = try Self.hostAndPort(server)
            hosts.append(host)
            ports.append(port)
        }
        values["host"] = hosts.joined(separator: ",")
        if ports.contains(where: { !$0.isEmpty }) { values["port"] = ports.joined(separator: ",") }
    }

    private static func hostAndPort(_ text: Substring) throws(PostgresError) -> (host: String, port: String) {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            let rest = text[text.index(after: end)...]
            return (String(text[text.index(after: text.startIndex)..<end]), rest.hasPrefix(":") ? String(rest.dropFirst()) : "")
        }
        let pieces = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return (try decoded(pieces[0]), pieces.count > 1 ? String(pieces[1]) : "")
    }

    /// The servers that are named: as many as there are hosts, or addresses.
    func servers() throws(PostgresError) -> [PostgresConfiguration.Server] {
        let addresses = list("hostaddr")
        let hosts = list("host") ?? addresses ?? ["localhost"]
        let ports = list("port") ?? [""]
        guard addresses.map({ $0.count == hosts.count }) ?? true, ports.count == 1 || ports.count == hosts.count else {
            throw PostgresError(.configuration, "the database URL names different numbers of hosts, addresses and ports")
        }
        var servers: [PostgresConfiguration.Server] = []
        for (index, host) in hosts.enumerated() {
            let address = addresses.map { $0[index] } ?? ""
            guard !(host.isEmpty && address.isEmpty) || hosts.count == 1 else {
                throw PostgresError(.configuration, "the database URL has a server without a name")
            }
            let port = try Self.port(ports[ports.count == 1 ? 0 : index])
            servers.append(
                .init(
                    host: host.isEmpty ? (address.isEmpty ? "localhost" : address) : host,
                    hostAddress: address.isEmpty ? nil : address, port: port))
        }
        return servers
    }

    private func list(_ key: String) -> [String]? {
        self[key].map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }

    private static func port(_ text: String) throws(PostgresError) -> Int {
        if text.isEmpty { return 5432 }
        guard let port = Int(text), (1...65_535).contains(port) else {
            throw PostgresError(.configuration, "port in the database URL must be between 1 and 65535")
        }
        return port
    }

    mutating func readParameters(_ text: Substring) throws(PostgresError) {
        for pair in text.split(separator: "&") {
            let pieces = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = try Self.decoded(pieces[0])
            guard Self.known.contains(key) else {
                throw PostgresError(.configuration, "the database URL has an unknown parameter \"\(key)\"")
            }
            values[key] = pieces.count > 1 ? try Self.decoded(pieces[1]) : ""
        }
    }

    func integer(_ key: String, in range: ClosedRange<Int>) throws(PostgresError) -> Int? {
        guard let text = self[key] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw PostgresError(
                .configuration, "\(key) in the database URL must be between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }

    func tls(hosts: [String]) throws(PostgresError) -> PostgresConfiguration.TLS? {
        switch self["sslmode"] {
        case nil:
            if let root = self["sslrootcert"] { return .verifyFull(rootCertificate: root) }
            // One stranger among them must prove who it is, so all must.
            return hosts.map(PostgresConfiguration.defaultTLS(host:)).first { $0 != .disable } ?? .disable
        case "disable": return .disable
        case "require": return .require
        case "verify-full": return .verifyFull(rootCertificate: self["sslrootcert"])
        case .some:
            throw PostgresError(.configuration, "sslmode in the database URL must be disable, require or verify-full")
        }
    }

    static func decoded(_ text: Substring) throws(PostgresError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit), high | low != 0
            else {
                throw PostgresError(.configuration, "the database URL has a broken percent escape")
            }
            bytes.append(high << 4 | low)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
