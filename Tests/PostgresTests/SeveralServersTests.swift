// SPDX-License-Identifier: Apache-2.0

import Logging
import Postgres
import PostgresTestSupport
import Testing

/// Several servers in one URL: the first one that answers and is as it should be is taken.
@Suite(.serialized) struct SeveralServersTests {
    /// A client of both servers, in this order, and the folder of the server that it is connected to.
    private func client(
        _ servers: [TestServer], target: PostgresConfiguration.TargetSession, limit: Int = 2
    ) -> PostgresClient {
        var configuration = servers[0].configuration(pool: .init(limit: limit, leaseTimeout: .seconds(20)))
        configuration.furtherServers = servers.dropFirst().map { .init(host: $0.folder, port: 5432) }
        configuration.targetSession = target
        return PostgresClient(configuration: configuration, logger: Logger(label: "test"))
    }

    private func place(_ client: PostgresClient) async throws -> String {
        try await client.query("select current_setting('unix_socket_directories') as place")[0].decode(String.self, "place")
    }

    private func withClient(
        _ client: PostgresClient, _ body: (PostgresClient) async throws -> Void
    ) async throws {
        let result: Result<Void, any Error>
        do { result = .success(try await body(client)) } catch { result = .failure(error) }
        await client.close()
        try result.get()
    }

    @Test func theServerThatTakesWritesIsFound() async throws {
        let servers = [try TestServer(.init(settings: ["default_transaction_read_only = on"])), try TestServer()]
        defer { for server in servers { server.stop() } }
        try await withClient(client(servers, target: .any)) { client in
            let found = try await place(client)
            #expect(found == servers[0].folder)
        }
        try await withClient(client(servers, target: .readOnly)) { client in
            let found = try await place(client)
            #expect(found == servers[0].folder)
        }
        try await withClient(client(servers, target: .readWrite)) { client in
            #expect(try await place(client) == servers[1].folder)
            try await client.execute("create table kept (id int)")

            // The roles change: what is connected notices with its first write, and nobody is told by an odd error.
            for (server, value) in zip(servers, ["off", "on"]) {
                let administrator = PostgresClient(configuration: server.configuration(), logger: Logger(label: "test"))
                try await administrator.withConnection { connection in
                    try await connection.executeScript("set default_transaction_read_only = off")
                    try await connection.executeScript("alter system set default_transaction_read_only = \(value)")
                    try await connection.executeScript("select pg_reload_conf()")
                }
                await administrator.close()
            }
            var failures = 0
            while true {
                do {
                    try await client.execute("create table if not exists moved (id int)")
                    if try await place(client) == servers[0].folder { break }
                    // The new setting has not reached the old server's session yet.
                    try await client.execute("drop table moved")
                } catch {
                    #expect((error as? PostgresError)?.isAway == true, "\(error)")
                    failures += 1
                    try #require(failures < 100)
                }
            }
        }
        // None of them will do: that is an outage, which may end.
        servers[0].stop(keepingData: true)
        var impatient = client(servers, target: .readWrite).configuration
        impatient.pool.leaseTimeout = .milliseconds(500)
        try await withClient(PostgresClient(configuration: impatient, logger: Logger(label: "test"))) { client in
            let error = await #expect(throws: PostgresError.self) { try await client.query("select 1") }
            #expect(error?.isAway == true)
        }
    }

    @Test func aServerThatIsDownIsPassedOver() async throws {
        let servers = [try TestServer(), try TestServer()]
        defer { for server in servers { server.stop() } }
        servers[0].stop(keepingData: true)
        try await withClient(client(servers, target: .readWrite)) { client in
            #expect(try await place(client) == servers[1].folder)
            try servers[0].start()
            servers[1].stop(keepingData: true)
            // Reads that were under way are run again elsewhere.
            var answer = ""
            for _ in 0..<50 where answer != servers[0].folder { answer = (try? await place(client)) ?? "" }
            #expect(answer == servers[0].folder)
        }
        // A name that nobody knows does not hide the ones behind it.
        var configuration = servers[0].configuration()
        configuration.host = "no-such-host.invalid"
        configuration.furtherServers = [.init(host: servers[0].folder)]
        configuration.tls = .disable
        try await withClient(PostgresClient(configuration: configuration, logger: Logger(label: "test"))) { client in
            let found = try await place(client)
            #expect(found == servers[0].folder)
        }
    }
}
