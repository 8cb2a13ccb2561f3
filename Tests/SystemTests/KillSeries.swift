// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import Postgres
import PostgresTestSupport
import Testing

/// An installation whose processes are killed: with its own PostgreSQL, or as one of several daemons on another.
struct KillSeries: Sendable {
    let muster: MusterFixture
    var replicas: ReplicaFixture?

    func serve() async throws -> RunningDaemon {
        if let replicas { return try await replicas.serve("one") }
        return try await muster.serve()
    }

    /// The app of the policy.
    func createApp() async throws {
        let changes = replicas.map { ReplicaFixture.environment(muster, $0.server, name: "command") } ?? [:]
        let answer = try await muster.muster(["app", "create", "Northwind"], environment: changes)
        try #require(answer.code == 0, "\(answer.error)")
    }

    /// One text that a statement gives.
    func text(_ statement: String) async throws -> String {
        try await withDatabase { database in
            try await database.query("\(unescaped: statement)").first?.decode(String.self, at: 0) ?? ""
        }
    }

    /// The installation as before its first run, in one transaction: the watcher may look at the file once more, and a run
    /// between the two would lose its tokens.
    func forget() async throws {
        try await withDatabase { database in
            try await database.withConnection {
                try await $0.executeScript(
                    """
                    begin; truncate users, accounts, sources, runs, changes, suspensions cascade;
                    delete from access_tokens where owner_kind = 'user'; commit
                    """)
            }
        }
    }

    /// Kills the daemon and starts it again.
    ///
    /// - Returns: the states of the runs when it died, the newest last.
    func killDaemon(_ daemon: inout RunningDaemon) async throws -> String {
        _ = try await daemon.end(SIGKILL)
        let states = try await states()
        daemon = try await serve()
        return states
    }

    /// Kills the PostgreSQL of the daemon, which starts it again.
    func killServer(besides daemon: RunningDaemon) async throws -> String {
        let server = try #require(muster.postmaster)
        // Stopped first, so that the state read is the one in which it dies.
        kill(daemon.pid, SIGSTOP)
        let states = (try? await states()) ?? "unknown"
        kill(server, SIGKILL)
        kill(daemon.pid, SIGCONT)
        try await MusterFixture.eventually("the server is back") { (try? await text("select 'here'")) == "here" }
        return states
    }

    private func states() async throws -> String {
        try await text("select coalesce(string_agg(state, ' ' order by id), 'none') from runs")
    }

    private func withDatabase<T>(_ body: (PostgresClient) async throws -> T) async throws -> T {
        guard let replicas else { return try await muster.withDatabase(body) }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let client = PostgresClient(configuration: replicas.server.configuration(pool: .init(limit: 1)), logger: logger)
        let result: Result<T, any Error>
        do { result = .success(try await body(client)) } catch { result = .failure(error) }
        await client.close()
        return try result.get()
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
