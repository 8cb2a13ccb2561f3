// SPDX-License-Identifier: Apache-2.0

import Postgres
import PostgresTestSupport
import Testing

@Suite struct QueryTests {
    @Test func aStatementBindsItsValuesAndReturnsRows() async throws {
        try await withDatabase { client in
            let rows = try await client.query("select \(41) + 1 as answer, \("häh")::text as word, \(nil as String?) as nothing")
            #expect(rows.count == 1)
            #expect(rows.columns == ["answer", "word", "nothing"])
            let row = try #require(rows.first)
            #expect(try row.decode(Int.self, "answer") == 42)
            #expect(try row.decode(String.self, "word") == "häh")
            #expect(try row.decode(String?.self, "nothing") == nil)
            let (answer, word, nothing) = try row.decode((Int64, String, String?).self)
            #expect(answer == 42 && word == "häh" && nothing == nil)
        }
    }

    @Test func affectedRowsAreCounted() async throws {
        try await withDatabase { client in
            try await client.execute("create table t (a bigint primary key)")
            #expect(try await client.execute("insert into t select generate_series(1, 10)") == 10)
            #expect(try await client.execute("delete from t where a > \(7)") == 3)
            #expect(try await client.query("select a from t").count == 7)
        }
    }

    @Test func transactionsCommitAndRollBack() async throws {
        struct Refused: Error {}
        try await withDatabase { client in
            try await client.execute("create table t (a bigint primary key)")
            try await client.withTransaction { try await $0.execute("insert into t values (\(1))") }
            await #expect(throws: Refused.self) {
                try await client.withTransaction { connection in
                    try await connection.execute("insert into t values (\(2))")
                    throw Refused()
                }
            }
            #expect(try await client.query("select a from t").map { try $0.decode(Int.self, "a") } == [1])
        }
    }

    @Test func copyBringsRowsIn() async throws {
        try await withDatabase { client in
            try await client.execute("create table t (a bigint, b text)")
            let count = try await client.withConnection { connection in
                try await connection.copyIn("copy t (a, b) from stdin with (format binary)") { writer in
                    var buffer = BinaryCopyBuffer()
                    for number in 0..<50_000 {
                        buffer.beginRow(2)
                        buffer.append(Int64(number))
                        buffer.append(number % 3 == 0 ? nil : "row \(number)")
                        if buffer.count > 100_000 { try await writer.write(buffer.take()) }
                    }
                    try await writer.write(buffer.finish())
                }
            }
            #expect(count == 50_000)
            let row = try await client.query("select count(*), count(b), sum(a)::bigint from t")[0]
            #expect(try row.decode((Int, Int, Int).self) == (50_000, 33_333, 49_999 * 25_000))
        }
    }

    @Test func migrationsRunOnce() async throws {
        let migrations = try Migrations([
            Migration(file: "V0001_users.sql", sql: "create table users (id bigint primary key); create table x (a int);"),
            Migration(file: "V0002_names.sql", sql: "alter table users add name text;"),
        ])
        try await withDatabase(migrations: migrations) { client in
            #expect(try await migrations.apply(to: client).isEmpty)
            try await client.execute("insert into users values (\(1), \("Ada"))")
        }
    }
}
