// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Secrets
import SignIn
import Testing

/// People whose password came with them from another system.
@Suite struct ImportedPasswordTests {
    private static let secret =
        #"{"value":"4pf9K2jWSCcHC+CwsZP/qidN5pSmDUe6AX6wBerSGdBVKkExay8MWKx+EKmaaObZW6FVsD8vdW/ZsyUFD9gJ1Q==","salt":"1/qNkZ5kr77jOMOBPBogGw=="}"#

    @Test func theOldPasswordSignsInAndItsHashIsRenewed() async throws {
        try await withDirectory { world in
            let app = try await world.app("a")
            let service = SignInService(directory: world.directory, passwords: world.passwords)
            let keycloak = try ImportedPasswordHash(
                keycloakSecret: Self.secret.utf8, data: #"{"hashIterations":27500,"algorithm":"pbkdf2-sha256"}"#.utf8)
            let ldap = try ImportedPasswordHash(ldap: "{SSHA}RhE1AL3oJ7PvU6dMA6az6aI7/D437nDx".utf8)
            for (email, password, hash) in [("k@x.org", "admin", keycloak.text), ("l@x.org", "Säcret 1", ldap.text)] {
                var draft = UserDraft()
                draft.email = email
                draft.name = "A"
                let user = try await world.directory.users.create(draft, by: app.caller)
                let version = try await world.count("select row_version from users where id = \(user.id)")
                _ = try await world.postgres.query("update users set password_hash = \(hash) where id = \(user.id)")
                await #expect(throws: SignInError.invalidCredentials) {
                    try await service.signIn(Self.attempt(email, password + "x"))
                }
                #expect(try await world.count("select count(*) from users where password_hash = \(hash)") == 1)
                let first = try await service.signIn(Self.attempt(email, password))
                #expect(
                    try await world.count("select count(*) from users where id = \(user.id) and password_hash like '$2b$%'") == 1)
                #expect(
                    try await world.count(
                        "select count(*) from sessions s join users u on u.id = s.user_id where u.id = \(user.id) and s.password_mark = password_mark(u.password_hash)"
                    )
                        == 1, "the session that began goes on")
                #expect(!first.accessToken.isEmpty)
                #expect(
                    try await world.count("select row_version from users where id = \(user.id)") == version,
                    "no change of the user")
                _ = try await service.signIn(Self.attempt(email, password))
                await #expect(throws: SignInError.invalidCredentials) {
                    try await service.signIn(Self.attempt(email, password + "x"))
                }
            }
        }
    }

    private static func attempt(_ email: String, _ password: String) -> SignInAttempt {
        SignInAttempt(email: email, password: password, linkToken: "", address: "203.0.113.9", userAgent: nil, requestID: nil)
    }
}
