// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Foundation
import NIOCore
import NIOSSL
import Postgres
import Subprocess
import Synchronization
import SystemPackage
import Testing
import Webhooks

/// Webhooks over https, to a receiver with a certificate of an authority that the test makes.
@Suite struct SecureDeliveryTests {
    @Test(
        arguments: [
            // The certificate's name and authority; what the sender trusts beside the system; what the log says.
            ("hooks.example", "ca", "ca", "delivered 204"),
            ("hooks.example", "ca", nil, "pending certificate_untrusted"),
            ("hooks.example", "stranger", "ca", "pending certificate_untrusted"),
            ("other.example", "ca", "ca", "pending certificate_for_another_name"),
            // The address that is called is not the name that counts.
            ("localhost", "ca", "ca", "pending certificate_for_another_name"),
        ] as [(String, String, String?, String)]
    )
    func onlyToWhomItIsMeantFor(_ name: String, _ authority: String, _ trusted: String?, _ outcome: String) async throws {
        let certificates = try await Certificates()
        let asked = Mutex<[String]>([])
        var tls = try await certificates.server(name, of: authority)
        tls.sslContextCallback = { values, promise in
            asked.withLock { $0.append(values.serverHostname ?? "nobody") }
            promise.succeed(.noChanges)
        }
        let server = tls
        let authorities = try trusted.map { try #require(ReceiverAuthorities(file: certificates.path("\($0).crt"))) } ?? .system
        try await withDirectory { world in
            let receiver = Receiver()
            try await receiver.listening(as: server) { port in
                let app = try await world.app("One")
                _ = try await world.webhook("https://hooks.example:\(port)/in", by: app)
                _ = try await world.user("a@x.org", by: app)
                let worker = world.worker(
                    hosts: ["hooks.example": ["127.0.0.1"]], authorities: authorities, firstPause: .seconds(60))
                try await world.run([worker]) { try await world.count("select count(*) from deliveries where attempts = 1") == 1 }
                #expect(try await world.text("select concat_ws(' ', state, last_status, last_error) from deliveries") == outcome)
                #expect(Set(asked.withLock { $0 }) == ["hooks.example"])
                // Refused before anything is sent.
                #expect(receiver.received.map(\.host) == (outcome.hasPrefix("delivered") ? ["hooks.example:\(port)"] : []))
            }
        }
    }

    @Test func aReceiverThatSpeaksNoTLS() async throws {
        try await withDirectory { world in
            let receiver = Receiver()
            try await receiver.listening { port in
                let app = try await world.app("One")
                _ = try await world.webhook("https://127.0.0.1:\(port)/", by: app)
                _ = try await world.user("a@x.org", by: app)
                try await world.run([world.worker(firstPause: .seconds(60))]) {
                    try await world.count("select count(*) from deliveries where attempts = 1") == 1
                }
                #expect(try await world.text("select last_error from deliveries") == "tls_failed")
                #expect(receiver.received.isEmpty)
            }
        }
    }

    @Test func authoritiesAreReadFromAFile() async throws {
        let certificates = try await Certificates()
        #expect(ReceiverAuthorities(file: certificates.path("ca.crt"))?.count == 1)
        let both = try ["ca.crt", "stranger.crt"].map { try String(contentsOfFile: certificates.path($0), encoding: .utf8) }
        try both.joined().write(toFile: certificates.path("both.crt"), atomically: true, encoding: .utf8)
        #expect(ReceiverAuthorities(file: certificates.path("both.crt"))?.count == 2)
        for name in ["ca.key", "none.crt"] { #expect(ReceiverAuthorities(file: certificates.path(name)) == nil) }
    }
}

/// A folder with an authority and a stranger's authority, made by the `openssl` command.
private final class Certificates {
    private let folder = NSTemporaryDirectory() + "muster-webhooks-\(UUID().uuidString)"

    init() async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for name in ["ca", "stranger"] {
            try await openssl("req -x509 \(Self.key) -days 2 -subj /CN=\(name) -keyout \(name).key -out \(name).crt")
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { folder + "/" + name }

    /// A server with a certificate for the name.
    func server(_ name: String, of authority: String) async throws -> TLSConfiguration {
        try await openssl("req \(Self.key) -subj /CN=\(name) -keyout server.key -out server.csr")
        try "subjectAltName=DNS:\(name)\n".write(toFile: path("names"), atomically: true, encoding: .utf8)
        try await openssl(
            "x509 -req -in server.csr -CA \(authority).crt -CAkey \(authority).key -CAcreateserial -days 2 -extfile names -out server.crt"
        )
        return .makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(path("server.crt")).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: path("server.key"), format: .pem)))
    }

    private static let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"

    private func openssl(_ arguments: String) async throws {
        let words = arguments.split(separator: " ").map(String.init)
        let made = try await Subprocess.run(
            .path("/usr/bin/openssl"), arguments: Arguments(words), workingDirectory: FilePath(folder), output: .discarded,
            error: .discarded)
        try #require(made.terminationStatus.isSuccess, "openssl \(arguments) failed")
    }
}
