// SPDX-License-Identifier: Apache-2.0

import Directory
import FoundationEssentials
import Postgres
import PostgresTestSupport
import Secrets
import Testing

@Suite struct InstallationTests {
    @Test func aDatabaseKnowsItsMasterKey() async throws {
        try await withDatabase(migrations: Schema.migrations()) { postgres in
            let master = MasterKey.random()
            let first = try await Installation.keyring(postgres) { generate in
                #expect(generate)
                return master
            }
            let again = try await Installation.keyring(postgres) { generate in
                #expect(!generate)
                return master
            }
            let claims = AccessTokenClaims(owner: .user, id: 1, nonce: UUID(), keyID: first.currentID)
            #expect(try first.mint(claims) == again.mint(claims))
            await #expect(throws: InstallationError.self) { try await Installation.keyring(postgres) { _ in .random() } }
            #expect(try await postgres.query("select from data_keys").count == 1)
        }
    }

    @Test func daemonsStartingAtOnceShareOneKey() async throws {
        try await withDatabase(migrations: Schema.migrations()) { postgres in
            let opened = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<4 {
                    group.addTask { (try? await Installation.keyring(postgres) { _ in .random() }) != nil }
                }
                return await group.reduce(into: [Bool]()) { $0.append($1) }
            }
            // Each came with a key of its own: the first one claims the database, the others are refused.
            #expect(opened.filter { $0 }.count == 1)
            let rows = try await postgres.query("select from data_keys, installation")
            #expect(rows.count == 1)
        }
    }

    @Test func superAdminsAreKeptApartFromUsers() async throws {
        try await withDatabase(migrations: Schema.migrations()) { postgres in
            let master = MasterKey.random()
            let keyring = try await Installation.keyring(postgres) { _ in master }
            let passwords = PasswordHasher(cost: 4)
            let admins = Directory(postgres: postgres, keyring: keyring, passwords: passwords).superAdmins
            #expect(try await admins.isEmpty())
            _ = try await admins.create(email: " Root@Example.org", name: "Root", password: "Secret-123", by: .command)
            #expect(try await !admins.isEmpty())
            for (email, name, password) in [
                ("root@example.org", "Root", "Secret-123"), ("root", "Root", "Secret-123"), ("r2@example.org", "Root", "weak"),
                ("r3@example.org", " ", "Secret-123"), ("r4@example.org", "a\u{0}", "Secret-123"),
                (String(repeating: "a", count: 300) + "@example.org", "Root", "Secret-123"),
            ] {
                await #expect(throws: DirectoryError.self, "\(email)") {
                    try await admins.create(email: email, name: name, password: password, by: .command)
                }
            }
            #expect(try await postgres.query("select from super_admins").count == 1)
            #expect(try await postgres.query("select from users").isEmpty)
            let trail = try await postgres.query("select after::text as t from audit_events").first?.decode(String.self, "t")
            #expect(trail == #"{"name": "Root", "email": "root@example.org"}"#)
            await passwords.stop()
        }
    }
}
