// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import Postgres
import PostgresTestSupport
import Subprocess
import SystemPackage
import Testing

/// Another machine, as far as the program can tell: a data folder of its own, and a database of its own or an embedded one.
struct Machine: Sendable {
    let muster: MusterFixture
    let name: String
    let settings: [String: String]
    let server: TestServer?

    /// With an embedded cluster, and a copy of a master key in the data folder.
    init(_ muster: MusterFixture, _ name: String, key: String) throws {
        let folder = "\(muster.folder)/\(name)"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
        try FileManager.default.copyItem(atPath: key, toPath: "\(folder)/master.key")
        (self.muster, self.name, server) = (muster, name, nil)
        settings = ["MUSTER_DATA_DIR": folder]
    }

    /// With a database server beside it.
    init(_ muster: MusterFixture, _ name: String, server: TestServer, key: String) {
        (self.muster, self.name, self.server) = (muster, name, server)
        settings = [
            "MUSTER_DATABASE_URL": "postgres:///postgres?host=\(server.folder)&user=postgres", "MUSTER_SECRET_KEY_FILE": key,
            "MUSTER_DATA_DIR": "\(muster.folder)/\(name)",
        ]
    }

    func command(_ words: String..., changes: [String: String] = [:]) async throws -> MusterFixture.Answer {
        try await muster.muster(words, environment: settings.merging(changes) { $1 })
    }

    func serve(_ changes: [String: String] = [:]) async throws -> RunningDaemon {
        let log = "\(muster.folder)/\(name).log"
        let environment = muster.environment.merging(settings) { $1 }.merging(changes) { $1 }
        let daemon = RunningDaemon(
            pid: try Processes.spawn(["\(MusterFixture.products)/muster", "serve"], environment: environment, log: log), log: log)
        try await daemon.waitUntilReady()
        return daemon
    }

    /// How many tables, views and sequences the database holds.
    func relations() async throws -> Int {
        let client = PostgresClient(
            configuration: try #require(server).configuration(pool: .init(limit: 1)), logger: Logger(label: "test"))
        let result: Result<Int, any Error>
        do {
            let rows = try await client.query("select count(*) from pg_class where relnamespace = 'public'::regnamespace")
            result = .success(Int(try rows[0].decode(Int64.self, at: 0)))
        } catch { result = .failure(error) }
        await client.close()
        return try result.get()
    }

    /// A digest of every table, by its name.
    static func contents(of server: TestServer) async throws -> [String: String] {
        let client = PostgresClient(configuration: server.configuration(pool: .init(limit: 1)), logger: Logger(label: "test"))
        var digests: [String: String] = [:]
        let result: Result<Void, any Error>
        do {
            let tables = try await client.query(
                "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')")
            for row in tables {
                let table = try row.decode(String.self, "relname")
                let rows = try await client.query(
                    "select coalesce(md5(string_agg(t::text, '|' order by t::text)), '-') as sum from \(unescaped: table) t")
                digests[table] = try rows[0].decode(String.self, "sum")
            }
            result = .success(())
        } catch { result = .failure(error) }
        await client.close()
        try result.get()
        return digests
    }

    /// What a shell prints.
    static func shell(_ script: String) async throws -> String {
        try await Subprocess.run(
            .path("/bin/sh"), arguments: ["-c", script], output: .string(limit: 1 << 20), error: .combinedWithOutput
        ).standardOutput
    }
}

/// A master key that nobody has, in the form that the program reads.
enum MachineKey {
    static func write(to path: String) throws {
        let bytes = Data((0..<32).map { _ in UInt8.random(in: 0...255) })
        try Data("muster-master-key-v1:\(bytes.base64EncodedString())\n".utf8).write(to: URL(filePath: path))
        chmod(path, 0o600)
    }
}

/// Users made one after another on a thread of its own.
struct LoadWrites: Sendable {
    let port: Int
    let token: String

    /// - Returns: how many were made.
    func run(_ count: Int) async -> Int {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let client = LoadClient(port: port)
                let made = (0..<count).filter { number in
                    client.send(
                        "POST", "users", token: token, body: #"{"name":"W","email":"w\#(number)@example.org"}"#
                    ).status == 200
                }
                continuation.resume(returning: made.count)
            }
        }
    }
}

extension ReplicaFixture {
    /// Does to the database what no call can do.
    func execute(_ sql: String) async throws {
        let client = PostgresClient(configuration: server.configuration(pool: .init(limit: 1)), logger: Logger(label: "test"))
        let result: Result<Void, any Error>
        do {
            result = .success(try await client.withConnection { try await $0.executeScript(sql) })
        } catch { result = .failure(error) }
        await client.close()
        try result.get()
    }
}
