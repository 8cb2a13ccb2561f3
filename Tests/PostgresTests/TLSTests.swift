// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Postgres
import PostgresTestSupport
import Subprocess
import SystemPackage
import Testing

@Suite struct TLSTests {
    /// A folder with an authority, a stranger's authority, and a server certificate for `localhost`.
    private struct Certificates: ~Copyable {
        let folder: String

        init() async throws {
            folder = NSTemporaryDirectory() + "muster-tls-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for name in ["ca", "stranger"] {
                try await openssl(
                    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=\(name) -keyout \(name).key -out \(name).crt"
                )
            }
            try await openssl(
                "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout server.key -out server.csr")
            try "subjectAltName=DNS:localhost\n".write(toFile: folder + "/names", atomically: true, encoding: .utf8)
            try await openssl(
                "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt")
        }

        deinit {
            try? FileManager.default.removeItem(atPath: folder)
        }

        func text(_ name: String) throws -> String { try String(contentsOfFile: folder + "/" + name, encoding: .utf8) }

        private func openssl(_ arguments: String) async throws {
            let words = arguments.split(separator: " ").map(String.init)
            let made = try await Subprocess.run(
                .path("/usr/bin/openssl"), arguments: Arguments(words), workingDirectory: FilePath(folder), output: .discarded,
                error: .discarded)
            guard made.terminationStatus.isSuccess else { throw TestServer.Failure(description: "openssl \(arguments) failed") }
        }
    }

    private func connect(
        _ host: String, address: String? = nil, port: Int, password: String = "s3cret", tls: PostgresConfiguration.TLS
    ) async throws -> Bool {
        let configuration = PostgresConfiguration(
            host: host, hostAddress: address, port: port, user: "ada", password: password, database: "postgres", tls: tls,
            pool: .init(limit: 1, leaseTimeout: .seconds(3), backOff: .seconds(5), maximumBackOff: .seconds(5)))
        let client = PostgresClient(configuration: configuration, logger: Logger(label: "test"))
        do {
            let encrypted = try await client.query("select ssl from pg_stat_ssl where pid = pg_backend_pid()")[0].decode(
                Bool.self)
            let big = try await client.query("select repeat('x', 3000000) as big")[0].decode(String.self)
            #expect(big.utf8.count == 3_000_000)
            let error = await #expect(throws: PostgresError.self) {
                try await client.execute(PostgresQuery("select pg_sleep(9)").timeout(.milliseconds(50)))
            }
            #expect(error?.kind == .timeout)
            await client.close()
            return encrypted
        } catch {
            await client.close()
            throw error
        }
    }

    @Test func onlyTheServerThatProvesItsNameIsTrusted() async throws {
        let certificates = try await Certificates()
        let port = Int.random(in: 20_000...30_000)
        let server = try TestServer(
            .init(
                settings: [
                    "ssl = on", "ssl_cert_file = 'server.crt'", "ssl_key_file = 'server.key'",
                    "password_encryption = 'scram-sha-256'",
                ],
                tcpPort: port,
                access: ["local all all trust", "hostssl all all 127.0.0.1/32 scram-sha-256"],
                files: ["server.crt": certificates.text("server.crt"), "server.key": certificates.text("server.key")]))
        defer { server.stop() }
        let local = PostgresClient(configuration: server.configuration(), logger: Logger(label: "test"))
        try await local.execute("create role ada login password 's3cret'")
        await local.close()

        let root = PostgresConfiguration.TLS.verifyFull(rootCertificate: certificates.folder + "/ca.crt")
        #expect(try await connect("localhost", port: port, tls: root))
        #expect(try await connect("localhost", address: "127.0.0.1", port: port, tls: root))
        #expect(try await connect("127.0.0.1", port: port, tls: .require))

        let stranger = PostgresConfiguration.TLS.verifyFull(rootCertificate: certificates.folder + "/stranger.crt")
        let absent = PostgresConfiguration.TLS.verifyFull(rootCertificate: certificates.folder + "/absent.crt")
        try await refused(containing: "certificate verify failed") { try await connect("localhost", port: port, tls: stranger) }
        try await refused(containing: "does not exist") { try await connect("localhost", port: port, tls: absent) }
        try await refused(containing: "does not match host name") {
            try await connect("other.example.org", address: "127.0.0.1", port: port, tls: root)
        }
        try await refused(containing: "does not match host name") { try await connect("127.0.0.1", port: port, tls: root) }
        try await refused(containing: "no encryption") { try await connect("127.0.0.1", port: port, tls: .disable) }
        try await refused(containing: "password authentication failed") {
            try await connect("localhost", port: port, password: "wrong-s3cret", tls: root)
        }
    }

    private func refused(containing text: String, _ body: () async throws -> Bool) async throws {
        let error = await #expect(throws: PostgresError.self) { _ = try await body() }
        #expect(error?.kind == .unavailable)
        let reason = (error?.underlying as? PostgresError)?.message ?? ""
        #expect(reason.contains(text))
        #expect(!reason.contains("s3cret"))
    }
}
