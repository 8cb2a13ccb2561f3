// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import Postgres
import PostgresTestSupport
import Synchronization
import Testing

/// Several daemons on one database that is not theirs.
struct ReplicaFixture: Sendable {
    let muster: MusterFixture
    let server: TestServer
    let token: String

    /// Runs `body` with a database server and one Platform App; daemons are started by it.
    static func withReplicas(_ body: (ReplicaFixture) async throws -> Void) async throws {
        try await MusterFixture.withMuster { muster in
            // What was committed must survive a crash of the server here; fsync matters for crashes of the machine only.
            let server = try TestServer(.init(settings: ["synchronous_commit = on"]))
            defer { server.stop() }
            let created = try await muster.muster(
                "app", "create", "Load", "--json", environment: environment(muster, server, name: "command"))
            try #require(created.code == 0, "\(created.error)")
            let issued = try JSONSerialization.jsonObject(with: Data(created.out.utf8)) as? [String: Any]
            let token = try #require(issued?["access_token"] as? String)
            try await body(ReplicaFixture(muster: muster, server: server, token: token))
        }
    }

    static func environment(_ muster: MusterFixture, _ server: TestServer, name: String) -> [String: String] {
        [
            "MUSTER_DATABASE_URL": "postgres:///postgres?host=\(server.folder)&user=postgres",
            "MUSTER_SECRET_KEY_FILE": "\(muster.folder)/master.key", "MUSTER_DATA_DIR": "\(muster.folder)/\(name)",
        ]
    }

    /// Starts a daemon and waits until it is ready.
    func serve(_ name: String = "one", _ changes: [String: String] = [:]) async throws -> RunningDaemon {
        let log = "\(muster.folder)/\(name).log"
        // A daemon of that name may have said before where it listened.
        try? FileManager.default.removeItem(atPath: log)
        let environment = muster.environment.merging(Self.environment(muster, server, name: name)) { $1 }.merging(changes) { $1 }
        let pid = try Processes.spawn(["\(MusterFixture.products)/muster", "serve"], environment: environment, log: log)
        let daemon = RunningDaemon(pid: pid, log: log)
        try await daemon.waitUntilReady()
        return daemon
    }

    /// One number that a statement gives.
    func count(_ sql: String) async throws -> Int {
        let client = PostgresClient(configuration: server.configuration(pool: .init(limit: 1)), logger: Logger(label: "test"))
        let result: Result<Int, any Error>
        do {
            result = .success(Int(try await client.query("\(unescaped: sql)")[0].decode(Int64.self, at: 0)))
        } catch { result = .failure(error) }
        await client.close()
        return try result.get()
    }
}

/// A switch that threads look at.
final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .acquiring) }

    func set() { value.store(true, ordering: .releasing) }
}
