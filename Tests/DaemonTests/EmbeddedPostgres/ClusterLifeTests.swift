// SPDX-License-Identifier: Apache-2.0
import Glibc
import Logging
import ServiceLifecycle
import Testing

@testable import Daemon

@Suite("Embedded PostgreSQL: life of a cluster", .timeLimit(.minutes(2)))
struct ClusterLifeTests {
    @Test("a fresh folder becomes a private cluster with checksums, UTF-8 and no TCP")
    func freshStart() async throws {
        try await ClusterFixture.withFolder { fixture in
            let postgres = fixture.make()
            let endpoint = try await postgres.start()
            let answer = try await Shell.sql(
                endpoint.url,
                """
                select current_user, current_database(), current_setting('data_checksums'), current_setting('listen_addresses'),
                  current_setting('server_encoding'), datcollate, pg_get_userbyid(datdba), rolsuper, upper('ä'), inet_server_addr()
                from pg_database, pg_roles where datname = current_database() and rolname = current_user
                """)
            let upper = newlocale(LC_CTYPE_MASK, "C.UTF-8", nil) == nil ? "ä" : "Ä"
            #expect(answer.output == "muster|muster|on||UTF8|C|muster|f|\(upper)|")
            let folder = try #require(FileSystem.facts(of: endpoint.socketDirectory))
            #expect(folder.mode == 0o700 && folder.owner != 0)
            let process = try fixture.postmaster()
            #expect(getsid(process.id) == process.id)
            #expect(try await postgres.start() == endpoint)
            await postgres.shutdown()
            #expect(!ProcessTable.isAlive(process))
            #expect(FileSystem.facts(of: "\(fixture.data)/postgres/postmaster.pid") == nil)
            await #expect(throws: EmbeddedPostgresError.self) {
                try await EmbeddedPostgres.locate(dataDirectory: fixture.data, options: fixture.options)
            }
        }
    }

    @Test("the settings for the machine are in force, and ALTER SYSTEM cannot open the server to the network")
    func settings() async throws {
        try await ClusterFixture.withFolder { fixture in
            let postgres = fixture.make()
            let endpoint = try await postgres.start()
            let superuser = endpoint.url.replacing("muster@/muster", with: "postgres@/postgres")
            let wrong = try await Shell.sql(superuser, "select name, error from pg_file_settings where error is not null")
            #expect(wrong.succeeded && wrong.output == "")
            _ = try await Shell.sql(superuser, "alter system set listen_addresses = '*'")
            _ = try await Shell.sql(superuser, "alter system set work_mem = '7MB'")
            await postgres.shutdown()
            let again = try await postgres.start()
            let shown = try await Shell.sql(
                again.url, "select current_setting('listen_addresses'), current_setting('work_mem'), current_setting('jit')")
            #expect(shown.output == "|7MB|off")
            await postgres.shutdown()
        }
    }

    @Test("data survive shutdown, kill -9 of the server under a busy backend, and the service starts it again by itself")
    func supervised() async throws {
        try await ClusterFixture.withFolder { fixture in
            let postgres = fixture.make()
            let endpoint = try await postgres.start()
            _ = try await Shell.sql(endpoint.url, "create table kept (n int); insert into kept values (1)")
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let group = ServiceGroup(services: [postgres], logger: logger)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                let killed = try fixture.postmaster()
                // A backend in the middle of a long computation does not notice that its server is gone.
                tasks.addTask { _ = try await Shell.sql(endpoint.url, "select count(*) from generate_series(1, 1e12::bigint)") }
                #expect(
                    try await ClusterFixture.eventually {
                        let busy = "select count(*) from pg_stat_activity where state = 'active'"
                        return try await Shell.sql(endpoint.url, busy).output == "2"
                    })
                kill(killed.id, SIGKILL)
                #expect(
                    try await ClusterFixture.eventually {
                        let answer = try await Shell.sql(endpoint.url, "select n from kept")
                        let process = fixture.possiblePostmaster
                        return answer.succeeded && answer.output == "1" && process != killed && process != nil
                    })
                let successor = try fixture.postmaster()
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
                #expect(!ProcessTable.isAlive(successor))
            }
            let again = try await postgres.start()
            #expect(try await Shell.sql(again.url, "select n from kept").output == "1")
            await postgres.shutdown()
        }
    }

    @Test("a cancelled service stops its server too")
    func cancelled() async throws {
        try await ClusterFixture.withFolder { fixture in
            let postgres = fixture.make()
            _ = try await postgres.start()
            let process = try fixture.postmaster()
            await withTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try? await postgres.run() }
                tasks.cancelAll()
            }
            #expect(!ProcessTable.isAlive(process))
        }
    }

    @Test("a command joins the daemon's server, or starts one for its own duration")
    func commands() async throws {
        try await ClusterFixture.withFolder { fixture in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            func ask() async throws -> String {
                try await EmbeddedPostgres.withEndpoint(dataDirectory: fixture.data, logger: logger, options: fixture.options) {
                    try await Shell.sql($0.url, "select 'hello'").output
                }
            }
            async let first = ask()
            async let second = ask()
            #expect(try await [first, second] == ["hello", "hello"])
            #expect(fixture.layoutFile == nil)

            let postgres = fixture.make()
            let endpoint = try await postgres.start()
            let process = try fixture.postmaster()
            #expect(try await ask() == "hello")
            #expect(try await EmbeddedPostgres.locate(dataDirectory: fixture.data, options: fixture.options) == endpoint)
            #expect(try fixture.postmaster() == process && ProcessTable.isAlive(process))
            await postgres.shutdown()
        }
    }

    @Test("a path too long for a socket gets a short private folder")
    func longPath() async throws {
        try await ClusterFixture.withFolder { fixture in
            let data = "\(fixture.folder)/" + String(repeating: "lång mapp/", count: 12) + "data"
            let postgres = ClusterFixture.make(data: data, folder: fixture.folder)
            let endpoint = try await postgres.start()
            #expect(endpoint.socket.utf8.count <= 107 && !endpoint.socketDirectory.hasPrefix(fixture.folder))
            #expect(FileSystem.facts(of: endpoint.socketDirectory)?.mode == 0o700)
            #expect(try await Shell.sql(endpoint.url, "select 1").output == "1")
            #expect(try await EmbeddedPostgres.locate(dataDirectory: data, options: fixture.options) == endpoint)
            await postgres.shutdown()
            // Somebody who may enter the folder could have put a socket of their own there.
            chmod(endpoint.socketDirectory, 0o755)
            let error = await #expect(throws: EmbeddedPostgresError.self) { try await postgres.start() }
            #expect(error?.kind == .folderNotPrivate)
            try FileSystem.removeTree(endpoint.socketDirectory)
        }
    }

    @Test("no other user can connect: not by the folder, and not by identity either", .enabled(if: geteuid() == 0))
    func otherUsers() async throws {
        try await ClusterFixture.withFolder { fixture in
            let postgres = fixture.make()
            let endpoint = try await postgres.start()
            let nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
            let outside = try await Shell.sql(endpoint.url, "select 1", through: nobody)
            #expect(!outside.succeeded && outside.output.contains("Permission denied"))
            // With the folder and the socket opened by mistake, the second line holds.
            chmod(endpoint.socketDirectory, 0o755)
            chmod(endpoint.socket, 0o777)
            let inside = try await Shell.sql(endpoint.url, "select 1", through: nobody)
            #expect(!inside.succeeded && inside.output.contains("Peer authentication failed"))
            await postgres.shutdown()
        }
    }

    @Test("as root below a folder that the cluster's user cannot pass, the cluster lives elsewhere", .enabled(if: geteuid() == 0))
    func relocated() async throws {
        try await ClusterFixture.withFolder { fixture in
            let closed = "\(fixture.folder)/closed"
            try FileSystem.makeFolder(closed, mode: 0o700, owner: nil)
            let data = "\(closed)/data"
            let postgres = ClusterFixture.make(data: data, folder: fixture.folder)
            let endpoint = try await postgres.start()
            #expect(endpoint.socketDirectory.hasPrefix(fixture.relocated))
            #expect(FileSystem.text(of: "\(data)/postgres.location")?.hasPrefix(fixture.relocated) == true)
            #expect(try await EmbeddedPostgres.locate(dataDirectory: data, options: fixture.options) == endpoint)
            _ = try await Shell.sql(endpoint.url, "create table kept ()")
            await postgres.shutdown()
            // Found again, though the folder can be passed by now.
            chmod(closed, 0o755)
            let again = try await postgres.start()
            #expect(try await Shell.sql(again.url, "select count(*) from kept").output == "0")
            await postgres.shutdown()
            // A note that others can write is not followed: it could lead root anywhere.
            chmod("\(data)/postgres.location", 0o666)
            let error = await #expect(throws: EmbeddedPostgresError.self) { try await postgres.start() }
            #expect(error?.kind == .folderNotPrivate)
        }
    }
}
