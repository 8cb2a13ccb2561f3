// SPDX-License-Identifier: Apache-2.0

import Logging
import PostgresTestSupport
import Testing

@testable import Postgres

@Suite struct StatementTests {
    @Test func theCacheForgetsWhatWasUsedLongestAgo() {
        var cache = StatementCache(capacity: 2)
        let keys = (1...3).map { StatementCache.Key(PostgresQuery(unescaped: "select \($0)")) }
        cache.insert(keys[0], name: "a")
        cache.insert(keys[1], name: "b")
        #expect(cache.name(for: keys[0]) == "a")
        cache.insert(keys[2], name: "c")
        #expect(cache.name(for: keys[1]) == nil)
        #expect(cache.name(for: keys[0]) == "a")
        #expect(cache.takeDiscarded() == ["b"])
        #expect(cache.takeDiscarded() == [])
        cache.remove(keys[0])
        #expect(cache.takeDiscarded() == ["a"])
    }

    @Test func theTypesOfTheValuesAreTheStatementsToo() {
        let (number, text): (PostgresQuery, PostgresQuery) = ("select \(1)", "select \("1")")
        #expect(number.sql == text.sql)
        #expect(StatementCache.Key(number) != StatementCache.Key(text))
    }

    @Test func evictedStatementsAreDeallocatedAtTheServer() async throws {
        let database = try await TestDatabase.lease()
        var configuration = database.configuration
        configuration.statementCacheSize = 10
        configuration.pool.limit = 1
        let client = PostgresClient(configuration: configuration, logger: Logger(label: "test"))
        for number in 0..<50 {
            let query = PostgresQuery(unescaped: "select \(number) as n")
            #expect(try await client.query(query)[0].decode(Int.self) == number)
        }
        try await client.withTransaction { connection in
            for number in 50..<80 {
                let query = PostgresQuery(unescaped: "select \(number) as n")
                let answer = try await connection.query(query)[0].decode(Int.self)
                #expect(answer == number)
            }
        }
        for number in 80..<85 { try await client.execute(PostgresQuery(unescaped: "select \(number) as n")) }
        let count = try await client.query("select count(*) from pg_prepared_statements")[0].decode(Int.self)
        #expect(count <= 11)
        await client.close()
        try await database.drop()
    }

    @Test func aStatementSurvivesThatItsTableChanges() async throws {
        try await withDatabase(pool: .init(limit: 1)) { client in
            try await client.execute("create table t (a bigint)")
            try await client.execute("insert into t values (1)")
            let query: PostgresQuery = "select * from t"
            for batched in [false, true] {
                #expect(try await client.query(query).columns.first == "a")
                try await client.execute(PostgresQuery(unescaped: "alter table t add \(batched ? "c" : "b") text"))
                let rows = try await client.query(batched ? query.batchable() : query)
                #expect(rows.columns.last == (batched ? "c" : "b"))
            }
            // Inside a transaction the failure is the caller's to see, and the next transaction is in order.
            try await client.execute("alter table t drop b")
            await #expect(throws: PostgresError.self) { try await client.withTransaction { try await $0.execute(query) } }
            #expect(try await client.withTransaction { try await $0.query(query) }.columns == ["a", "c"])
        }
    }

    @Test func aServerThatForgotItsStatementsIsToldAgain() async throws {
        try await withDatabase(pool: .init(limit: 1)) { client in
            let query: PostgresQuery = "select \(1) + 1"
            _ = try await client.query(query)
            try await client.execute(PostgresQuery("discard all").unprepared())
            #expect(try await client.query(query)[0].decode(Int.self) == 2)
        }
    }

    @Test func unpreparedStatementsLeaveNothingBehind() async throws {
        try await withDatabase(pool: .init(limit: 1)) { client in
            for number in 0..<5 {
                let query: PostgresQuery = "select \(number) + 1"
                #expect(try await client.query(query.unprepared())[0].decode(Int.self) == number + 1)
            }
            let left = try await client.query(PostgresQuery("select count(*) from pg_prepared_statements").unprepared())
            #expect(try left[0].decode(Int.self) == 0)
        }
    }

    @Test func scriptsRunAsOneTransaction() async throws {
        try await withDatabase { client in
            try await client.withConnection { connection in
                try await connection.executeScript("create table t (a int); insert into t values (1); insert into t values (2);")
                await #expect(throws: PostgresError.self) {
                    try await connection.executeScript("insert into t values (3); select 1/0; insert into t values (4)")
                }
                #expect(try await connection.query("select a from t").count == 2)
            }
        }
    }

    @Test func bigValuesAndResultsPass() async throws {
        try await withDatabase { client in
            let big = [UInt8](repeating: 0xAB, count: 40_000_000)
            let row = try await client.query("select \(big) as it, length(\(big)) as size")[0]
            #expect(try row.decode(Int.self, "size") == big.count)
            #expect(try row.decode([UInt8].self, "it") == big)
            let rows = try await client.query("select n, repeat('x', 100) as t from generate_series(1, 200000) n")
            #expect(rows.count == 200_000)
            #expect(try rows[199_999].decode((Int, String).self).0 == 200_000)
        }
    }

    @Test func tooManyValuesAreRefusedBeforeTheyAreSent() async throws {
        try await withDatabase { client in
            var bindings = PostgresBindings()
            for number in 0..<70_000 { bindings.append(number) }
            let query = PostgresQuery(unescaped: "select 1", bindings: bindings)
            let error = await #expect(throws: PostgresError.self) { try await client.query(query) }
            #expect(error?.kind == .usage)
        }
    }

    /// Every read of a batch gets its own answer, whatever happens to its neighbours.
    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64]) func neighboursInABatchDoNotMatter(seed: UInt64) async throws {
        try await withDatabase(pool: .init(limit: 2)) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<400 {
                    group.addTask {
                        var random = SeededGenerator(seed: seed &* 1000 &+ UInt64(number))
                        let kind = Int.random(in: 0..<10, using: &random)
                        switch kind {
                        case 0:
                            let error = await #expect(throws: PostgresError.self) {
                                try await client.query(PostgresQuery("select 1 / (\(number) - \(number))").batchable())
                            }
                            #expect(error?.sqlState == "22012", "seed \(seed)")
                        case 1:
                            let error = await #expect(throws: PostgresError.self) {
                                try await client.query(PostgresQuery(unescaped: "select nonsense\(number)").batchable())
                            }
                            #expect(error?.sqlState == "42703", "seed \(seed)")
                        case 2:
                            let query = PostgresQuery(unescaped: "select \(number) as own").batchable()
                            let answer = try await client.query(query)[0].decode(Int.self)
                            #expect(answer == number, "seed \(seed)")
                        default:
                            let query: PostgresQuery = "select \(number) as it"
                            let answer = try await client.query(query.batchable())[0].decode(Int.self)
                            #expect(answer == number, "seed \(seed)")
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
