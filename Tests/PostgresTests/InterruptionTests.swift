// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import Postgres
import PostgresTestSupport
import Testing

@Suite struct InterruptionTests {
    private func failure(_ body: () async throws -> Void) async throws -> PostgresError {
        do {
            try await body()
        } catch let error as PostgresError {
            return error
        }
        throw TestServer.Failure(description: "nothing was thrown")
    }

    @Test func aDeadlineStopsTheStatementAtTheServer() async throws {
        try await withDatabase(pool: .init(limit: 1)) { client in
            try await client.execute("select 1")
            let started = ContinuousClock.now
            let error = try await failure {
                try await client.execute(PostgresQuery("select pg_sleep(20)").timeout(.milliseconds(100)))
            }
            #expect(error.kind == .timeout && error.sqlState == "57014")
            #expect(ContinuousClock.now - started < .seconds(5))
            // The same connection, quiet again.
            #expect(try await client.query("select 1")[0].decode(Int.self) == 1)
            #expect(client.statistics.open == 1)
        }
    }

    @Test func cancellingTheTaskStopsTheStatementAtTheServer() async throws {
        try await withDatabase(pool: .init(limit: 2)) { client in
            try await client.withConnection { connection in
                let pid = try await connection.query("select pg_backend_pid()")[0].decode(Int.self)
                let task = Task { try await connection.execute("select pg_sleep(20)") }
                while try await client.query(
                    "select 1 from pg_stat_activity where pid = \(pid) and query like '%sleep%' and state = 'active'"
                ).isEmpty {}
                task.cancel()
                let error = try await failure { _ = try await task.value }
                #expect(error.kind == .cancelled)
                #expect(try await connection.query("select pg_backend_pid()")[0].decode(Int.self) == pid)
            }
        }
    }

    /// A cancel that arrives late must never hit the next statement of the session.
    @Test func cancellationNeverHitsTheNextStatement() async throws {
        try await withDatabase(pool: .init(limit: 2)) { client in
            var random = SeededGenerator(seed: 3)
            for round in 0..<150 {
                let delay = Int.random(in: 0...3000, using: &random)
                let task = Task { try await client.execute("select pg_sleep(0.002)") }
                try await Task.sleep(for: .microseconds(delay))
                task.cancel()
                switch await task.result {
                case .success: break
                case .failure(let error): #expect((error as? PostgresError)?.kind == .cancelled, "round \(round)")
                }
                #expect(try await client.query("select \(round)")[0].decode(Int.self) == round)
            }
        }
    }

    @Test func whoIsCancelledWhileWaitingLeavesTheQueue() async throws {
        try await withDatabase(pool: .init(limit: 1)) { client in
            try await client.withConnection { _ in
                let query = Task { try await client.execute("select 1") }
                let loan = Task { try await client.withConnection { _ in } }
                while client.statistics.waiting < 2 { await Task.yield() }
                query.cancel()
                loan.cancel()
                let (first, second) = (
                    try await failure { _ = try await query.value }, try await failure { _ = try await loan.value }
                )
                #expect(first.kind == .cancelled && second.kind == .cancelled)
                #expect(client.statistics.waiting == 0)
            }
        }
    }

    @Test func waitingForAConnectionHasADeadline() async throws {
        try await withDatabase(pool: .init(limit: 1, leaseTimeout: .milliseconds(80))) { client in
            // Opening the first connection may take longer than that on a busy machine.
            while (try? await client.execute("select 1")) == nil {}
            try await client.withConnection { _ in
                let statement = try await failure { try await client.execute("select 1") }
                let loan = try await failure { try await client.withConnection { _ in } }
                #expect(statement.kind == .poolTimeout && loan.kind == .poolTimeout)
            }
            try await client.execute("select 1")
        }
    }

    @Test func aKilledBackendEndsItsStatementOnly() async throws {
        try await withDatabase(pool: .init(limit: 2)) { client in
            let sleeper = Task {
                try await client.withConnection { connection in
                    try await connection.execute("set application_name = 'victim'")
                    try await connection.execute("select pg_sleep(20)")
                }
            }
            let kill: PostgresQuery = """
                select pg_terminate_backend(pid) from pg_stat_activity
                where application_name = 'victim' and query like '%pg_sleep%' and state = 'active' and datname = current_database()
                """
            while try await client.query(kill).isEmpty {}
            let error = try await failure { _ = try await sleeper.value }
            #expect(error.kind == .connectionLost)
            for number in 0..<20 {
                #expect(try await client.query("select \(number)")[0].decode(Int.self) == number)
            }
        }
    }

