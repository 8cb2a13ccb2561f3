// SPDX-License-Identifier: Apache-2.0
import Glibc
import Logging
import Subprocess
import Testing

@testable import Daemon

@Suite("Embedded PostgreSQL: trouble", .timeLimit(.minutes(2)))
struct ClusterTroubleTests {
    @Test("a server that a killed daemon left is adopted, with its data, and stopped by the next daemon")
    func adoptsAfterKill() async throws {
        try await ClusterFixture.withFolder { fixture in
            await #expect(processExitsWith: .signal(SIGKILL)) { [fixture = fixture as ClusterFixture] in
                let endpoint = try await fixture.make().start()
                _ = try await Shell.sql(endpoint.url, "create table kept (n int); insert into kept values (7)")
                kill(getpid(), SIGKILL)
            }
            let left = try fixture.postmaster()
            #expect(ProcessTable.isAlive(left))
            let postgres = fixture.make()
            let endpoint = try await postgres.start()
            #expect(try fixture.postmaster() == left)
            #expect(try await Shell.sql(endpoint.url, "select n from kept").output == "7")
            await postgres.shutdown()
            #expect(!ProcessTable.isAlive(left))
        }
    }

    @Test("Ctrl-C on the daemon's terminal does not reach the server")
    func interrupted() async throws {
        try await ClusterFixture.withFolder { fixture in
            await #expect(processExitsWith: .signal(SIGINT)) { [fixture = fixture as ClusterFixture] in
                setpgid(0, 0)
                _ = try await fixture.make().start()
                kill(0, SIGINT)
                sleep(5)
            }
            let left = try fixture.postmaster()
            await pauseWithoutCancellation(300)
            #expect(ProcessTable.isAlive(left) && fixture.layoutFile?.status == .ready)
        }
    }

    @Test("a second daemon on the folder is refused, and told by whom")
    func secondDaemon() async throws {
        try await ClusterFixture.withFolder { fixture in
            let postgres = fixture.make()
            _ = try await postgres.start()
            let holder = getpid()
            await #expect(processExitsWith: .success) { [fixture = fixture as ClusterFixture, holder = holder as Int32] in
                let second = fixture.make()
                let error = await #expect(throws: EmbeddedPostgresError.self) { try await second.start() }
                #expect(error?.code == "embedded_postgres_folder_in_use")
                #expect(error?.message.contains("process \(holder) (muster daemon)") == true)
            }
            let process = try fixture.postmaster()
            await postgres.shutdown()
            #expect(!ProcessTable.isAlive(process))
        }
    }

    @Test("a foreign holder of the lock is named by the kernel, not by what an earlier holder wrote")
    func foreignLock() async throws {
        try await ClusterFixture.withFolder { fixture in
            try FileSystem.makeFolder(fixture.data, mode: 0o711, owner: nil)
            let lock = "\(fixture.data)/muster.lock"
            try FileSystem.write("1\ndaemon\n", to: lock, mode: 0o600, owner: nil)
            _ = try await Subprocess.run(
                .name("flock"), arguments: ["--no-fork", lock, "sleep", "30"], input: .none, output: .discarded, error: .discarded
            ) { execution in
                var refusal: EmbeddedPostgresError?
                _ = try await ClusterFixture.eventually {
                    let postgres = fixture.make()
                    do { _ = try await postgres.start() } catch { refusal = error as? EmbeddedPostgresError }
                    await postgres.shutdown()
                    return refusal != nil
                }
                #expect(refusal?.kind == .folderInUse)
                #expect(
                    refusal?.message
                        == "The data folder \(fixture.data) is in use by process \(execution.processIdentifier.value).")
                try execution.send(signal: .kill)
            }
        }
    }

    @Test("a daemon and its initdb killed in the middle leave nothing that the next start trips over")
    func interruptedCreation() async throws {
        try await ClusterFixture.withFolder { fixture in
            await #expect(processExitsWith: .signal(SIGKILL)) { [fixture = fixture as ClusterFixture] in
                let postgres = fixture.make()
                async let starting = postgres.start()
                while !FileSystem.names(in: fixture.data).contains(where: {
                    FileSystem.facts(of: "\(fixture.data)/\($0)/base/1") != nil
                }) {
                    await pauseWithoutCancellation(2)
                }
                for process in ProcessTable.all()
                where process.arguments.contains(where: { $0.hasPrefix("--pgdata=\(fixture.data)/") }) {
                    kill(process.identity.id, SIGKILL)
                }
                kill(getpid(), SIGKILL)
                _ = try await starting
            }
            let remains = FileSystem.names(in: fixture.data).filter { $0.hasPrefix(ClusterLayout.unfinishedPrefix) }
            #expect(remains.count == 1)
            #expect(FileSystem.facts(of: "\(fixture.data)/postgres") == nil)
            let postgres = fixture.make()
            let endpoint = try await postgres.start()
            #expect(try await Shell.sql(endpoint.url, "select 1").output == "1")
            await postgres.shutdown()
            #expect(!FileSystem.names(in: fixture.data).contains { remains.contains($0) })
        }
    }

    @Test(
        "after a power failure postmaster.pid may be stale, damaged, or name a stranger",
        arguments: ["dead", "damaged", "stranger"])
    func stalePostmasterFile(kind: String) async throws {
        try await ClusterFixture.withFolder { fixture in
            let postgres = fixture.make()
            let endpoint = try await postgres.start()
            _ = try await Shell.sql(endpoint.url, "create table kept (n int); insert into kept values (3)")
            let process = try fixture.postmaster()
            let path = "\(fixture.data)/postgres/postmaster.pid"
            let text = try #require(FileSystem.text(of: path))
            let facts = try #require(FileSystem.facts(of: path))
            let user = try #require(OSUser.numbered(facts.owner))
            kill(process.id, SIGKILL)
            #expect(try await ClusterFixture.eventually { !ProcessTable.isAlive(process) })
            await postgres.shutdown()
            let switching = geteuid() == 0 ? ["--reuid=\(user.id)", "--regid=\(user.group)", "--clear-groups"] : []
            // A process of the same user: PostgreSQL itself would take it for the earlier server and refuse to start.
            _ = try await Subprocess.run(
                .name("setpriv"), arguments: Arguments(switching + ["sleep", "60"]), input: .none, output: .discarded,
                error: .discarded
            ) { execution in
                #expect(
                    try await ClusterFixture.eventually {
                        ProcessTable.facts(of: execution.processIdentifier.value)?.arguments.first == "sleep"
                    })
                let stranger = text.replacing(
                    "\(process.id)\n", with: "\(execution.processIdentifier.value)\n", maxReplacements: 1)
                let written = ["dead": text, "damaged": "", "stranger": stranger][kind] ?? ""
                try FileSystem.write(written, to: path, mode: 0o600, owner: user)
                let again = try await postgres.start()
                #expect(try await Shell.sql(again.url, "select n from kept").output == "3")
                await postgres.shutdown()
                #expect(ProcessTable.facts(of: execution.processIdentifier.value)?.hasEnded == false)
                try execution.send(signal: .kill)
            }
        }
    }

    @Test("a cluster of another version, a folder that is no cluster, and settings that do not work are told apart")
    func unusableClusters() async throws {
        try await ClusterFixture.withFolder { fixture in
            let postgres = fixture.make()
            func failure() async -> EmbeddedPostgresError? {
                await #expect(throws: EmbeddedPostgresError.self) { try await postgres.start() }
            }
            _ = try await postgres.start()
            await postgres.shutdown()
            let version = "\(fixture.data)/postgres/PG_VERSION"
            let written = try #require(FileSystem.text(of: version))
            let facts = try #require(FileSystem.facts(of: version))
            let owner = OSUser.numbered(facts.owner)

            try FileSystem.write("14\n", to: version, mode: 0o600, owner: owner)
            let older = await failure()
            #expect(older?.kind == .majorVersionDiffers && older?.remedy.contains("pg_upgrade") == true)
            unlink(version)
            #expect(await failure()?.kind == .notACluster)
            try FileSystem.write(written, to: version, mode: 0o600, owner: owner)

            let wrong = "shared_preload_libraries = 'no_such_library'\n"
            try FileSystem.write(wrong, to: "\(fixture.data)/postgres/postgresql.auto.conf", mode: 0o600, owner: owner)
            let settings = await failure()
            #expect(settings?.kind == .startFailed && settings?.message.contains("no_such_library") == true)
            #expect(settings?.remedy.contains("postgres.log") == true)
            try FileSystem.write("", to: "\(fixture.data)/postgres/postgresql.auto.conf", mode: 0o600, owner: owner)
            _ = try await postgres.start()
            await postgres.shutdown()
        }
    }

    @Test("a daemon stopped at whatever moment of its start leaves no server behind")
    func cancelledStart() async throws {
        try await ClusterFixture.withFolder { fixture in
            let postgres = fixture.make()
            _ = try await postgres.start()
            await postgres.shutdown()
            for delay in [0, 40, 80, 120, 160, 200, 400] {
                let service = Task { try await postgres.run() }
                await pauseWithoutCancellation(delay)
                service.cancel()
                _ = await service.result
                let left = ProcessTable.all().filter { $0.arguments.contains("\(fixture.data)/postgres") && !$0.hasEnded }
                #expect(left.isEmpty, "after \(delay) ms")
                #expect(fixture.layoutFile == nil, "after \(delay) ms")
            }
        }
    }

    @Test("missing programs, a file in the way and an impossible name are typed errors with a next step")
    func refusals() async throws {
        try await ClusterFixture.withFolder { fixture in
            func failure(_ data: String, bin: String? = nil) async -> EmbeddedPostgresError? {
                var options = fixture.options
                options.environment["MUSTER_POSTGRES_BIN"] = bin
                let postgres = EmbeddedPostgres(dataDirectory: data, logger: .init(label: "test"), options: options)
                return await #expect(throws: EmbeddedPostgresError.self) { try await postgres.start() }
            }
            let missing = await failure(fixture.data, bin: "/nonexistent")
            #expect(missing?.kind == .programsMissing && missing?.remedy.contains("apt-get install postgresql") == true)
            #expect(await failure("\(fixture.folder)/a$(id)")?.kind == .folderNameUnsupported)
            try FileSystem.write("x", to: "\(fixture.folder)/file", mode: 0o600, owner: nil)
            #expect(await failure("\(fixture.folder)/file/data")?.kind == .inputOutput)
            #expect(await failure("/proc/muster")?.kind != nil)
        }
    }
}
