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

    @Test func severalServersAreRead() throws {
        func servers(_ url: String) throws -> [String] {
            let read = try PostgresConfiguration(url: url)
            let first = PostgresConfiguration.Server(host: read.host, hostAddress: read.hostAddress, port: read.port)
            return ([first] + read.furtherServers).map { "\($0.host) \($0.hostAddress ?? "-") \($0.port)" }
        }
        #expect(try servers("postgres://a@x:1,y:2,z/d") == ["x - 1", "y - 2", "z - 5432"])
        #expect(try servers("postgres://a@[::1]:6,x/d?port=7") == ["::1 - 7", "x - 7"])
        #expect(try servers("postgres:///d?user=a&host=/tmp/x,db&port=1,2") == ["/tmp/x - 1", "db - 2"])
        #expect(try servers("postgres://a@x,y/d?hostaddr=10.0.0.1,10.0.0.2&port=3") == ["x 10.0.0.1 3", "y 10.0.0.2 3"])
        #expect(try servers("postgres:///d?user=a&hostaddr=10.0.0.1") == ["10.0.0.1 10.0.0.1 5432"])
        let read = try PostgresConfiguration(url: "postgres://a@localhost,db/d?target_session_attrs=read-write")
        // One that is far away makes all of them prove who they are.
        #expect(read.targetSession == .readWrite && read.tls == .verifyFull(rootCertificate: nil))
        #expect("\(read)" == "postgres://a@localhost:5432,db:5432/d")
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
        "postgres://a:secret@b/c?pool_limit=-1", "postgres://a:secret@b,/c", "postgres://a:secret@b,c/d?port=1,2,3",
        "postgres://a:secret@b,c/d?hostaddr=10.0.0.1", "postgres://a:secret@b,c:0/d",
        "postgres://a:secret@b/c?target_session_attrs=prefer-standby", "postgres://a:secret@b/c?target_session_attrs=rw",
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
