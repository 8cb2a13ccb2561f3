// SPDX-License-Identifier: Apache-2.0

extension Migrations {
    /// The advisory lock that programs take while they look at or change the schema: "muster" in ASCII.
    private static let lock: Int64 = 0x6D75_7374_6572

    /// How long a step may run, and how long to wait for another program that migrates.
    private static let patience = Duration.seconds(3600)

    /// Brings the schema up to date, each step in a transaction of its own, and returns the steps that were missing.
    ///
    /// Programs that start at once take turns: the second finds nothing to do.
    @discardableResult
    nonisolated(nonsending) package func apply(to client: PostgresClient) async throws -> [Migration] {
        try await client.withConnection { connection in
            try await locked(connection) {
                try await connection.executeScript(Self.table)
                let missing = try await missing(connection)
                for step in missing { try await apply(step, connection) }
                return Array(missing)
            }
        }
    }

    /// The steps that are missing in the database; nothing is changed.
    nonisolated(nonsending) package func pending(in client: PostgresClient) async throws -> [Migration] {
        try await client.withConnection { connection in
            let exists = try await connection.query("select to_regclass('schema_migrations') is not null")[0].decode(Bool.self)
            return exists ? Array(try await missing(connection)) : steps
        }
    }

    private static let table = """
        create table if not exists schema_migrations (
            version bigint primary key,
            name text not null,
            checksum text not null,
            applied_at timestamptz not null default clock_timestamp()
        )
        """

    nonisolated(nonsending) private func locked<T>(
        _ connection: PostgresConnection, _ body: nonisolated(nonsending) () async throws -> T
    ) async throws -> T {
        let lock = PostgresQuery("select pg_advisory_lock(\(Self.lock))").unprepared().timeout(Self.patience)
        try await connection.execute(lock)
        do {
            let value = try await body()
            try await unlock(connection)
            return value
        } catch {
            // A connection that cannot unlock is lost, and its lock with it.
            try? await unlock(connection)
            throw error
        }
    }

    private func unlock(_ connection: PostgresConnection) async throws(PostgresError) {
        try await connection.runShielded { session, limits throws(PostgresError) in
            session.reset()
            try session.runScript("select pg_advisory_unlock(\(Self.lock))", limits)
        }
    }

    private func missing(_ connection: PostgresConnection) async throws -> ArraySlice<Migration> {
        let applied = try await connection.query(
            "select version, name, checksum from schema_migrations order by version"
        ).map { row in
            let (version, name, checksum) = try row.decode((Int, String, String).self)
            return Applied(version: version, name: name, checksum: checksum)
        }
        return try pending(applied: applied, checksums: try await checksums(connection))
    }

    /// The server has SHA-256, so no cryptography is needed here.
    private func checksums(_ connection: PostgresConnection) async throws -> [String] {
        let texts = steps.map(\.sql)
        let query: PostgresQuery = """
            select encode(sha256(convert_to(text, 'UTF8')), 'hex')
            from unnest(\(texts)) with ordinality as step(text, position) order by position
            """
        return try await connection.query(query.unprepared()).map { try $0.decode(String.self) }
    }

    nonisolated(nonsending) private func apply(_ step: Migration, _ connection: PostgresConnection) async throws {
        do {
            try await connection.executeScript("begin")
            let before = try await transactionID(connection)
            try await connection.executeScript(step.sql, timeout: Self.patience)
            guard try await transactionID(connection) == before else {
                throw MigrationError(.leftTransaction, "\(step.label) ends the transaction it runs in")
            }
            let record: PostgresQuery = """
                insert into schema_migrations (version, name, checksum)
                values (\(step.version), \(step.name), encode(sha256(convert_to(\(step.sql), 'UTF8')), 'hex'))
                """
            try await connection.execute(record.unprepared())
            try await connection.executeScript("commit")
        } catch let error as PostgresError {
            throw MigrationError(.stepFailed, "\(step.label) failed and was rolled back", underlying: error)
        }
    }

    private func transactionID(_ connection: PostgresConnection) async throws -> String {
        try await connection.query(PostgresQuery("select pg_current_xact_id()::text").unprepared())[0].decode(String.self)
    }
}
