// SPDX-License-Identifier: Apache-2.0

import Postgres
import PostgresTestSupport
import Testing

@Suite struct CopyTests {
    struct Spoilt: Error {}

    private func count(_ client: PostgresClient) async throws -> Int {
        try await client.query("select count(*) from t")[0].decode(Int.self)
    }

    @Test func aFailingBodyAbortsTheCopy() async throws {
        try await withDatabase(pool: .init(limit: 1)) { client in
            try await client.execute("create table t (a bigint)")
            try await client.withConnection { connection in
                await #expect(throws: Spoilt.self) {
                    try await connection.copyIn("copy t from stdin") { writer in
                        for number in 0..<100_000 { try await writer.write(Array("\(number)\n".utf8)) }
                        throw Spoilt()
                    }
                }
                // The same session goes on.
                let count = try await connection.copyIn("copy t from stdin") { try await $0.write(Array("1\n2\n".utf8)) }
                #expect(count == 2)
            }
            #expect(try await count(client) == 2)
        }
    }

    @Test func aRowTheServerRefusesFailsTheCopy() async throws {
        try await withDatabase(pool: .init(limit: 1)) { client in
            try await client.execute("create table t (a bigint primary key)")
            try await client.withConnection { connection in
                for (text, state) in [("1\nx\n", "22P02"), ("1\n1\n", "23505")] {
                    let error = await #expect(throws: PostgresError.self) {
                        try await connection.copyIn("copy t from stdin") { try await $0.write(Array(text.utf8)) }
                    }
                    #expect(error?.sqlState == state)
                }
                // The refusal arrives while the connection waits for the next piece.
                let early = await #expect(throws: PostgresError.self) {
                    try await connection.copyIn("copy t from stdin") { writer in
                        try await writer.write(Array("x\n".utf8))
                        try await writer.flush()
                        try await Task.sleep(for: .milliseconds(100))
                        try await writer.write(Array("1\n".utf8))
                    }
                }
                #expect(early?.sqlState == "22P02")
                let error = await #expect(throws: PostgresError.self) {
                    try await connection.copyIn("copy nowhere from stdin") { _ in Issue.record("the body must not run") }
                }
                #expect(error?.sqlState == "42P01")
                let usage = await #expect(throws: PostgresError.self) { try await connection.copyIn("select 1") { _ in } }
                #expect(usage?.kind == .usage)
            }
            #expect(try await count(client) == 0)
        }
    }

    @Test func aCancelledCopyIsAborted() async throws {
        try await withDatabase(pool: .init(limit: 1)) { client in
            try await client.execute("create table t (a bigint)")
            let task = Task {
                try await client.withConnection { connection in
                    try await connection.copyIn("copy t from stdin") { writer in
                        while true { try await writer.write([UInt8](repeating: 0x31, count: 5) + [0x0A]) }
                    }
                }
            }
            try await Task.sleep(for: .milliseconds(100))
            task.cancel()
            await #expect(throws: PostgresError.self) { try await task.value }
            #expect(try await count(client) == 0)
            #expect(client.statistics.open == 1)
        }
    }

    @Test func aCopyIsPartOfItsTransaction() async throws {
        try await withDatabase { client in
            try await client.execute("create table t (a bigint)")
            await #expect(throws: Spoilt.self) {
                try await client.withTransaction { connection in
                    try await connection.copyIn("copy t from stdin") { try await $0.write(Array("1\n".utf8)) }
                    throw Spoilt()
                }
            }
            #expect(try await count(client) == 0)
        }
    }

    /// The server is held up by a lock; the client must wait instead of collecting everything in memory.
    @Test func aSlowServerHoldsTheWriterUp() async throws {
        try await withDatabase(pool: .init(limit: 2)) { client in
            try await client.execute("create table t (a text)")
            try await client.execute(
                """
                create function wait() returns trigger language plpgsql as
                $$ begin perform pg_advisory_xact_lock(1); return new; end $$
                """)
            try await client.execute("create trigger wait before insert on t for each row execute function wait()")
            let written = Tally()
            let line = [UInt8](repeating: 0x78, count: 1023) + [0x0A]
            try await client.withConnection { holder in
                try await holder.execute("select pg_advisory_lock(1)")
                let copy = Task {
                    try await client.withConnection { connection in
                        try await connection.copyIn("copy t from stdin") { writer in
                            for _ in 0..<20_000 {
                                try await writer.write(line)
                                written.increment()
                            }
                        }
                    }
                }
                try await Task.sleep(for: .milliseconds(300))
                #expect(written.count < 5000, "nothing held the writer up")
                try await holder.execute("select pg_advisory_unlock(1)")
                let count = try await copy.value
                #expect(count == 20_000)
            }
        }
    }
}
