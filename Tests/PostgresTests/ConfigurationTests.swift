// SPDX-License-Identifier: Apache-2.0

import Postgres
import Testing

@Suite struct ConfigurationTests {
    @Test func urlsAreRead() throws {
        let full = try PostgresConfiguration(
            url:
                "postgres://ada:p%40ss%3Aw@db.example.org:5433/muster?sslmode=verify-full&sslrootcert=/ca.pem&pool_limit=3&connect_timeout=2"
        )
        #expect(full.host == "db.example.org" && full.port == 5433 && full.user == "ada" && full.password == "p@ss:w")
        #expect(full.database == "muster" && full.tls == .verifyFull(rootCertificate: "/ca.pem"))
        #expect(full.pool.limit == 3 && full.connectTimeout == .seconds(2))

        let socket = try PostgresConfiguration(url: "postgresql:///muster?host=/run/postgresql&user=ada")
        #expect(socket.isUnixSocket && socket.host == "/run/postgresql" && socket.database == "muster" && socket.tls == .disable)
        #expect(try PostgresConfiguration(url: "postgres://ada@%2Ftmp%2Fx/d").host == "/tmp/x")
        #expect(try PostgresConfiguration(url: "postgres://ada@[::1]:6000/d").host == "::1")
        #expect(try PostgresConfiguration(url: "postgres://ada@[::1]:6000/d").port == 6000)
    }

    @Test func strangersMustProveWhoTheyAre() throws {
        #expect(try PostgresConfiguration(url: "postgres://a@db/d").tls == .verifyFull(rootCertificate: nil))
        #expect(try PostgresConfiguration(url: "postgres://a@localhost/d").tls == .disable)
        #expect(try PostgresConfiguration(url: "postgres://a@db/d?sslmode=disable").tls == .disable)
    }

    @Test(arguments: [
        "mysql://a@b/c", "postgres://b/c", "postgres://a:secret@b/c?sslmod=require", "postgres://a:secret@b:0/c",
        "postgres://a:secret@b:port/c", "postgres://a:secret@b/c?sslmode=prefer", "postgres://a:secret%4@b/c",
        "postgres://a:secret%00@b/c",
        "postgres://a:secret@b/c?pool_limit=-1",
    ])
    func nonsenseIsRefusedWithoutShowingThePassword(url: String) {
        let error = #expect(throws: PostgresError.self) { try PostgresConfiguration(url: url) }
        #expect(error?.kind == .configuration)
        #expect(!"\(String(describing: error))".contains("secret"))
    }

    @Test func passwordsAreNeverShown() throws {
        let configuration = try PostgresConfiguration(url: "postgres://ada:hunter2@localhost/d")
        for text in ["\(configuration)", String(reflecting: configuration), dumped(configuration)] {
            #expect(!text.contains("hunter2"))
        }
    }
}
