// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import Postgres
import PostgresTestSupport
import Testing

/// Backups of the real program, put back by the real program.
@Suite(.serialized) struct BackupTests {
    @Test func anEmptyMachineHasEveryTokenAgain() async throws {
        try await ReplicaFixture.withReplicas { replicas in
            let file = "\(replicas.muster.folder)/night.muster"
            let daemon = try await replicas.serve("one")
            let client = LoadClient(port: try #require(daemon.port))
            let user = client.send("POST", "users", token: replicas.token, body: #"{"name":"Ada","email":"ada@example.org"}"#)
            let userToken = try #require(user.json?["access_token"] as? String)
            #expect(try await replicas.command("key", "rotate").code == 0)
            let later = try await replicas.app("Later")

            // Taken while calls go on: a snapshot of one moment, and no call fails.
            let writes = LoadWrites(port: try #require(daemon.port), token: replicas.token)
            async let busy = writes.run(60)
            let taken = try await replicas.command("backup", file, "--json")
            #expect(taken.code == 0, "\(taken.error)")
            #expect(await busy == 60, "every call was answered")
            #expect(!taken.out.contains("mst_"))
            var facts = stat()
            #expect(stat(file, &facts) == 0 && facts.st_mode & 0o777 == 0o600)
            let again = try await replicas.command("backup", file)
            #expect(again.code == 1 && again.error.contains("exists"), "a backup is never written over")

            // Another machine: its own embedded cluster and data folder, and the copy of the master key.
            let target = try Machine(replicas.muster, "empty", key: "\(replicas.muster.folder)/master.key")
            let restored = try await target.command("restore", file)
            #expect(restored.code == 0, "\(restored.error)")
            let there = try await target.serve()
            let restoredClient = LoadClient(port: try #require(there.port))
            for token in [replicas.token, later] {
                #expect(restoredClient.send("GET", "accounts", token: token).status == 200)
            }
            let same = restoredClient.send("GET", "users/\(try #require(user.json?["id"] as? Int))", token: replicas.token)
            #expect(same.json?["access_token"] as? String == userToken)
            #expect(try await there.get("auth/validate_token", token: userToken).status != 401)
            // Ids go on where they were.
            let next = restoredClient.send("POST", "users", token: later, body: #"{"name":"B","email":"b@example.org"}"#)
            #expect(next.status == 200)
            _ = try await there.end(SIGTERM)
        }
    }

    @Test func whatIsNotWholeOrNotOursIsRefusedBeforeAnythingChanges() async throws {
        try await ReplicaFixture.withReplicas { replicas in
            let folder = replicas.muster.folder
            let file = "\(folder)/night.muster"
            // Tokens of every kind of owner.
            #expect(try await replicas.command("admin", "create", "root@example.org").code == 0)
            try await replicas.execute(
                """
                insert into agent_bots (name) values ('Bot');
                insert into users (name, email) values ('Ada', 'ada@example.org');
                insert into access_tokens (owner_kind, owner_id, key_id) values ('agent_bot', 1, 1), ('user', 1, 1), ('super_admin', 1, 1);
                """)
            #expect(try await replicas.command("backup", file).code == 0)
            let whole = try Data(contentsOf: URL(filePath: file))
            let server = try TestServer()
            defer { server.stop() }
            let target = Machine(replicas.muster, "other", server: server, key: "\(folder)/master.key")

            // Another key: said with both fingerprints, and the database stays empty.
            let foreign = Machine(replicas.muster, "foreign", server: server, key: "\(folder)/foreign.key")
            let missing = try await foreign.command("restore", file)
            #expect(missing.code == 1 && missing.error.contains("master key"), "\(missing.error)")
            try MachineKey.write(to: "\(folder)/foreign.key")
            let refused = try await foreign.command("restore", file)
            #expect(refused.code == 1 && refused.error.contains("another master key"), "\(refused.error)")
            #expect(try await target.relations() == 0)

            // Cut off anywhere, or with any byte changed: seeds are the places.
            var generator = SystemRandomNumberGenerator()
            var places = [0, 511, 512, 700, whole.count / 2, whole.count - 1_025, whole.count - 600]
            places += (0..<3).map { _ in Int.random(in: 0..<whole.count - 1_024, using: &generator) }
            for place in places {
                let path = "\(folder)/damaged"
                try whole.prefix(place).write(to: URL(filePath: path))
                let cut = try await target.command("restore", path, "--json")
                #expect(cut.code == 1 && cut.out.contains("backup."), "cut at \(place): \(cut.out)")
                var flipped = whole
                flipped[place] ^= 0x20
                try flipped.write(to: URL(filePath: path))
                let changed = try await target.command("restore", path, "--json")
                #expect(changed.code == 1 && changed.out.contains("backup."), "changed at \(place): \(changed.out)")
            }
            #expect(try await target.relations() == 0)

            // The file is good: into the empty database it goes, into the filled one only on demand.
            #expect(try await target.command("restore", file).code == 0)
            // A token is recomputed from its row and the data keys, so equal rows are equal tokens, whoever owns them.
            let (here, there) = (try await Machine.contents(of: replicas.server), try await Machine.contents(of: server))
            #expect(here.count > 30 && here["access_tokens"] != nil && here["data_keys"] != nil)
            #expect(here == there)
            let filled = try await target.command("restore", file)
            #expect(filled.code == 1 && filled.error.contains("--replace"), "\(filled.error)")
            #expect(try await target.command("app", "create", "Gone after").code == 0)
            let replaced = try await target.command("restore", file, "--replace")
            #expect(replaced.code == 0, "\(replaced.error)")
            let apps = try await target.command("app", "list")
            #expect(apps.out.contains("Load") && !apps.out.contains("Gone after"), "\(apps.out)")
            // What the archive is can be told without Muster.
            let listing = try await Machine.shell(
                "cd \(folder) && tar xf night.muster && sha256sum -c SHA256SUMS && cat manifest.json")
            #expect(listing.contains("database.dump: OK") && listing.contains("master_fingerprint"), "\(listing)")
        }
    }

    @Test func aRestoreThatBreaksOffChangesNothing() async throws {
        try await ReplicaFixture.withReplicas { replicas in
            let file = "\(replicas.muster.folder)/night.muster"
            #expect(try await replicas.command("backup", file).code == 0)
            #expect(try await replicas.command("app", "create", "Here").code == 0)
            // Somebody is connected: nothing is taken away under their feet.
            let daemon = try await replicas.serve("one")
            let inUse = try await replicas.command("restore", file, "--replace")
            #expect(inUse.code == 1 && inUse.error.contains("stop the daemons"), "\(inUse.error)")
            _ = try await daemon.end(SIGTERM)
            // The server refuses in the middle: what was there stays.
            try await replicas.execute(
                """
                create schema guard;
                create function guard.refuse() returns event_trigger language plpgsql as $$ begin raise 'no index today'; end $$;
                create event trigger refuse on ddl_command_start when tag in ('CREATE INDEX') execute function guard.refuse();
                """)
            let broken = try await replicas.command("restore", file, "--replace")
            #expect(broken.code == 1 && broken.error.contains("nothing was changed"), "\(broken.error)")
            #expect(try await replicas.command("app", "list").out.contains("Here"))
        }
    }

    /// `kill -9` in the middle leaves no file that is a backup, and the next one clears away what it left.
    @Test func aBackupThatIsKilledLeavesNoBackup() async throws {
        try await ReplicaFixture.withReplicas { replicas in
            let folder = replicas.muster.folder + "/backups"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let file = "\(folder)/night.muster"
            let names = { @Sendable in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }
            let client = PostgresClient(
                configuration: replicas.server.configuration(pool: .init(limit: 1)), logger: Logger(label: "test"))
            let left = try await client.withTransaction { connection in
                // The dump waits for this table, with its file begun.
                try await connection.execute("lock table users in access exclusive mode")
                let pid = try Processes.spawn(
                    ["\(MusterFixture.products)/muster", "backup", file],
                    environment: replicas.muster.environment.merging(
                        ReplicaFixture.environment(replicas.muster, replicas.server, name: "killed")
                    ) { $1 },
                    log: replicas.muster.log)
                try await MusterFixture.eventually("the backup has begun") { try !names().isEmpty }
                kill(pid, SIGKILL)
                var status: Int32 = 0
                waitpid(pid, &status, 0)
                return try names()
            }
            await client.close()
            #expect(left.count == 1 && left[0].hasSuffix(".new"), "\(left)")
            let refused = try await replicas.command("restore", "\(folder)/\(left[0])", "--replace")
            #expect(refused.code == 1 && refused.error.contains("nothing was changed"), "\(refused.error)")
            // One that somebody is still writing, and what only looks alike, stay.
            let busy = "\(file).0123456789abcdef.new"
            let descriptor = open(busy, O_WRONLY | O_CREAT, 0o600)
            #expect(flock(descriptor, LOCK_EX) == 0)
            defer { close(descriptor) }
            try Data("mine".utf8).write(to: URL(filePath: "\(file).old.new"))
            #expect(try await replicas.command("backup", file).code == 0)
            #expect(try names() == ["night.muster", "night.muster.0123456789abcdef.new", "night.muster.old.new"])
        }
    }
}
