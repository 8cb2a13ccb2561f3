// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
package import Postgres
import Synchronization

/// Runs `body` with a client of a fresh, empty database, which is dropped afterwards.
nonisolated(nonsending) package func withDatabase<T>(
    pool: PostgresConfiguration.Pool = .forTests,
    _ body: nonisolated(nonsending) (PostgresClient) async throws -> T
) async throws -> T {
    let database = try await TestDatabase.lease()
    return try await database.use(pool: pool, body)
}

/// Runs `body` with a client of a fresh database that has the schema of `migrations`, which is dropped afterwards.
///
/// The migrations run once per process; every further database is a copy.
nonisolated(nonsending) package func withDatabase<T>(
    migrations: Migrations, pool: PostgresConfiguration.Pool = .forTests,
    _ body: nonisolated(nonsending) (PostgresClient) async throws -> T
) async throws -> T {
    let template = try await TestTemplates.shared.template(for: migrations)
    let database = try await TestDatabase.lease(template: template)
    return try await database.use(pool: pool, body)
}

/// A database of one test.
package struct TestDatabase: Sendable {
    /// How to reach it.
    package let configuration: PostgresConfiguration

    /// Creates a database as a copy of `template`; `drop()` ends it. Prefer `withDatabase`.
    package static func lease(template: String = "template1") async throws -> TestDatabase {
        let number = counter.add(1, ordering: .relaxed).newValue
        let name = "muster_test_\(getpid())_\(number)"
        let server = try TestServerAccess.configuration()
        try await create(name, template: template, on: server)
        var configuration = server
        configuration.database = name
        return TestDatabase(configuration: configuration)
    }

    /// Drops the database and whoever is still connected to it.
    package func drop() async throws {
        try await Self.administer(
            try TestServerAccess.configuration(), "drop database if exists \(configuration.database) with (force)")
    }

    /// Makes a client of the database; the caller closes it.
    package func client(pool: PostgresConfiguration.Pool = .forTests) -> PostgresClient {
        var configuration = configuration
        configuration.pool = pool
        // As many rows as a test wants, on a machine that does other things as well.
        configuration.statementTimeout = .seconds(120)
        return PostgresClient(configuration: configuration, logger: Logger(label: "test"))
    }

    nonisolated(nonsending) fileprivate func use<T>(
        pool: PostgresConfiguration.Pool, _ body: nonisolated(nonsending) (PostgresClient) async throws -> T
    ) async throws -> T {
        let client = client(pool: pool)
        do {
            let value = try await body(client)
            await client.close()
            try await drop()
            return value
        } catch {
            await client.close()
            try? await drop()
            throw error
        }
    }

    private static let counter = Atomic<Int>(0)

    static func create(_ name: String, template: String, on server: PostgresConfiguration) async throws {
        try await administer(server, "create database \(name) template \(template)")
    }

    static func administer(_ server: PostgresConfiguration, _ sql: String) async throws {
        var server = server
        server.pool.limit = 1
        let client = PostgresClient(configuration: server, logger: Logger(label: "test"))
        do {
            try await client.withConnection { connection in
                try await connection.executeScript(sql, timeout: .seconds(60))
            }
            await client.close()
        } catch {
            await client.close()
            throw error
        }
    }
}

/// Where the tests' databases are made.
enum TestServerAccess {
    /// The server of `MUSTER_TEST_DATABASE_URL`, or one of our own.
    static func configuration() throws -> PostgresConfiguration {
        guard let url = getenv("MUSTER_TEST_DATABASE_URL").map({ String(cString: $0) }), !url.isEmpty else {
            return try TestServer.shared.configuration()
        }
        let configuration = try PostgresConfiguration(url: url)
        // Tests create and drop databases: never on a machine that may be somebody's.
        let isLocal = configuration.isUnixSocket || ["localhost", "127.0.0.1", "::1"].contains(configuration.host)
        guard isLocal else {
            throw TestServer.Failure(description: "MUSTER_TEST_DATABASE_URL must name this machine, not \(configuration.host)")
        }
        return configuration
    }
}

/// The templates of this process, one per history of migrations.
actor TestTemplates {
    static let shared = TestTemplates()

    private var names: [Migrations: String] = [:]
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func template(for migrations: Migrations) async throws -> String {
        // One at a time: callers who come meanwhile find the template made.
        while isBusy { await withCheckedContinuation { waiting.append($0) } }
        if let name = names[migrations] { return name }
        isBusy = true
        defer {
            isBusy = false
            for waiter in waiting { waiter.resume() }
            waiting = []
        }
        let server = try TestServerAccess.configuration()
        let name = "muster_template_\(getpid())_\(names.count + 1)"
        try await TestDatabase.administer(server, "drop database if exists \(name) with (force)")
        try await TestDatabase.create(name, template: "template1", on: server)
        var configuration = server
        configuration.database = name
        // A template must have no connections while it is copied.
        let client = PostgresClient(configuration: configuration, logger: Logger(label: "test"))
        do {
            try await migrations.apply(to: client)
            await client.close()
        } catch {
            await client.close()
            throw error
        }
        names[migrations] = name
        return name
    }
}

extension PostgresConfiguration.Pool {
    /// Few connections, and patience: on a loaded machine a queue of test tasks waits longer for one than any caller should.
    package static let forTests = PostgresConfiguration.Pool(limit: 4, leaseTimeout: .seconds(60))
}
