// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing

@Suite struct UserAccessTests {
    @Test func strangersLearnNothing() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let users = world.directory.users
            let ada = try await world.user("ada@example.org", by: one)
            let gone = try await world.user("gone@example.org", by: one)
            try await users.delete(gone.id, by: one.caller)
            for id in strangeIDs + [ada.id, gone.id] {
                await #expect(throws: DirectoryError.nonPermissible) { try await users.show(id, by: two.caller) }
                await #expect(throws: DirectoryError.nonPermissible) { try await users.token(id, by: two.caller) }
                await #expect(throws: DirectoryError.nonPermissible) { try await users.delete(id, by: two.caller) }
                await #expect(throws: DirectoryError.nonPermissible) {
                    try await users.update(id, UserUpdate(name: "X", password: "Secret-123"), by: two.caller)
                }
            }
            #expect(try await world.version(ofUser: ada.id) == 1)
        }
    }

    @Test(arguments: [Rights.read, [.read, .write], [.read, .impersonate], [.read, .delete], [.read, .write, .delete], .all])
    func grantsAllowWhatTheySayAndNoMore(_ rights: Rights) async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let users = world.directory.users
            let ada = try await world.user("ada@example.org", by: one)
            try await world.grant(.user, ada.id, to: two, rights)
            func allowed(_ needed: Rights, _ body: () async throws -> Void) async {
                if rights.isSuperset(of: needed) {
                    await #expect(throws: Never.self) { try await body() }
                } else {
                    await #expect(throws: DirectoryError.nonPermissible) { try await body() }
                }
            }
            let secrets = rights.contains(.impersonate)
            await allowed(.read) {
                let shown = try await users.show(ada.id, by: two.caller)
                #expect((shown.secrets != nil) == secrets)
            }
            await allowed(.write) {
                let changed = try await users.update(ada.id, UserUpdate(name: "X"), by: two.caller)
                #expect((changed.secrets != nil) == secrets && changed.name == "X")
            }
            await allowed([.write, .impersonate]) {
                _ = try await users.update(ada.id, UserUpdate(email: "x@example.org"), by: two.caller)
            }
            await allowed([.write, .impersonate]) {
                _ = try await users.update(ada.id, UserUpdate(password: "Secret-123"), by: two.caller)
            }
            await allowed(.impersonate) {
                let shown = try await users.token(ada.id, by: two.caller)
                #expect(shown.secrets != nil)
            }
            await allowed(.delete) { try await users.delete(ada.id, by: two.caller) }
        }
    }

    @Test func noGrantWithoutReading() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let ada = try await world.user("ada@example.org", by: one)
            for rights in [Rights.write, .impersonate, .delete, [.write, .delete]] {
                await #expect(throws: (any Error).self) { try await world.grant(.user, ada.id, to: two, rights) }
            }
        }
    }

    @Test func deadTokensReachNothing() async throws {
        let blows = [
            "update access_tokens set revoked_at = now() where owner_kind = 'platform_app'",
            "update access_tokens set expires_at = now() - interval '1 second' where owner_kind = 'platform_app'",
            "update platform_apps set disabled_at = now()",
            "update access_tokens set nonce = gen_random_uuid() where owner_kind = 'platform_app'",
            "update access_tokens set owner_kind = 'super_admin' where owner_kind = 'platform_app'",
            "delete from access_tokens",
        ]
        for blow in blows {
            try await withDirectory { world in
                let app = try await world.app("One")
                let ada = try await world.user("ada@example.org", by: app)
                let account = try await world.account("Acme", by: app)
                try await world.postgres.execute(.init(unescaped: blow))
                let (directory, caller) = (world.directory, app.caller)
                let calls: [@Sendable () async throws -> Void] = [
                    { _ = try await directory.users.show(ada.id, by: caller) },
                    { _ = try await directory.users.update(ada.id, UserUpdate(), by: caller) },
                    { _ = try await directory.users.update(ada.id, UserUpdate(name: ""), by: caller) },
                    { _ = try await directory.users.update(ada.id, UserUpdate(name: "X"), by: caller) },
                    { _ = try await directory.users.token(ada.id, by: caller) },
                    { try await directory.users.delete(ada.id, by: caller) },
                    { _ = try await directory.users.create(UserDraft("ada@example.org"), by: caller) },
                    { _ = try await directory.users.create(UserDraft("new@example.org"), by: caller) },
                    { _ = try await directory.users.create(UserDraft(nil, name: nil), by: caller) },
                    { _ = try await directory.accounts.list(by: caller) },
                    { _ = try await directory.accounts.show(account.id, by: caller) },
                    { _ = try await directory.accounts.create(AccountDraft(), by: caller) },
                    { _ = try await directory.accounts.create(AccountDraft(name: "New"), by: caller) },
                    { _ = try await directory.accounts.update(account.id, AccountDraft(name: "New"), by: caller) },
                    { try await directory.accounts.delete(account.id, by: caller) },
                    { _ = try await directory.memberships.list(accountID: account.id, by: caller) },
                    { _ = try await directory.memberships.upsert(accountID: account.id, MembershipDraft(ada.id), by: caller) },
                    { _ = try await directory.memberships.upsert(accountID: account.id, MembershipDraft(nil), by: caller) },
                    { try await directory.memberships.delete(accountID: account.id, userID: ada.id, by: caller) },
                    { try await directory.memberships.delete(accountID: account.id, userID: nil, by: caller) },
                ]
                for (number, call) in calls.enumerated() {
                    await #expect(throws: DirectoryError.invalidAccessToken, "call \(number) after \(blow)") { try await call() }
                }
                #expect(try await world.count("select count(*) from users where deleted_at is null and row_version = 1") == 1)
                #expect(try await world.count("select count(*) from accounts where deleted_at is null and row_version = 1") == 1)
            }
        }
    }

    @Test func tokenOfAUserIsNoPlatformApp() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let ada = try await world.user("ada@example.org", by: app)
            #expect(world.directory.platformAppCaller(token: ada.secrets?.accessToken ?? "", requestID: nil) == nil)
            let forged = String(app.token.dropLast()) + (app.token.hasSuffix("0") ? "1" : "0")
            #expect(world.directory.platformAppCaller(token: forged, requestID: nil) == nil)
        }
    }

    @Test func accountsOfAUserAreThoseTheCallerSees() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let ada = try await world.user("ada@example.org", by: one)
            let (a, b, c) = (
                try await world.account("A", by: one), try await world.account("B", by: one),
                try await world.account("C", by: one)
            )
            for account in [a, b, c] {
                try await world.member(ada.id, of: account.id, account.id == b.id ? .administrator : nil, by: one)
            }
            try await world.postgres.execute("update account_users set active_at = now() where account_id = \(b.id)")
            try await world.postgres.execute(
                "update account_users set active_at = now() + interval '1 day' where account_id = \(c.id)")
            try await world.grant(.user, ada.id, to: two, .read)
            let users = world.directory.users
            #expect(try await users.show(ada.id, by: two.caller).accounts.isEmpty)
            try await world.grant(.account, a.id, to: two, .read)
            try await world.grant(.account, b.id, to: two, .read)
            let seen = try await users.show(ada.id, by: two.caller)
            #expect(seen.accounts.map(\.id) == [b.id, a.id])
            #expect(seen.currentAccount?.role == "administrator" && seen.currentAccount?.name == "B")
            #expect(try await users.show(ada.id, by: one.caller).accounts.map(\.id) == [c.id, b.id, a.id])
            try await world.directory.accounts.delete(c.id, by: one.caller)
            #expect(try await users.show(ada.id, by: one.caller).currentAccount?.id == b.id)
        }
    }
}
