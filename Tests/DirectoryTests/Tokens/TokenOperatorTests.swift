// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Postgres
import Secrets
import Testing

@testable import Directory

/// Access tokens of every owner, as operators see, reveal and revoke them.
@Suite struct TokenOperatorTests {
    @Test func everyTokenIsListedWithItsOwner() async throws {
        try await withDirectory { world in
            let (one, root) = (try await world.app("One"), try await world.superAdmin())
            let ada = try await world.user("ada@example.org", by: one, name: "Ada")
            let narrow = try await world.directory.tokens.issue(to: one.id, scopes: [.usersRead], expiresIn: 60, by: root.caller)
            let tokens = world.directory.tokens
            func list(_ change: (inout TokenQuery) -> Void = { _ in }) async throws -> [StoredToken] {
                var query = TokenQuery(page: PageRequest(limit: 10))
                change(&query)
                return try await tokens.list(query, by: root.caller).items
            }
            let all = try await list()
            #expect(all.map(\.owner.kind) == [.platformApp, .user, .platformApp] && all.map(\.id) == all.map(\.id).sorted(by: >))
            #expect(all[1].owner.name == "Ada" && all[1].owner.email == "ada@example.org" && all[1].owner.id == ada.id)
            #expect(all[0].scopes == ["users:read"] && all[1].scopes == nil && all.allSatisfy { $0.authenticates })
            // What is shown begins the token and opens nothing.
            #expect(narrow.accessToken.hasPrefix(all[0].visiblePart) && all[0].visiblePart.count == AccessToken.visibleLength)
            #expect(world.directory.platformAppCaller(token: all[0].visiblePart, requestID: nil) == nil)

            #expect(try await list { $0.ownerKind = .user }.map(\.id) == [all[1].id])
            #expect(try await list { $0.ownerKind = .agentBot }.isEmpty)
            #expect(try await list { ($0.ownerKind, $0.ownerID) = (.platformApp, one.id) }.count == 2)
            #expect(try await list { ($0.ownerKind, $0.ownerID) = (.platformApp, ada.id + 100) }.isEmpty)
            #expect(try await list { $0.scope = .usersRead }.map(\.id) == [narrow.id])
            #expect(try await list { $0.scope = .usersWrite }.isEmpty)
            #expect(try await list { $0.state = .live }.count == 3)
            try await tokens.revoke(all[1].id, by: root.caller)
            try await world.postgres.execute("update access_tokens set expires_at = now() where id = \(narrow.id)")
            #expect(try await list { $0.state = .revoked }.map(\.id) == [all[1].id])
            #expect(try await list { $0.state = .expired }.map(\.id) == [narrow.id])
            #expect(try await list { $0.state = .live }.map(\.id) == [all[2].id])
            await #expect(throws: DirectoryError.invalidAccessToken) {
                _ = try await world.directory.user(of: try #require(ada.secrets).accessToken)
            }
            await #expect(throws: DirectoryError.notFound) { try await tokens.revoke(all[1].id, by: root.caller) }
            // An owner who is kept out keeps the token out.
            try await world.directory.platformApps.disable(one.id, by: root.caller)
            let disabled = try await tokens.show(all[2].id, by: root.caller)
            #expect(disabled.state == .live && disabled.owner.state == .disabled && !disabled.authenticates)
            // Pages.
            let first = try await tokens.list(TokenQuery(page: PageRequest(limit: 2)), by: root.caller)
            let rest = try await tokens.list(
                TokenQuery(page: PageRequest(limit: 2, after: try #require(first.next))), by: root.caller)
            #expect((first.items + rest.items).map(\.id) == all.map(\.id) && rest.next == nil)
        }
    }

    @Test func aTokenIsRevealedToOperatorsAndWrittenDown() async throws {
        try await withDirectory { world in
            let (one, root) = (try await world.app("One"), try await world.superAdmin())
            let ada = try await world.user("ada@example.org", by: one)
            let tokens = world.directory.tokens
            let own = try #require(one.caller.tokenID)
            #expect(try await tokens.reveal(own, by: root.caller).accessToken == one.token)
            var query = TokenQuery(page: PageRequest(limit: 1))
            query.ownerKind = .user
            let hers = try #require(try await tokens.list(query, by: .command).items.first)
            #expect(try await tokens.reveal(hers.id, by: .command).accessToken == ada.secrets?.accessToken)
            #expect(try await world.auditActions(of: ada.id) == "user.create access_token.reveal")
            let trail = try await world.text(
                "select string_agg(actor || ':' || subject_kind, ' ' order by id) from audit_events where action = 'access_token.reveal'"
            )
            #expect(trail == "super_admin:access_token command:user")
            #expect(!(try await world.auditText()).contains("mst_"))
            try await tokens.revoke(own, by: root.caller)
            for dead in [own, 99, -1, .max] {
                await #expect(throws: DirectoryError.notFound) { try await tokens.reveal(dead, by: root.caller) }
            }
        }
    }

    /// Neither another super admin nor a token of few scopes comes by the token of a super admin.
    @Test func aSuperAdminsTokenIsTheirsAlone() async throws {
        try await withDirectory { world in
            let (root, other) = (try await world.superAdmin(), try await world.superAdmin("other@example.org"))
            let full = try await world.directory.superAdmins.issueToken(to: root.id, scopes: nil, expiresIn: nil, by: root.caller)
            let few = try await world.directory.superAdmins.issueToken(
                to: root.id, scopes: [.accessTokensImpersonate], expiresIn: nil, by: root.caller)
            let narrow = try #require(world.directory.superAdminCaller(token: few.accessToken, requestID: nil))
            #expect(try await world.directory.tokens.reveal(full.id, by: root.caller).accessToken == full.accessToken)
            for caller in [other.caller, narrow, .command] {
                await #expect(throws: DirectoryError.notFound) {
                    try await world.directory.tokens.reveal(full.id, by: caller)
                }
            }
        }
    }

    @Test func aTokenIsFoundByWhatIsKnownOfIt() async throws {
        try await withDirectory { world in
            let one = try await world.app("One")
            let id = try #require(one.caller.tokenID)
            for text in ["\(id)", " \(id)\n", one.token, String(one.token.prefix(30)), String(one.token.prefix(44)) + "  "] {
                #expect(TokenName(text) == .id(id), "\(text.count)")
            }
            for text in ["", "0", "-1", "x", "9223372036854775808", String(one.token.prefix(29)), one.token + "x", "mst_app_"] {
                #expect(TokenName(text) == .unknown, "\(text)")
            }
        }
    }

    @Test func limitsAreLearntByToken() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let (apps, directory) = (world.directory.platformApps, world.directory)
            #expect(directory.callLimit(of: one.token) == nil)
            var update = PlatformAppUpdate()
            update.callsPerMinute = .some(90)
            try await apps.update(one.id, update, by: .command)
            let limit = CallLimit(appID: one.id, perMinute: 90)
            #expect(directory.callLimit(of: one.token) == limit && directory.callLimit(of: two.token) == nil)
            // A token issued later has it at once; one that only claims to be the app's has not.
            let next = try await directory.tokens.issue(to: one.id, by: .command)
            #expect(directory.callLimit(of: next.accessToken) == limit)
            let forged = String(one.token.dropLast(20)) + String(two.token.suffix(20))
            #expect(directory.callLimit(of: forged) == nil)
            // Another process learns of it by asking.
            try await world.postgres.execute("update platform_apps set calls_per_minute = 7 where id = \(two.id)")
            try await directory.tokens.refreshCallLimits()
            #expect(directory.callLimit(of: two.token)?.perMinute == 7)
            update.callsPerMinute = .some(nil)
            try await apps.update(one.id, update, by: .command)
            #expect(directory.callLimit(of: one.token) == nil)
        }
    }
}
