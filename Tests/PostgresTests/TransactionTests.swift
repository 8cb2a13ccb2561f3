// SPDX-License-Identifier: Apache-2.0

import Postgres
import PostgresTestSupport
import Synchronization
import Testing

@Suite struct TransactionTests {
    struct Wrapped: Error {}

    @Test func serialisationFailuresAreRunAgain() async throws {
        try await withDatabase(pool: .init(limit: 4)) { client in
            try await client.execute("create table counter (n bigint)")
            try await client.execute("insert into counter values (0)")
            let attempts = Tally()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        for _ in 0..<10 {
                            try await client.withTransaction(isolation: .serializable) { connection in
                                attempts.increment()
                                do {
                                    let n = try await connection.query("select n from counter")[0].decode(Int.self)
                                    try await Task.sleep(for: .milliseconds(1))
                                    try await connection.execute("update counter set n = \(n + 1)")
                                } catch is PostgresError {
                                    throw Wrapped()
                                }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await client.query("select n from counter")[0].decode(Int.self) == 40)
            #expect(attempts.count > 40, "there was no conflict to retry")
        }
    }

    @Test func deadlocksAreRunAgain() async throws {
        try await withDatabase(pool: .init(limit: 2)) { client in
            try await client.execute("create table t (id bigint primary key, n bigint)")
            try await client.execute("insert into t values (1, 0), (2, 0)")
            let (attempts, firsts) = (Tally(), Tally())
            @Sendable func touch(_ first: Int, _ second: Int) async throws {
                try await client.withTransaction { connection in
                    attempts.increment()
                    try await connection.execute("set local deadlock_timeout = '20ms'")
                    try await connection.execute("update t set n = n + 1 where id = \(first)")
                    firsts.increment()
                    while firsts.count < 2 { try await Task.sleep(for: .milliseconds(1)) }
                    try await connection.execute("update t set n = n + 1 where id = \(second)")
                }
            }
            async let one: Void = touch(1, 2)
            async let other: Void = touch(2, 1)
            _ = try await (one, other)
            #expect(attempts.count > 2)
            #expect(try await client.query("select sum(n)::bigint from t")[0].decode(Int.self) == 4)
        }
    }

    @Test func otherFailuresAreNotRunAgain() async throws {
        try await withDatabase { client in
            let attempts = Tally()
            for sql in ["select 1/0", "do $$ begin raise exception using errcode = '40002'; end $$", "select nonsense"] {
                await #expect(throws: PostgresError.self) {
                    try await client.withTransaction { connection in
                        attempts.increment()
                        try await connection.execute(PostgresQuery(unescaped: sql))
                    }
                }
            }
            #expect(attempts.count == 3)
        }
    }

    @Test func retryingEnds() async throws {
        try await withDatabase { client in
            let attempts = Tally()
            let error = await #expect(throws: PostgresError.self) {
                try await client.withTransaction { connection in
                    attempts.increment()
                    try await connection.execute("do $$ begin raise exception using errcode = '40001'; end $$")
                }
            }
            #expect(error?.sqlState == "40001")
            #expect(attempts.count == client.configuration.transactionAttempts)
        }
    }

    @Test func aSwallowedFailureIsNotACommit() async throws {
        try await withDatabase { client in
            let error = await #expect(throws: PostgresError.self) {
                try await client.withTransaction { connection in
                    _ = try? await connection.execute("select 1/0")
                }
            }
            #expect(error?.sqlState == "25P02")
        }
    }

    @Test func savepointsUndoOnlyTheirOwn() async throws {
        try await withDatabase { client in
            try await client.execute("create table t (a bigint primary key)")
            try await client.withTransaction { connection in
                for number in [1, 2, 2, 3, 1, 4] {
                    _ = try? await connection.withSavepoint { try await $0.execute("insert into t values (\(number))") }
                }
            }
            let kept = try await client.query("select a from t order by a").map { try $0.decode(Int.self) }
            #expect(kept == [1, 2, 3, 4])
        }
    }

    @Test func cancellingATransactionRollsItBack() async throws {
        try await withDatabase(pool: .init(limit: 1)) { client in
            try await client.execute("create table t (a bigint)")
            let task = Task {
                try await client.withTransaction { connection in
                    try await connection.execute("insert into t values (1)")
                    try await connection.execute("select pg_sleep(20)")
                }
            }
            try await Task.sleep(for: .milliseconds(50))
            task.cancel()
            await #expect(throws: PostgresError.self) { try await task.value }
            #expect(try await client.query("select a from t").isEmpty)
        }
    }

    @Test func errorsCarryWhatTheServerSaid() async throws {
        try await withDatabase { client in
            try await client.execute(
                "create table people (id bigint primary key, email text not null, constraint people_email unique (email))")
            try await client.execute("insert into people values (1, 'ada@example.org')")
            let secret = "ada@example.org"
            let unique = try #require(
                await #expect(throws: PostgresError.self) { try await client.execute("insert into people values (2, \(secret))") }
            )
            #expect(
                unique.kind == .server && unique.sqlState == "23505" && unique.constraint == "people_email"
                    && unique.table == "people")
            #expect(unique.detail?.contains(secret) == true)

            let null = try #require(
                await #expect(throws: PostgresError.self) {
                    try await client.execute("insert into people values (2, \(nil as String?))")
                })
            #expect(null.sqlState == "23502" && null.column == "email" && null.table == "people")

            let cast = try #require(
                await #expect(throws: PostgresError.self) { try await client.execute("select \(secret)::text::bigint") })
            #expect(cast.sqlState == "22P02" && cast.serverMessage?.contains(secret) == true)

            let raised = try #require(
                await #expect(throws: PostgresError.self) {
                    try await client.execute("do $$ begin raise exception 'for ada@example.org'; end $$")
                })
            for error in [unique, null, cast, raised] {
                for text in ["\(error)", String(reflecting: error), dumped(error), error.message, error.localizedText] {
                    #expect(!text.contains(secret))
                }
            }
        }
    }
}

/// Counts from several tasks.
final class Tally: Sendable {
    private let value = Atomic<Int>(0)

    var count: Int { value.load(ordering: .relaxed) }

    func increment() { value.add(1, ordering: .relaxed) }
}

extension Error {
    /// What an error looks like to code that knows nothing about it.
    fileprivate var localizedText: String { String(describing: self as Any) }
}
