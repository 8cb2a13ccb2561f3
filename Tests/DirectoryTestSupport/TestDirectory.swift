// SPDX-License-Identifier: Apache-2.0

package import Directory
import Logging
package import Postgres
package import PostgresTestSupport
package import Secrets

/// An installation of a test's own: a fresh migrated database, its keys, and apps made on demand.
package struct TestDirectory: Sendable {
    package let postgres: PostgresClient
    package let directory: Directory
    package let passwords: PasswordHasher

    /// Creates a Platform App and gives its id and a caller that holds its token.
    package func app(_ name: String) async throws -> TestApp {
        let app = try await directory.platformApps.create(name: name, by: .command)
        guard let caller = directory.platformAppCaller(token: app.accessToken, requestID: nil) else {
            throw DirectoryError.invalidAccessToken
        }
        return TestApp(id: app.id, name: name, token: app.accessToken, caller: caller)
    }

    /// The tokens that an app ever had, the newest first.
    package func tokens(of app: Int64) async throws -> [StoredToken] {
        var query = TokenQuery(page: PageRequest(limit: 1_000))
        (query.ownerKind, query.ownerID) = (.platformApp, app)
        return try await directory.tokens.list(query, by: .command).items
    }

    /// A super admin with a session of the console, begun and confirmed just now.
    package func superAdmin(_ email: String = "root@example.org") async throws -> TestSuperAdmin {
        let id = try await directory.superAdmins.create(email: email, name: "Root", password: "Correct1!horse", by: .command)
        let token = SuperAdminSessionToken.random()
        try await postgres.execute(
            """
            insert into super_admin_sessions
                (super_admin_id, digest, password_mark, signed_in_at, confirmed_at, expires_at)
            select id, \(token.proof.digest), password_mark(password_hash), now(), now(), now() + interval '1 hour'
            from super_admins where id = \(id)
            """)
        return TestSuperAdmin(id: id, token: token, caller: Caller(session: token.proof))
    }

    /// One number that a statement gives.
    package func count(_ query: PostgresQuery) async throws -> Int {
        guard let row = try await postgres.query(query).first else { return 0 }
        return Int(try row.decode(Int64.self, at: 0))
    }
}

/// A Platform App of a test.
package struct TestApp: Sendable {
    package let id: Int64
    package let name: String
    package let token: String
    package let caller: Caller
}

/// A super admin of a test, signed in.
package struct TestSuperAdmin: Sendable {
    package let id: Int64
    package let token: SuperAdminSessionToken
    package let caller: Caller
}

/// Runs `body` with an installation of its own, gone afterwards. Choose this for whatever needs the domain;
/// `withDatabase` for what needs tables only.
nonisolated(nonsending) package func withDirectory<T>(
    pool: PostgresConfiguration.Pool = .forTests,
    _ body: nonisolated(nonsending) (TestDirectory) async throws -> T
) async throws -> T {
    try await withDatabase(migrations: Schema.migrations(), pool: pool) { try await withDirectory(in: $0, body) }
}

/// The same on a server of the test's own, for what stops it.
nonisolated(nonsending) package func withDirectory<T>(
    on server: TestServer, _ body: nonisolated(nonsending) (TestDirectory) async throws -> T
) async throws -> T {
    let postgres = PostgresClient(configuration: server.configuration(), logger: Logger(label: "test"))
    do {
        try await Schema.migrations().apply(to: postgres)
        let value = try await withDirectory(in: postgres, body)
        await postgres.close()
        return value
    } catch {
        await postgres.close()
        throw error
    }
}

nonisolated(nonsending) private func withDirectory<T>(
    in postgres: PostgresClient, _ body: nonisolated(nonsending) (TestDirectory) async throws -> T
) async throws -> T {
    let master = MasterKey.random()
    let keyring = try await Installation.keyring(postgres) { _ in master }
    // Cost 4 is the least that bcrypt has: tests hash many passwords, and none is worth anything.
    let passwords = PasswordHasher(cost: 4)
    let directory = Directory(postgres: postgres, keyring: keyring, passwords: passwords, master: { master })
    let value = try await body(TestDirectory(postgres: postgres, directory: directory, passwords: passwords))
    await passwords.stop()
    return value
}
