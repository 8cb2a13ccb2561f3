// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import Postgres
import Testing
import WebSurface

@testable import Daemon

@Suite struct ConfigurationTests {
    /// A data folder with a file `muster.yaml`.
    private static func withFile(_ text: String?, _ body: (String) throws -> Void) throws {
        let folder = "/tmp/muster-configuration-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try text?.write(toFile: "\(folder)/muster.yaml", atomically: true, encoding: .utf8)
        try body(folder)
    }

    private static func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    @Test func defaults() throws {
        try Self.withFile(nil) { folder in
            let configuration = try MusterConfiguration.load(environment: ["MUSTER_DATA_DIR": folder])
            #expect(configuration.listen == ListenAddress(host: "127.0.0.1", port: 3_000))
            #expect(configuration.dataDirectory == folder)
            #expect(configuration.database == nil)
            #expect(configuration.policies == "\(folder)/policies")
            #expect(configuration.secretKeyFile == "\(folder)/master.key")
            #expect(configuration.publicURL == "http://127.0.0.1:3000")
            #expect(configuration.senderAddress == "support@127.0.0.1")
            #expect(configuration.tombstoneLifetime == .seconds(30 * 86_400))
            #expect(configuration.webhookNetworks.isEmpty)
            #expect(configuration.logLevel == .info)
            #expect(configuration.logFormat == .text)
        }
    }

    @Test func flagThenEnvironmentThenFile() throws {
        try Self.withFile(
            "listen: 127.0.0.1:1\nlog_level: debug\npolicies: /from/file\ntrusted_proxies: [10.0.0.0/8, 192.168.1.1]\nwebhook_networks: [10.1.0.0/16]\ntombstone_days: 7\n"
        ) { folder in
            let environment = ["MUSTER_DATA_DIR": folder, "MUSTER_LISTEN": "127.0.0.1:2", "MUSTER_LOG_LEVEL": "error"]
            let configuration = try MusterConfiguration.load(flags: [.listen: "[::1]:3"], environment: environment)
            #expect(configuration.listen == ListenAddress(host: "::1", port: 3))
            #expect(configuration.publicURL == "http://[::1]:3")
            #expect(configuration.logLevel == .error)
            #expect(configuration.policies == "/from/file")
            #expect(configuration.trustedProxies != TrustedProxies())
            #expect(configuration.webhookNetworks == [try #require(AddressBlock("10.1.0.0/16"))])
            #expect(configuration.tombstoneLifetime == .seconds(7 * 86_400))
            for (key, value) in [
                ("MUSTER_TOMBSTONE_DAYS", "0"), ("MUSTER_TOMBSTONE_DAYS", "x"), ("MUSTER_WEBHOOK_NETWORKS", "inner"),
                ("MUSTER_WEBHOOK_CA_FILE", "/nowhere.pem"), ("MUSTER_WEBHOOK_CA_FILE", "\(folder)/muster.yaml"),
            ] {
                #expect(throws: ConfigurationError.self) {
                    try MusterConfiguration.load(environment: ["MUSTER_DATA_DIR": folder, key: value])
                }
            }
        }
    }

    @Test func anEmptyVariableIsAsGoodAsNone() throws {
        try Self.withFile("log_format: json\n") { folder in
            let environment = [
                "MUSTER_DATA_DIR": folder, "MUSTER_LOG_FORMAT": "", "MUSTER_DATABASE_URL": "", "MUSTER_CONFIG": "",
            ]
            let configuration = try MusterConfiguration.load(environment: environment)
            #expect(configuration.logFormat == .json)
            #expect(configuration.database == nil)
        }
    }

    @Test func limitsAreSetOrSwitchedOff() throws {
        try Self.withFile("address_limit: 100\nmetrics_readers: [10.0.0.0/8, 192.0.2.1]\n") { folder in
            let read = try MusterConfiguration.load(environment: ["MUSTER_DATA_DIR": folder, "MUSTER_TOKEN_LIMIT": "off"])
            #expect(read.addressLimit == RateLimit(perMinute: 100) && read.tokenLimit == nil)
            #expect(read.metricsReaders == [AddressBlock("10.0.0.0/8"), AddressBlock("192.0.2.1")].compactMap(\.self))
        }
        let usual = try MusterConfiguration.load(environment: ["MUSTER_DATA_DIR": "/nowhere"])
        #expect(usual.addressLimit == RateLimit(perMinute: 3_000) && usual.tokenLimit == RateLimit(perMinute: 6_000))
        #expect(usual.metricsReaders == [AddressBlock("127.0.0.0/8"), AddressBlock("::1")].compactMap(\.self))
    }

    @Test func unknownKeysAreNamed() throws {
        try Self.withFile("listen: 127.0.0.1:1\nlog-levl: debug\n") { folder in
            #expect(
                Self.message { _ = try MusterConfiguration.load(environment: ["MUSTER_DATA_DIR": folder]) }
                    == "\(folder)/muster.yaml:2:1: unknown key \"log-levl\"; did you mean \"log_level\"?")
        }
        #expect(
            Self.message { _ = try MusterConfiguration.load(environment: ["MUSTER_DATBASE_URL": "x"]) }
                == "the environment has an unknown variable MUSTER_DATBASE_URL; did you mean MUSTER_DATABASE_URL?")
        let allowed = [
            "MUSTER_TEST_X": "1", "MUSTER_SOAK": "1", "MUSTER_SAMPLES": "1", "MUSTER_POSTGRES_BIN": "/x",
            "MUSTER_DATA_DIR": "/nowhere",
        ]
        #expect(throws: Never.self) { _ = try MusterConfiguration.load(environment: allowed) }
    }

    @Test(arguments: [
        ("MUSTER_LISTEN", "3000", "MUSTER_LISTEN: \"3000\" is not understood"),
        ("MUSTER_LISTEN", "127.0.0.1:70000", "MUSTER_LISTEN: "),
        ("MUSTER_LISTEN", "::1:3000", "MUSTER_LISTEN: "),
        ("MUSTER_PUBLIC_URL", "muster.example.org", "MUSTER_PUBLIC_URL: "),
        ("MUSTER_PUBLIC_URL", "https://user@muster.example.org", "MUSTER_PUBLIC_URL: "),
        ("MUSTER_LOG_LEVEL", "loud", "choose one of trace, debug, info"),
        ("MUSTER_LOG_FORMAT", "xml", "choose one of text, json"),
        ("MUSTER_TRUSTED_PROXIES", "10.0.0.0/33", "MUSTER_TRUSTED_PROXIES: "),
        ("MUSTER_ADDRESS_LIMIT", "0", "a number of requests a minute, or off, is wanted"),
        ("MUSTER_TOKEN_LIMIT", "many", "a number of requests a minute, or off, is wanted"),
        ("MUSTER_METRICS_READERS", "10.0.0.0/33", "MUSTER_METRICS_READERS: "),
        ("MUSTER_DATABASE_URL", "mysql://me:hush@db/x", "MUSTER_DATABASE_URL: "),
        ("MUSTER_DATABASE_URL_FILE", "/nowhere/url", "the file /nowhere/url cannot be read"),
        ("MUSTER_CONFIG", "/nowhere/muster.yaml", "/nowhere/muster.yaml cannot be read"),
    ])
    func badValuesAreNamed(variable: String, value: String, expected: String) {
        let message = Self.message {
            _ = try MusterConfiguration.load(environment: ["MUSTER_DATA_DIR": "/nowhere", variable: value])
        }
        #expect(message.contains(expected), "\(message)")
        #expect(!message.contains("hush"))
    }

    @Test func theDatabaseFromASecretsFile() throws {
        try Self.withFile(nil) { folder in
            try "\n postgres://muster:s3cret@db.example/muster \n".write(
                toFile: "\(folder)/url", atomically: true, encoding: .utf8)
            var environment = ["MUSTER_DATA_DIR": folder, "MUSTER_DATABASE_URL_FILE": "\(folder)/url"]
            let configuration = try MusterConfiguration.load(environment: environment)
            #expect(configuration.database?.host == "db.example")
            #expect(configuration.database?.password == "s3cret")
            #expect(!"\(configuration)".contains("s3cret"))
            #expect(
                try MusterConfiguration.load(flags: [.databaseURL: "postgres://a@flag/b"], environment: environment).database?
                    .host == "flag")
            environment["MUSTER_DATABASE_URL"] = "postgres://a@b/c"
            #expect(Self.message { _ = try MusterConfiguration.load(environment: environment) }.contains("exclude each other"))
        }
    }
}

