// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import Postgres
import PostgresTestSupport
import Testing

/// Keys are exchanged while two daemons serve.
@Suite(.serialized) struct KeyRotationTests {
    @Test func aKeyMadeByOneProgramIsKnownToAllAtOnce() async throws {
        try await ReplicaFixture.withReplicas { replicas in
            let (one, two) = (try await replicas.serve("one"), try await replicas.serve("two"))
            let (first, second) = (LoadClient(port: try #require(one.port)), LoadClient(port: try #require(two.port)))
            let rotated = try await replicas.command("key", "rotate", "--json")
            #expect(rotated.code == 0, "\(rotated.error)")
            let after = try await replicas.app("After")
            #expect(try await replicas.count("select max(key_id)::bigint from access_tokens") == 2)
            // Met by a token here, and by a row that names it there: before either daemon would have looked by itself.
            #expect(first.send("GET", "accounts", token: after).status == 200)
            let user = first.send("POST", "users", token: replicas.token, body: #"{"name":"Ada","email":"ada@example.org"}"#)
            #expect(user.status == 200)
            #expect(try await replicas.count("select key_id::bigint from access_tokens where owner_kind = 'user'") == 2)
            let made = try #require(user.json?["access_token"] as? String)
            let read = second.send("GET", "users/\(try #require(user.json?["id"] as? Int))", token: replicas.token)
            #expect(read.status == 200)
            #expect(read.json?["access_token"] as? String == made)
            #expect(second.send("GET", "accounts", token: after).status == 200)
            // A forged number is a 401 like any other, and the daemon serves on.
            #expect(second.send("GET", "accounts", token: String(after.dropLast(6)) + "000000").status == 401)
            let list = try await replicas.command("key", "list")
            #expect(list.out.contains("current") && list.out.contains("retired"), "\(list.out)")
        }
    }

    @Test func aMasterKeyIsExchangedUnderARunningDaemon() async throws {
        try await ReplicaFixture.withReplicas { replicas in
            let daemon = try await replicas.serve("one")
            let client = LoadClient(port: try #require(daemon.port))
            let (old, new) = ("\(replicas.muster.folder)/master.key", "\(replicas.muster.folder)/new.key")

            // Killed before the commit: the new file is there already, and the old one opens the database.
            try await replicas.whileInstallationIsLocked {
                let pid = try replicas.spawn("key", "rotate-master", "--new-key-file", new, log: "rotate")
                try await MusterFixture.eventually("the new key is on disk") { FileManager.default.fileExists(atPath: new) }
                kill(pid, SIGKILL)
                var status: Int32 = 0
                try await MusterFixture.eventually("it is dead") { waitpid(pid, &status, WNOHANG) == pid }
            }
            #expect(try await replicas.command("app", "list").code == 0)

            let done = try await replicas.command("key", "rotate-master", "--new-key-file", new)
            #expect(done.code == 0, "\(done.error)")
            #expect(FileManager.default.fileExists(atPath: old), "the old file is the operator's to destroy")
            let refused = try await replicas.command("app", "list")
            #expect(refused.code == 1 && refused.error.contains("another master key"), "\(refused.error)")
            #expect(client.send("GET", "accounts", token: replicas.token).status == 200)

            // The new file takes the old one's place; the daemon needs no restart, not even to learn a further data key.
            try FileManager.default.removeItem(atPath: old)
            try FileManager.default.moveItem(atPath: new, toPath: old)
            #expect(try await replicas.command("key", "rotate").code == 0)
            let after = try await replicas.app("After")
            #expect(client.send("GET", "accounts", token: after).status == 200)
            #expect(client.send("GET", "accounts", token: replicas.token).status == 200)
        }
    }
}

extension LoadClient.Outcome {
    /// The answer's body, where it is a JSON object.
    var json: [String: Any]? {
        guard case .answered(_, _, let body) = self else { return nil }
        return try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
    }
}

extension ReplicaFixture {
    /// Runs the program to its end, on the shared database.
    func command(_ words: String..., changes: [String: String] = [:]) async throws -> MusterFixture.Answer {
        try await muster.muster(words, environment: settings.merging(changes) { $1 })
    }

    /// Starts the program in the background.
    func spawn(_ words: String..., log: String) throws -> pid_t {
        try Processes.spawn(
            ["\(MusterFixture.products)/muster"] + words, environment: muster.environment.merging(settings) { $1 },
            log: "\(muster.folder)/\(log).log")
    }

    /// The token of a new Platform App.
    func app(_ name: String) async throws -> String {
        let answer = try await command("app", "create", name, "--json")
        try #require(answer.code == 0, "\(answer.error)")
        let issued = try JSONSerialization.jsonObject(with: Data(answer.out.utf8)) as? [String: Any]
        return try #require(issued?["access_token"] as? String)
    }

    /// Holds the row that says which master key the database has.
    func whileInstallationIsLocked(_ body: () async throws -> Void) async throws {
        let client = PostgresClient(configuration: server.configuration(pool: .init(limit: 1)), logger: Logger(label: "test"))
        let result: Result<Void, any Error>
        do {
            try await client.withConnection { connection in
                try await connection.executeScript("begin")
                _ = try await connection.query("select from installation for update")
                try await body()
                try await connection.executeScript("rollback")
            }
            result = .success(())
        } catch { result = .failure(error) }
        await client.close()
        try result.get()
    }

    private var settings: [String: String] { Self.environment(muster, server, name: "command") }
}
