// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Postgres
import Secrets
import Testing

@testable import Directory

/// What people do with their own user.
@Suite struct ProfileTests {
    /// A user of `app`'s with two sessions; the credential is that of the first.
    private func person(
        _ email: String, in world: TestDirectory, by app: TestApp
    ) async throws -> (user: User, credential: PersonCredential, other: PersonCredential) {
        let user = try await world.user(email, by: app)
        var update = UserUpdate()
        update.password = "Correct1!horse"
        _ = try await world.directory.users.update(user.id, update, by: app.caller)
        var credentials: [PersonCredential] = []
        for number in 1...2 {
            let stored = try #require(try await world.directory.sessions.password(ofEmail: email))
            let session = NewSession(
                client: "client-\(email)-\(number)", digest: Digest.sha256("\(email)\(number)"), userAgent: nil,
                address: "127.0.0.1", requestID: nil)
            _ = try #require(try await world.directory.sessions.open(stored, counted: [], session))
            credentials.append(
                .session(SessionProof(client: session.client, digest: session.digest), email: nil))
        }
        return (user, credentials[0], credentials[1])
    }

    @Test func changesThemselvesAndNobodyElse() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let (ada, eve) = (
                try await person("ada@example.org", in: world, by: app), try await person("eve@example.org", in: world, by: app)
            )
            let profiles = world.directory.profiles
            try await profiles.update(
                ProfileChange(name: "Eve E", displayName: "E"), eve.credential, requestID: "r-1")
            #expect(try await world.directory.users.show(eve.user.id, by: app.caller).name == "Eve E")
            #expect(try await world.directory.users.show(ada.user.id, by: app.caller).name == ada.user.name)
            let trail = try await world.count(
                """
                select count(*) from audit_events where action = 'user.update' and actor = 'user' and request_id = 'r-1'
                  and actor_id = subject_id and subject_id = \(eve.user.id)
                """)
            #expect(trail == 1)
            // Again is no write.
            let before = try await world.count("select sum(row_version)::bigint from users")
            try await profiles.update(ProfileChange(name: "Eve E", displayName: "E"), eve.credential, requestID: nil)
            #expect(try await world.count("select sum(row_version)::bigint from users") == before)
            await #expect(throws: DirectoryError.nameBlank) {
                try await profiles.update(ProfileChange(name: " ", displayName: nil), eve.credential, requestID: nil)
            }
            _ = try await world.directory.suspensions.suspend(user: eve.user.id, SuspensionReason("left"), by: app.caller)
            await #expect(throws: DirectoryError.invalidAccessToken) {
                try await profiles.update(ProfileChange(name: "Back", displayName: nil), eve.credential, requestID: nil)
            }
        }
    }

    @Test func anotherPasswordEndsTheOtherSessions() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let ada = try await person("ada@example.org", in: world, by: app)
            let profiles = world.directory.profiles
            let old = try await profiles.password(ada.credential)
            try await profiles.setPassword("Another2!horse", instead: old, ada.credential, requestID: nil)
            #expect(try await world.directory.sessions.person(ada.credential).user.id == ada.user.id)
            await #expect(throws: DirectoryError.invalidAccessToken) { _ = try await world.directory.sessions.person(ada.other) }
            await #expect(throws: DirectoryError.stale) {
                try await profiles.setPassword("Third3!horse", instead: old, ada.credential, requestID: nil)
            }
            await #expect(throws: DirectoryError.self) {
                try await profiles.setPassword(
                    "short", instead: try await profiles.password(ada.credential), ada.credential, requestID: nil)
            }
            let audit = try await world.auditText()
            #expect(!audit.contains("$2") && !audit.contains("horse"))
        }
    }

    @Test func revealsAndRotatesTheOwnToken() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let ada = try await person("ada@example.org", in: world, by: app)
            let profiles = world.directory.profiles
            let first = try #require(try await profiles.revealToken(ada.credential, requestID: nil))
            #expect(try await world.directory.users.show(ada.user.id, by: app.caller).secrets?.accessToken == first)
            let second = try await profiles.rotateToken(ada.credential, requestID: nil)
            #expect(second != first)
            #expect(try await profiles.revealToken(ada.credential, requestID: nil) == second)
            let dead = try #require(world.directory.sessions.credential(token: first))
            await #expect(throws: DirectoryError.invalidAccessToken) { _ = try await world.directory.sessions.person(dead) }
            let alive = try #require(world.directory.sessions.credential(token: second))
            #expect(try await world.directory.sessions.person(alive).user.id == ada.user.id)
            #expect(try await world.count("select count(*) from audit_events where action = 'user.token.reveal'") == 2)
            #expect(try await !world.auditText().contains("mst_"))
        }
    }
}
