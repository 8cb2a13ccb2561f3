// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
package import Logging
package import Postgres
package import WebSurface
package import Webhooks

/// Everything that Muster can be told from outside, checked.
///
/// Configuration keys: ``ConfigurationKey``; each as a flag, an environment variable or a key of the file, in this order.
package struct MusterConfiguration: Sendable {
    /// How log lines are written.
    package enum LogFormat: String, Sendable, CaseIterable {
        case text, json
    }

    /// Where the API listens.
    package var listen: ListenAddress
    /// The folder of the embedded PostgreSQL and the master key; absolute.
    package var dataDirectory: String
    /// A database of the operator's; nil is the embedded one.
    package var database: PostgresConfiguration?
    /// The folder of the policies; absolute.
    package var policies: String
    /// How others reach the API, without a slash at the end.
    package var publicURL: String
    /// The file with the master key; absolute.
    package var secretKeyFile: String
    package var logLevel: Logger.Level
    package var logFormat: LogFormat
    /// Proxies whose `X-Forwarded-For` is believed.
    package var trustedProxies: TrustedProxies
    /// The installation's own e-mail address, shown as `support_email` of accounts that have none.
    package var senderAddress: String
    /// Requests a minute of one client address, and under one token, in each daemon; nil is no limit.
    package var addressLimit: RateLimit?
    package var tokenLimit: RateLimit?
    /// Who may read `/metrics`.
    package var metricsReaders: [AddressBlock]
    /// How long what was deleted is kept before it is purged.
    package var tombstoneLifetime: Duration
    /// Networks that webhooks may be sent to although they are not public.
    package var webhookNetworks: [AddressBlock]
    /// Who vouches for the receivers of webhooks.
    package var webhookAuthorities: ReceiverAuthorities
    /// Bytes that one uploaded export may have.
    package var uploadLimit: Int64

    /// Reads flags, environment and file. Reads files: call it before anything runs.
    ///
    /// - Parameters:
    ///   - flags: the flags that were given.
    ///   - configFile: the value of `--config`.
    ///   - environment: all variables of the process.
    /// - Throws: ``ConfigurationError``, which names the key and the place where it stands.
    package static func load(
        flags: [ConfigurationKey: String] = [:], configFile: String? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationError) -> MusterConfiguration {
        let data = dataDirectory(flags[.dataDirectory], environment)
        var file: ConfigurationFile?
        let named = configFile ?? environment["MUSTER_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        let path = named.map(absolute) ?? "\(data)/muster.yaml"
        if named != nil || access(path, F_OK) == 0 { file = try ConfigurationFile(path: path) }
        return try MusterConfiguration(ConfigurationSources(flags: flags, environment: environment, file: file), data: data)
    }

    private init(_ sources: ConfigurationSources, data: String) throws(ConfigurationError) {
        dataDirectory = sources.text(.dataDirectory).map(Self.absolute) ?? data
        listen =
            try sources.value(
                .listen, "an address and a port are wanted, such as 127.0.0.1:3000 or [::1]:3000", ListenAddress.init)
            ?? ListenAddress(host: "127.0.0.1", port: 3_000)
        database = try Self.database(sources)
        policies = sources.text(.policies).map(Self.absolute) ?? "\(dataDirectory)/policies"
        publicURL =
            try sources.value(.publicURL, "an address such as https://muster.example.org is wanted", Self.publicURL)
            ?? "http://\(listen)"
        secretKeyFile = sources.text(.secretKeyFile).map(Self.absolute) ?? "\(dataDirectory)/master.key"
        logLevel =
            try sources.value(.logLevel, Self.choice(Logger.Level.allCases.map(\.rawValue))) {
                Logger.Level(rawValue: $0.lowercased())
            }
            ?? .info
        logFormat = try sources.value(.logFormat, Self.choice(LogFormat.allCases.map(\.rawValue)), LogFormat.init) ?? .text
        trustedProxies =
            try sources.value(
                .trustedProxies, "addresses and blocks such as 10.0.0.0/8, separated by commas, are wanted", Self.proxies)
            ?? TrustedProxies()
        senderAddress =
            try sources.value(.senderAddress, "an e-mail address is wanted") {
                $0.contains("@") && !$0.contains { $0.isWhitespace } ? $0 : nil
            }
            ?? "support@\(URL(string: publicURL)?.host() ?? listen.host)"
        addressLimit = try Self.limit(.addressLimit, 3_000, sources)
        tokenLimit = try Self.limit(.tokenLimit, 6_000, sources)
        metricsReaders =
            try sources.value(
                .metricsReaders, "addresses and blocks such as 10.0.0.0/8, separated by commas, are wanted", Self.blocks)
            ?? ["127.0.0.0/8", "::1"].compactMap { AddressBlock($0) }
        tombstoneLifetime = .seconds(
            86_400
                * (try sources.value(.tombstoneDays, "a number of days is wanted, from 1 to 3650") {
                    Int($0).flatMap { (1...3_650).contains($0) ? $0 : nil }
                } ?? 30))
        webhookNetworks =
            try sources.value(
                .webhookNetworks, "addresses and blocks such as 10.0.0.0/8, separated by commas, are wanted", Self.blocks) ?? []
        webhookAuthorities =
            try sources.value(.webhookCAFile, "a file that holds certificates in PEM is wanted") {
                ReceiverAuthorities(file: Self.absolute($0))
            } ?? .system
        uploadLimit =
            (try sources.value(.uploadLimit, "a number of MiB is wanted, from 1 to 1048576") {
                Int64($0).flatMap { (1...1_048_576).contains($0) ? $0 : nil }
            } ?? 4_096) << 20
    }

    /// The folder that the file may lie in must be known before the file is read.
    private static func dataDirectory(_ flag: String?, _ environment: [String: String]) -> String {
        absolute(flag ?? EmbeddedPostgres.defaultDataDirectory(environment: environment, isRoot: geteuid() == 0))
    }

    private static func database(_ sources: ConfigurationSources) throws(ConfigurationError) -> PostgresConfiguration? {
        guard let fileRank = sources.rank(.databaseURLFile) else {
            return try sources.text(.databaseURL).map { url throws(ConfigurationError) in try parse(url, .databaseURL, sources) }
        }
        if let rank = sources.rank(.databaseURL) {
            if rank < fileRank { return try parse(sources.text(.databaseURL) ?? "", .databaseURL, sources) }
            if rank == fileRank {
                throw ConfigurationError(
                    .badValue, "\(sources.place(of: .databaseURLFile)) and \(sources.place(of: .databaseURL)) exclude each other")
            }
        }
        let path = absolute(sources.text(.databaseURLFile) ?? "")
        guard let data = FileManager.default.contents(atPath: path), let text = String(validating: data, as: UTF8.self) else {
            throw ConfigurationError(.unreadable, "\(sources.place(of: .databaseURLFile)): the file \(path) cannot be read")
        }
        let url = String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        return try parse(url, .databaseURLFile, sources)
    }

    private static func parse(
        _ url: String, _ key: ConfigurationKey, _ sources: ConfigurationSources
    ) throws(ConfigurationError) -> PostgresConfiguration {
        do throws(PostgresError) {
            return try PostgresConfiguration(url: url)
        } catch {
            throw ConfigurationError(.badValue, "\(sources.place(of: key)): \(error.message)")
        }
    }

    private static func publicURL(_ text: String) -> String? {
        guard let url = URL(string: text), let scheme = url.scheme, ["http", "https"].contains(scheme), url.host() != nil,
            url.query() == nil, url.fragment() == nil, url.user() == nil
        else { return nil }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    private static func limit(
        _ key: ConfigurationKey, _ usual: Int, _ sources: ConfigurationSources
    ) throws(ConfigurationError) -> RateLimit? {
        let given = try sources.value(key, "a number of requests a minute, or off, is wanted") { text -> Int? in
            text == "off" ? 0 : Int(text).flatMap { (1...100_000_000).contains($0) ? $0 : nil }
        }
        let perMinute = given ?? usual
        return perMinute == 0 ? nil : RateLimit(perMinute: perMinute)
    }

    private static func proxies(_ text: String) -> TrustedProxies? { blocks(text).map { TrustedProxies($0) } }

    private static func blocks(_ text: String) -> [AddressBlock]? {
        let items = text.split(separator: ",").map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
        let blocks = items.compactMap { AddressBlock($0) }
        return blocks.count == items.count ? blocks : nil
    }

    private static func choice(_ names: [String]) -> String { "choose one of \(names.joined(separator: ", "))" }

    private static func absolute(_ path: String) -> String {
        let base = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        let parts = base.split(separator: "/").filter { $0 != "." }
        return "/" + parts.joined(separator: "/")
    }
}

/// A host or address with a port.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `127.0.0.1:3000`, `localhost:3000` or `[::1]:3000`; port 0 takes a free one.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, !host.contains(where: { $0.isWhitespace || $0 == "/" }) else { return nil }
        self.init(host: String(host), port: Int(port))
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