@Suite struct LogLineTests {
    /// What a handler writes.
    private static func lines(_ format: MusterConfiguration.LogFormat, _ body: (Logger) -> Void) throws -> String {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        var logger = Logger(label: "muster.test") {
            LineLogHandler(label: $0, level: .info, format: format, writer: LogWriter(descriptor: ends[1]))
        }
        logger[metadataKey: "run"] = "7"
        body(logger)
        close(ends[1])
        defer { close(ends[0]) }
        return String(decoding: FileHandle(fileDescriptor: ends[0]).readDataToEndOfFile(), as: UTF8.self)
    }

    @Test func textIsOneLine() throws {
        let text = try Self.lines(.text) {
            $0.debug("not shown")
            $0.notice("a\nb", metadata: ["file": "/x y", "n": "1", "forged": "x\n2026 ERROR"])
        }
        #expect(text.hasSuffix(" NOTICE a b file=\"/x y\" forged=\"x\\n2026 ERROR\" n=1 run=7\n"))
        #expect(text.filter { $0 == "\n" }.count == 1)
    }

    @Test func jsonIsJSON() throws {
        let text = try Self.lines(.json) { $0.warning("a \"b\"\u{1}", metadata: ["message": "mine", "é": "ü\\"]) }
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: String])
        #expect(object["message"] == "a \"b\"\u{1}")
        #expect(object["_message"] == "mine")
        #expect(object["é"] == "ü\\")
        #expect(object["level"] == "warning")
        #expect(object["run"] == "7")
        #expect(object["logger"] == "muster.test")
    }
}
