// SPDX-License-Identifier: Apache-2.0

import Logging
import Postgres
import PostgresTestSupport
import Testing

@Suite struct MigrationTests {
    private static let first = Migration(
        version: 1, name: "things", sql: "create table things (id bigint); select pg_sleep(0.05);")
    private static let second = Migration(version: 2, name: "names", sql: "alter table things add name text")

    private func failure(_ steps: [Migration], _ client: PostgresClient) async throws -> MigrationError.Kind? {
        do {
            try await Migrations(steps).apply(to: client)
            return nil
        } catch let error as MigrationError {
            return error.kind
        }
    }

    @Test func programsThatStartAtOnceMigrateOnce() async throws {
        let database = try await TestDatabase.lease()
        let migrations = try Migrations([Self.first, Self.second])
        // Clients of their own, as if each were a process.
        let applied = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    let client = database.client()
                    let count = try await migrations.apply(to: client).count
                    await client.close()
                    return count
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(applied.sorted() == [0, 0, 0, 0, 0, 2])
        try await database.drop()
    }

    @Test func whatIsPendingIsToldWithoutDoingIt() async throws {
        try await withDatabase { client in
            let both = try Migrations([Self.first, Self.second])
            #expect(try await both.pending(in: client) == [Self.first, Self.second])
            #expect(try await client.query("select 1 where to_regclass('schema_migrations') is not null").isEmpty)
            #expect(try await Migrations([Self.first]).apply(to: client) == [Self.first])
            #expect(try await both.pending(in: client) == [Self.second])
            #expect(try await both.apply(to: client) == [Self.second])
            let versions = try await client.query("select version, name from schema_migrations order by 1").map {
                try $0.decode((Int, String).self).1
            }
            #expect(versions == ["things", "names"])
        }
    }

    @Test func aHistoryThatDoesNotFitIsRefused() async throws {
        try await withDatabase { client in
            try await Migrations([Self.first, Self.second]).apply(to: client)
            let changed = Migration(version: 1, name: "things", sql: Self.first.sql + " ")
            let renamed = Migration(version: 2, name: "other", sql: Self.second.sql)
            #expect(try await failure([Self.first], client) == .databaseNewer)
            #expect(try await failure([changed, Self.second], client) == .checksumMismatch)
            #expect(try await failure([Self.first, renamed], client) == .notAPrefix)
            try await client.execute("delete from schema_migrations where version = 1")
            #expect(try await failure([Self.first, Self.second], client) == .notAPrefix)
        }
    }

    @Test func aStepThatFailsLeavesNothing() async throws {
        try await withDatabase { client in
            let broken = Migration(version: 2, name: "broken", sql: "create table half (id int); select 1/0;")
            let kind = try await failure([Self.first, broken], client)
            #expect(kind == .stepFailed)
            #expect(try await client.query("select version from schema_migrations").count == 1)
            #expect(try await client.query("select 1 where to_regclass('half') is not null").isEmpty)
            // The lock is free and the corrected step goes in.
            #expect(try await failure([Self.first, Self.second], client) == nil)
        }
    }

    @Test func aStepMustNotEndItsTransaction() async throws {
        try await withDatabase { client in
            for (number, sql) in ["commit", "commit; begin", "rollback", "commit; select 1"].enumerated() {
                let step = Migration(version: 2, name: "bad\(number)", sql: sql)
                let kind = try await failure([Self.first, step], client)
                #expect(kind == .leftTransaction, "\(sql)")
            }
        }
    }

    @Test func filesTellVersionAndName() throws {
        let step = try Migration(file: "V0012_add_some_names.sql", sql: "")
        #expect(step.version == 12 && step.name == "add_some_names" && step.label == "V0012_add_some_names")
        for name in ["0001_x.sql", "V1_x.sql", "V0001.sql", "V0001_x.txt", "V00x1_x.sql", "V0001_.sql"] {
            let error = #expect(throws: MigrationError.self) { try Migration(file: name, sql: "") }
            #expect(error?.kind == .badFileName, "\(name)")
        }
        let error = #expect(throws: MigrationError.self) { try Migrations([Self.second]) }
        #expect(error?.kind == .badSequence)
        #expect(throws: MigrationError.self) { try Migrations([Self.first, Self.first]) }
    }
}
