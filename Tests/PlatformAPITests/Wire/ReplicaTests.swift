// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Logging
import Postgres
import Testing
import WebSurface

@testable import Directory

/// Two daemons on one database: what one takes away, the other refuses with the next call.
@Suite struct ReplicaTests {
    @Test func revocationIsSeenByAllAtOnce() async throws {
        try await withInstallation { api in
            let world = api.world
            let quiet = Logger(label: "quiet", factory: { _ in SwiftLogNoOpLogHandler() })
            let postgres = PostgresClient(configuration: world.postgres.configuration, logger: quiet)
            let replica = Directory(
                postgres: postgres, keyring: world.directory.keyring, passwords: world.directory.passwords)
            try await serving(replica, passwords: world.passwords) { port in
                let here = try await api.app("One")
                let there = APIClient(port: port, token: here.token, appID: here.appID)
                let user = try await here.newUser("ada@example.org")
                let token = try #require(try await there.call("POST", "/users/\(user)/token").json()["access_token"]?.string)
                #expect(try await world.directory.user(of: token) == user)
                // A suspension made there is felt here; a rotation here is felt there.
                _ = try await there.post("/users/\(user)/suspend", "{}")
                await #expect(throws: DirectoryError.invalidAccessToken) { try await world.directory.user(of: token) }
                _ = try await here.post("/users/\(user)/restore", "")
                _ = try await here.post("/users/\(user)/token", #"{"rotate":true}"#)
                await #expect(throws: DirectoryError.invalidAccessToken) { try await replica.user(of: token) }
                // Reach, scope and the token itself.
                try await world.directory.permissibles.revoke(.user, user, from: here.appID, by: .command)
                #expect(try await there.get("/users/\(user)").body == Body.nonPermissible)
                let narrow = try await world.directory.tokens.issue(to: here.appID, scopes: [.usersRead], by: .command)
                let limited = APIClient(port: port, token: narrow.accessToken, appID: here.appID)
                #expect(try await limited.get("/accounts").status == 403)
                #expect(try await there.get("/accounts").status == 200)
                let full = try await world.tokens(of: here.appID).last
                try await world.directory.tokens.revoke(try #require(full).id, of: here.appID, by: .command)
                #expect(try await there.get("/accounts").body == Body.invalidToken)
                #expect(try await here.get("/accounts").body == Body.invalidToken)
                // Both wrote down nothing so far, and each does so for itself.
                _ = try await limited.get("/users")
                #expect(try await replica.tokens.flush() >= 1)
                let used = try await world.tokens(of: here.appID).first { $0.id == narrow.id }
                #expect(used?.lastUsedAddress == "127.0.0.1")
            }
            await postgres.close()
        }
    }
}
