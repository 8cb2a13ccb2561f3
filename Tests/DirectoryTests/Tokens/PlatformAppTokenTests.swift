// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Secrets
import Testing

@Suite struct PlatformAppTokenTests {
    private static func works(_ token: String, in world: TestDirectory) async throws -> Bool {
        guard let caller = world.directory.platformAppCaller(token: token, requestID: nil) else { return false }
        do {
            try await world.directory.authenticate(caller)
            return true
        } catch DirectoryError.invalidAccessToken { return false }
    }

    @Test func rotationOverlapsAndEnds() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let root = try await world.superAdmin()
            let tokens = world.directory.tokens
            let second = try await tokens.rotate(nil, of: app.id, overlap: 3_600, by: .command)
            #expect(try await Self.works(app.token, in: world))
            #expect(try await Self.works(second.accessToken, in: world))
            let listed = try await world.tokens(of: app.id)
            #expect(listed.map(\.replacedBy) == [nil, second.id] && listed[0].expiresAt == nil && listed[1].expiresAt != nil)
            // The overlap is over.
            try await world.postgres.execute("update access_tokens set expires_at = now() where replaced_by is not null")
            #expect(try await !Self.works(app.token, in: world))
            let third = try await tokens.rotate(nil, of: app.id, overlap: 0, by: root.caller)
            #expect(try await !Self.works(second.accessToken, in: world))
            #expect(try await Self.works(third.accessToken, in: world))
            let audit = try await world.auditText()
            #expect(audit.contains("access_token.rotate") && !audit.contains("mst_"))
            try await tokens.revoke(third.id, of: app.id, by: .command)
            #expect(try await !Self.works(third.accessToken, in: world))
            await #expect(throws: DirectoryError.notFound) { try await tokens.revoke(third.id, of: app.id, by: .command) }
            await #expect(throws: DirectoryError.notFound) {
                _ = try await tokens.rotate(nil, of: app.id, overlap: 0, by: .command)
            }
            await #expect(throws: DirectoryError.notFound) { _ = try await tokens.issue(to: 99, by: .command) }
        }
    }

    @Test func rotationKeepsScopesAndAsksWhichOfSeveral() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let tokens = world.directory.tokens
            let narrow = try await tokens.issue(to: app.id, scopes: [.usersRead], expiresIn: 60, by: .command)
            await #expect(throws: DirectoryError.invalid([FieldProblem("token", "Token must be named: the app has several")])) {
                _ = try await tokens.rotate(nil, of: app.id, overlap: 0, by: .command)
            }
            let other = try await world.app("Two")
            await #expect(throws: DirectoryError.notFound) {
                _ = try await tokens.rotate(narrow.id, of: other.id, overlap: 0, by: .command)
            }
            let next = try await tokens.rotate(narrow.id, of: app.id, overlap: 3_600, by: .command)
            let listed = try await world.tokens(of: app.id)
            #expect(listed.first { $0.id == next.id }?.scopes == ["users:read"])
            // The overlap does not lengthen the life of the former token.
            let ends = try await world.count(
                "select count(*) from access_tokens where id = \(narrow.id) and expires_at < now() + interval '2 minutes'")
            #expect(ends == 1)
            for (scopes, expiry) in [([Scope](), nil), ([.usersRead], 0), ([.usersRead], -1), ([.usersRead], Int64.max)]
                as [([Scope], Int64?)]
            {
                await #expect(throws: DirectoryError.self) {
                    _ = try await tokens.issue(to: app.id, scopes: scopes, expiresIn: expiry, by: .command)
                }
            }
            #expect(["users", "users:", "user:read", "*:read", "users:read:x", "", "users:READ"].allSatisfy { Scope($0) == nil })
        }
    }

    @Test func ofManyRotationsAtOnceOneWins() async throws {
        try await withDirectory(pool: .init(limit: 8)) { world in
            let app = try await world.app("One")
            let tokens = world.directory.tokens
            let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        do {
                            _ = try await tokens.rotate(nil, of: app.id, overlap: 60, by: .command)
                            return true
                        } catch DirectoryError.notFound { return false }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            // Who comes later rotates the new token, or finds the former one replaced meanwhile; never two in one's place.
            #expect(wins >= 1)
            let current = "select count(*) from access_tokens where owner_kind = 'platform_app' and replaced_by is null"
            #expect(try await world.count("\(unescaped: current)") == 1)
            #expect(try await world.count("select count(*) from access_tokens") == wins + 1)
        }
    }

    @Test func usesAreWrittenInOneGo() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let tokens = world.directory.tokens
            for number in 1...50 { tokens.note(one.caller, address: "10.0.0.\(number)") }
            tokens.note(two.caller, address: "::1")
            #expect(try await world.count("select count(*) from access_tokens where last_used_at is not null") == 0)
            #expect(try await tokens.flush() == 2)
            #expect(try await tokens.flush() == 0)
            let listed = try await world.tokens(of: one.id)
            #expect(listed[0].lastUsedAddress == "10.0.0.50" && listed[0].lastUsedAt != nil)
            // A dead token was not used any more, and another replica's later use stands.
            try await tokens.revoke(#require(two.caller.tokenID), of: two.id, by: .command)
            try await world.postgres.execute(
                "update access_tokens set last_used_at = now() + interval '1 hour' where id = \(try #require(one.caller.tokenID))"
            )
            tokens.note(one.caller, address: "old")
            tokens.note(two.caller, address: "dead")
            #expect(try await tokens.flush() == 0)
            #expect(
                try await world.text("select string_agg(last_used_address, ' ' order by id) from access_tokens")
                    == "10.0.0.50 ::1")
        }
    }
}
