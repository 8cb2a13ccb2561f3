// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing

@Suite struct UserChangeTests {
    @Test func fieldsGivenAreChangedAndOthersKept() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let users = world.directory.users
            let ada = try await users.create(UserDraft("ada@example.org", attributes: #"{"a":1,"b":{"x":1}}"#), by: app.caller)
            var update = UserUpdate(email: " ADA@Example.com", name: "Ada", attributes: #"{"b":{"y":2},"c":null}"#)
            update.displayName = .some("A.")
            let changed = try await users.update(ada.id, update, by: app.caller)
            #expect(changed.email == "ada@example.com" && changed.name == "Ada" && changed.displayName == "A.")
            #expect(changed.customAttributes.text == #"{"a": 1, "b": {"y": 2}, "c": null}"#)
            #expect(changed.rowVersion == 2)
            var clearing = UserUpdate()
            clearing.displayName = .some(nil)
            #expect(try await users.update(ada.id, clearing, by: app.caller).displayName == nil)
            #expect(try await users.show(ada.id, by: app.caller).name == "Ada")
            #expect(try await world.auditActions(of: ada.id) == "user.create user.update user.update")
        }
    }

    @Test func nothingNewIsNoWrite() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let users = world.directory.users
            let ada = try await users.create(UserDraft("ada@example.org", name: "Ada", attributes: #"{"a":1}"#), by: app.caller)
            for update in [UserUpdate(), UserUpdate(email: "ADA@example.org", name: "Ada", attributes: #"{"a":1}"#)] {
                let same = try await users.update(ada.id, update, by: app.caller)
                #expect(same.rowVersion == 1 && same.name == "Ada" && same.secrets?.accessToken == ada.secrets?.accessToken)
            }
            #expect(try await world.version(ofUser: ada.id) == 1)
            #expect(try await world.auditActions(of: ada.id) == "user.create")
        }
    }

    @Test func faultyBodiesAreToldToOwnersOnly() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let users = world.directory.users
            let ada = try await world.user("ada@example.org", by: one)
            let faulty = UserUpdate(name: "")
            await #expect(throws: DirectoryError.nameBlank) { try await users.update(ada.id, faulty, by: one.caller) }
            for update in [faulty, UserUpdate(), UserUpdate(attributes: #"{"a":"\u0000"}"#), UserUpdate(password: "weak")] {
                for id in strangeIDs + [ada.id] {
                    await #expect(throws: DirectoryError.nonPermissible) { try await users.update(id, update, by: two.caller) }
                }
            }
            try await users.delete(ada.id, by: one.caller)
            await #expect(throws: DirectoryError.notFound) { try await users.update(ada.id, faulty, by: one.caller) }
            await #expect(throws: DirectoryError.nonPermissible) { try await users.update(ada.id, faulty, by: two.caller) }
        }
    }

    @Test func secretsStayOutOfTheAuditTrail() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let users = world.directory.users
            let ada = try await users.create(UserDraft("ada@example.org", password: "Secret-123"), by: app.caller)
            _ = try await users.update(ada.id, UserUpdate(password: "Other-456"), by: app.caller)
            let trail = try await world.auditText()
            let secrets = try #require(ada.secrets)
            for secret in ["Secret-123", "Other-456", "$2", secrets.accessToken, secrets.pubsubToken, app.token] {
                #expect(!trail.contains(secret))
            }
            #expect(trail.contains(#""password_set": true"#))
            // The API token survives a change of password.
            #expect(try await users.show(ada.id, by: app.caller).secrets?.accessToken == secrets.accessToken)
        }
    }

    @Test func auditAndWriteStandOrFallTogether() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let ada = try await world.user("ada@example.org", by: app)
            let account = try await world.account("Acme", by: app)
            try await world.postgres.execute("alter table audit_events add constraint full_up check (id < 0) not valid")
            await #expect(throws: PostgresError.self) { try await world.user("bob@example.org", by: app) }
            await #expect(throws: PostgresError.self) { try await world.directory.users.delete(ada.id, by: app.caller) }
            await #expect(throws: PostgresError.self) {
                try await world.directory.users.update(ada.id, UserUpdate(name: "X"), by: app.caller)
            }
            await #expect(throws: PostgresError.self) { try await world.member(ada.id, of: account.id, by: app) }
            #expect(try await world.count("select count(*) from users where row_version = 1 and deleted_at is null") == 1)
            #expect(try await world.count("select count(*) from account_users") == 0)
        }
    }

    @Test func deletedUserIsGoneAndItsAddressFree() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let users = world.directory.users
            let account = try await world.account("Acme", by: app)
            let ada = try await world.user("ada@example.org", by: app)
            try await world.member(ada.id, of: account.id, by: app)
            try await users.delete(ada.id, by: app.caller)
            await #expect(throws: DirectoryError.notFound) { try await users.show(ada.id, by: app.caller) }
            await #expect(throws: DirectoryError.notFound) { try await users.delete(ada.id, by: app.caller) }
            await #expect(throws: DirectoryError.notFound) { try await users.token(ada.id, by: app.caller) }
            await #expect(throws: DirectoryError.notFound) { try await world.member(ada.id, of: account.id, by: app) }
            #expect(try await world.directory.memberships.list(accountID: account.id, by: app.caller).items.isEmpty)
            let next = try await world.user("ada@example.org", by: app)
            #expect(next.id != ada.id && next.accounts.isEmpty)
            try await users.delete(next.id, by: app.caller)
            #expect(try await world.user("ada@example.org", by: app).id > next.id)
            #expect(try await world.auditActions(of: ada.id) == "user.create membership.write user.delete")
        }
    }

    @Test func addressesSwapInOneStatement() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let (a, b) = (try await world.user("a@example.org", by: app), try await world.user("b@example.org", by: app))
            let moved = try await world.postgres.execute(
                "update users set email = case id when \(a.id) then 'b@example.org' else 'a@example.org' end where id in (\(a.id), \(b.id))"
            )
            #expect(moved == 2)
            #expect(try await world.directory.users.show(a.id, by: app.caller).email == "b@example.org")
        }
    }
}