    @Test func aConnectionKilledWhileIdleIsNotNoticedByAnybody() async throws {
        try await withDatabase(pool: .init(limit: 3)) { client in
            for _ in 0..<20 {
                try await client.withConnection { connection in
                    // Two idle ones beside the one that kills them.
                    async let first: Void = client.withConnection { _ in try await Task.sleep(for: .milliseconds(2)) }
                    try await client.withConnection { _ in try await Task.sleep(for: .milliseconds(2)) }
                    try await first
                    try await connection.execute(
                        """
                        select pg_terminate_backend(pid, 1000) from pg_stat_activity
                        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
                        """)
                }
                try await client.execute("select 1")
                try await client.withTransaction { try await $0.execute("select 1") }
            }
        }
    }

    @Test func aStatementThatFailsLeavesTheConnectionInOrder() async throws {
        try await withDatabase(pool: .init(limit: 1)) { client in
            for _ in 0..<5 {
                #expect(try await failure { try await client.execute("select nonsense from nowhere") }.sqlState == "42P01")
                #expect(try await failure { try await client.execute("begin; select 1") }.sqlState == "42601")
                try await client.execute("begin")
                #expect(try await client.query("select 1")[0].decode(Int.self) == 1)
                // Outside a transaction there are no savepoints: nothing was left open.
                let outside = try await failure { try await client.execute("savepoint outside") }
                #expect(outside.sqlState == "25P01", "\(outside)")
            }
            #expect(try await failure { try await client.execute("copy (select 1) to stdout") }.kind == .usage)
            try await client.execute("select 1")
        }
    }

    @Test func aReturnedConnectionRefusesToWork() async throws {
        try await withDatabase { client in
            var kept: PostgresConnection?
            try await client.withConnection { kept = $0 }
            let connection = try #require(kept)
            #expect(try await failure { try await connection.execute("select 1") }.kind == .leaseEnded)
        }
    }

    @Test func tenThousandBorrowersShareEightConnections() async throws {
        try await withDatabase(pool: .init(limit: 8, leaseTimeout: .seconds(60))) { client in
            try await client.execute("create table counter (n bigint)")
            try await client.execute("insert into counter values (0)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<10_000 {
                    group.addTask {
                        if number % 10 == 0 {
                            try await client.withConnection { _ = try await $0.query("select \(number)") }
                        } else if number % 3 == 0 {
                            let row = try await client.query(PostgresQuery("select \(number)").batchable())[0]
                            guard try row.decode(Int.self) == number else { throw TestServer.Failure(description: "wrong row") }
                        } else {
                            let row = try await client.query("select \(number)")[0]
                            guard try row.decode(Int.self) == number else { throw TestServer.Failure(description: "wrong row") }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let sessions = try await client.query("select count(*) from pg_stat_activity where datname = current_database()")
            #expect(try sessions[0].decode(Int.self) <= 8)
            #expect(client.statistics.open <= 8 && client.statistics.leased == 0 && client.statistics.waiting == 0)
        }
    }

    @Test func thePoolRecoversFromARestartUnderLoad() async throws {
        let server = try TestServer()
        defer { server.stop() }
        var pool = PostgresConfiguration.Pool(limit: 4)
        pool.leaseTimeout = .seconds(20)
        let client = PostgresClient(configuration: server.configuration(pool: pool), logger: Logger(label: "test"))
        let failures = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    var failures = 0
                    var left = 300
                    while left > 0 {
                        do {
                            _ = try await client.query("select 1")
                            left -= 1
                            try await Task.sleep(for: .milliseconds(3))
                        } catch let error as PostgresError where error.kind == .connectionLost {
                            failures += 1
                        }
                    }
                    return failures
                }
            }
            try await Task.sleep(for: .milliseconds(200))
            await withCheckedContinuation { done in
                onThread {
                    try? server.restart()
                    done.resume()
                }
            }
            return try await group.reduce(0, +)
        }
        // Only what was running when the server stopped may fail: one statement per connection.
        #expect(failures <= 4)
        #expect(try await client.query("select 1").count == 1)
        await client.close()
    }

    @Test func anAbsentServerIsReportedAtTheDeadline() async throws {
        let configuration = PostgresConfiguration(
            host: "/tmp/no-such-folder", user: "nobody", database: "none", pool: .init(limit: 2, leaseTimeout: .milliseconds(200))
        )
        let client = PostgresClient(configuration: configuration, logger: Logger(label: "test"))
        let error = try await failure { try await client.execute("select 1") }
        #expect(error.kind == .unavailable)
        #expect((error.underlying as? PostgresError)?.kind == .connectFailed)
        await client.close()
        #expect(try await failure { try await client.execute("select 1") }.kind == .poolClosed)
    }

    private func onThread(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(ThreadBody(body)).toOpaque()
        pthread_create(
            &thread, nil,
            { context in
                Unmanaged<ThreadBody>.fromOpaque(context!).takeRetainedValue().body()
                return nil
            }, context)
        pthread_detach(thread)
    }
}

private final class ThreadBody: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }
}
