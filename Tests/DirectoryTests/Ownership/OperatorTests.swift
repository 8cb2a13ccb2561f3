// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Postgres
import Secrets
import Testing

@testable import Directory

/// Operators as callers: they reach whatever lives, own nothing, and are resolved by each statement like apps.
@Suite struct OperatorTests {
    @Test func reachesEverythingAndOwnsNothing() async throws {
        try await withDirectory { world in
            let (one, root) = (try await world.app("One"), try await world.superAdmin())
            let (ada, acme) = (try await world.user("ada@example.org", by: one), try await world.account("Acme", by: one))
            for caller in [root.caller, .command] {
                #expect(try await world.directory.users.show(ada.id, by: caller).email == "ada@example.org")
                #expect(try await world.directory.users.show(ada.id, by: caller).secrets == nil)
                #expect(try await world.directory.accounts.list(by: caller).items.map(\.id) == [acme.id])
                let query = UserQuery(page: PageRequest(limit: 10))
                #expect(try await world.directory.users.find(query, by: caller).items.map(\.id) == [ada.id])
            }
            let before = try await world.count("select count(*) from platform_app_permissibles")
            var draft = UserDraft()
            (draft.name, draft.email) = ("Bob", "bob@example.org")
            let bob = try await world.directory.users.create(draft, by: root.caller)
            #expect(try await world.count("select count(*) from platform_app_permissibles") == before)
            await #expect(throws: DirectoryError.nonPermissible) { try await world.directory.users.show(bob.id, by: one.caller) }
            // No adoption by its address, not even by an operator.
            await #expect(throws: DirectoryError.invalid([UserStore.taken])) {
                try await world.directory.users.create(draft, by: root.caller)
            }
            try await world.directory.users.delete(ada.id, by: root.caller)
            await #expect(throws: DirectoryError.notFound) { try await world.directory.users.show(ada.id, by: root.caller) }
            let audit = try await world.text(
                "select actor || ':' || actor_id || ':' || coalesce(platform_app_id::text, '-') from audit_events order by id desc limit 1"
            )
            #expect(audit == "super_admin:\(root.id):-")
        }
    }

    @Test func liftsOnlyItsOwnSuspension() async throws {
        try await withDirectory { world in
            let (one, root) = (try await world.app("One"), try await world.superAdmin())
            let (suspensions, ada) = (world.directory.suspensions, try await world.user("ada@example.org", by: one))
            _ = try await suspensions.suspend(user: ada.id, SuspensionReason("app"), by: one.caller)
            _ = try await suspensions.suspend(user: ada.id, SuspensionReason("root"), by: root.caller)
            _ = try await suspensions.restore(user: ada.id, by: root.caller)
            #expect(try await world.text("select string_agg(by_kind::text, ' ') from suspensions") == "platform_app")
        }
    }

    @Test func onlyALiveSessionIsACaller() async throws {
        try await withDirectory { world in
            let root = try await world.superAdmin()
            _ = try await world.directory.accounts.list(by: root.caller.confirmed)
            try await world.postgres.execute("update super_admin_sessions set confirmed_at = now() - interval '11 minutes'")
            _ = try await world.directory.accounts.list(by: root.caller)
            await #expect(throws: DirectoryError.invalidAccessToken) {
                try await world.directory.accounts.list(by: root.caller.confirmed)
            }
            let spoils: [PostgresQuery] = [
                "update super_admin_sessions set seen_at = now() - interval '31 minutes'",
                "update super_admin_sessions set expires_at = now()",
                "update super_admin_sessions set signed_in_at = null",
                "update super_admins set disabled_at = now()",
                "update super_admins set password_hash = 'another'",
                "delete from super_admin_sessions",
            ]
            for (number, spoil) in spoils.enumerated() {
                let admin = try await world.superAdmin("root\(number)@example.org")
                _ = try await world.directory.accounts.list(by: admin.caller)
                try await world.postgres.execute(spoil)
                await #expect(throws: DirectoryError.invalidAccessToken, "\(spoil.sql)") {
                    try await world.directory.accounts.list(by: admin.caller)
                }
                try await world.postgres.execute("update super_admins set disabled_at = null")
            }
        }
    }

    @Test func scopesNarrowASuperAdminsToken() async throws {
        try await withDirectory { world in
            let (one, root) = (try await world.app("One"), try await world.superAdmin())
            let ada = try await world.user("ada@example.org", by: one)
            let row = try await world.postgres.query(
                """
                insert into access_tokens (owner_kind, owner_id, key_id, scopes)
                values ('super_admin', \(root.id), \(world.directory.keyring.currentID), array['users:read'])
                returning id, nonce
                """
            ).first
            let token = try #require(row)
            let caller = Caller(
                claims: AccessTokenClaims(
                    owner: .superAdmin, id: try token.decode(Int64.self, "id"), nonce: try token.decode(at: 1),
                    keyID: world.directory.keyring.currentID))
            #expect(try await world.directory.users.show(ada.id, by: caller).id == ada.id)
            await #expect(throws: DirectoryError.insufficientScope) { try await world.directory.users.delete(ada.id, by: caller) }
            await #expect(throws: DirectoryError.insufficientScope) {
                try await world.directory.platformApps.list(PageRequest(limit: 1), by: caller)
            }
        }
    }

    @Test func noAppIsEverAnOperator() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let foreign = try await world.user("ada@example.org", by: two)
            let (apps, permissibles) = (world.directory.platformApps, world.directory.permissibles)
            let token = try #require(two.caller.tokenID)
            let (tokens, page) = (world.directory.tokens, PageRequest(limit: 1))
            let acts: [(String, () async throws -> Void)] = [
                ("create", { _ = try await apps.create(name: "Three", by: one.caller) }),
                ("list", { _ = try await apps.list(page, by: one.caller) }),
                ("show", { _ = try await apps.show(one.id, by: one.caller) }),
                ("stakes", { _ = try await apps.stakes(two.id, by: one.caller) }),
                ("rename", { try await apps.update(two.id, PlatformAppUpdate(name: "Mine"), by: one.caller) }),
                ("disable", { try await apps.disable(two.id, by: one.caller) }),
                ("enable", { try await apps.enable(one.id, by: one.caller) }),
                ("transfer all", { try await apps.transferAll(from: two.id, to: one.id, by: one.caller) }),
                ("transfer", { try await apps.transfer(.user, foreign.id, from: two.id, to: one.id, by: one.caller) }),
                ("delete", { try await apps.delete(two.id, to: one.id, by: one.caller) }),
                ("release", { try await apps.delete(two.id, to: nil, by: one.caller) }),
                ("tokens", { _ = try await tokens.list(TokenQuery(page: page), by: one.caller) }),
                ("token", { _ = try await tokens.show(token, by: one.caller) }),
                ("reveal", { _ = try await tokens.reveal(token, by: one.caller) }),
                ("issue", { _ = try await tokens.issue(to: two.id, by: one.caller) }),
                ("rotate", { _ = try await tokens.rotate(nil, of: two.id, overlap: 0, by: one.caller) }),
                ("revoke", { try await tokens.revoke(token, by: one.caller) }),
                ("permissibles", { _ = try await permissibles.list(.user, of: two.id, page, by: one.caller) }),
                ("candidates", { _ = try await permissibles.candidates(.user, for: one.id, "ada", by: one.caller) }),
                ("grant", { try await permissibles.grant(.user, foreign.id, to: one.id, .all, by: one.caller) }),
                ("take", { try await permissibles.revoke(.user, foreign.id, from: two.id, by: one.caller) }),
            ]
            for (name, act) in acts {
                await #expect(throws: DirectoryError.invalidAccessToken, "\(name)") { try await act() }
            }
            #expect(try await world.directory.users.show(foreign.id, by: two.caller).id == foreign.id)
            #expect(try await world.count("select count(*) from platform_apps") == 2)
        }
    }
}
