// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing

@Suite struct UserCreateTests {
    @Test func createdUserIsShownWithItsToken() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let created = try await world.user(" Ada@Example.org ", by: app, name: "Ada")
            #expect(created.email == "ada@example.org")
            #expect(created.confirmed && created.accounts.isEmpty && created.rowVersion == 1)
            #expect(created.uiSettings.text == "{}" && created.customAttributes.text == "{}")
            let shown = try await world.directory.users.show(created.id, by: app.caller)
            #expect(shown.secrets?.accessToken == created.secrets?.accessToken)
            #expect(shown.secrets?.pubsubToken == created.secrets?.pubsubToken)
            #expect(shown.secrets?.accessToken.hasPrefix("mst_usr_") == true)
            #expect(try await world.auditActions(of: created.id) == "user.create")
        }
    }

    @Test func sameAddressBySameAppGivesThatUserBack() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let first = try await world.user("ada@example.org", by: app, name: "Ada")
            let drafts = [
                UserDraft("ADA@example.org ", name: "Other", attributes: #"{"a":1}"#),
                UserDraft("ada@example.org", name: "Other", password: "Secret-123"),
                // The body does not matter any more.
                UserDraft("ada@example.org", name: nil, password: "weak"),
            ]
            for draft in drafts {
                let again = try await world.directory.users.create(draft, by: app.caller)
                #expect(again.id == first.id && again.name == "Ada" && again.rowVersion == 1)
                #expect(again.customAttributes.text == "{}")
                #expect(again.secrets?.accessToken == first.secrets?.accessToken)
            }
            #expect(try await world.count("select count(*) from users where password_hash is null") == 1)
            #expect(try await world.count("select count(*) from access_tokens where owner_kind = 'user'") == 1)
        }
    }

    @Test func addressOfAnotherAppsUserIsTakenAndNothingMore() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let ada = try await world.user("ada@example.org", by: one)
            for draft in [UserDraft("Ada@example.org"), UserDraft("ada@example.org", password: "Secret-123")] {
                await #expect(throws: DirectoryError.emailTaken) { try await world.directory.users.create(draft, by: two.caller) }
            }
            // A body at fault says the same about a free address and about one that is taken.
            for email in ["ada@example.org", "free@example.org"] {
                await #expect(throws: DirectoryError.nameBlank) {
                    try await world.directory.users.create(UserDraft(email, name: " "), by: two.caller)
                }
            }
            #expect(try await world.count("select count(*) from users") == 1)
            #expect(try await world.count("select count(*) from user_permissibles where platform_app_id = \(two.id)") == 0)
            #expect(try await !world.auditText().contains("\"platform_app_id\": \(two.id), \"subject_id\": \(ada.id)"))
            // The same on update.
            let bob = try await world.user("bob@example.org", by: two)
            await #expect(throws: DirectoryError.emailTaken) {
                try await world.directory.users.update(bob.id, UserUpdate(email: "ada@example.org"), by: two.caller)
            }
            #expect(try await world.version(ofUser: bob.id) == 1)
        }
    }

    @Test func adoptionNeedsTheRightToRead() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let ada = try await world.user("ada@example.org", by: one, name: "Ada")
            try await world.grant(.user, ada.id, to: two, .read)
            let adopted = try await world.user("ada@example.org", by: two)
            #expect(adopted.id == ada.id && adopted.name == "Ada" && adopted.secrets == nil)
            try await world.grant(.user, ada.id, to: two, [.read, .impersonate])
            #expect(try await world.user("ada@example.org", by: two).secrets?.accessToken == ada.secrets?.accessToken)
            try await world.grant(.user, ada.id, to: two, [])
            await #expect(throws: DirectoryError.emailTaken) { try await world.user("ada@example.org", by: two) }
        }
    }

    @Test func bodiesAtFault() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            func problems(_ draft: UserDraft) async throws -> [String] {
                do {
                    _ = try await world.directory.users.create(draft, by: app.caller)
                    return []
                } catch DirectoryError.invalid(let problems) { return problems.map(\.attribute) }
            }
            #expect(try await problems(UserDraft(nil, name: nil)) == ["email", "name"])
            #expect(try await problems(UserDraft("", name: "\n ")) == ["email", "name"])
            for email in [
                "a@localhost", "a b@example.org", "a@b@example.org", "@example.org", "a@example.c", "a@.org",
                "a\u{0}@example.org",
            ] {
                #expect(try await problems(UserDraft(email)) == ["email"], "\(email)")
            }
            #expect(try await problems(UserDraft(String(repeating: "a", count: 250) + "@example.org")) == ["email"])
            #expect(try await problems(UserDraft("a@example.org", name: String(repeating: "é", count: 256))) == ["name"])
            // One character, many scalars: the database counts scalars.
            #expect(try await problems(UserDraft("e\(String(repeating: "\u{301}", count: 260))@example.org")) == ["email"])
            #expect(try await problems(UserDraft("a@example.org", password: "short")).contains("password"))
            #expect(try await problems(UserDraft("a@example.org", name: "a\u{0}b")) == ["name"])
            for attributes in [#"{"a":"\u0000"}"#, #"{"a\u0000":1}"#, #"{"a":"\ud800"}"#] {
                #expect(
                    try await problems(UserDraft("a@example.org", attributes: attributes)) == ["custom_attributes"],
                    "\(attributes)")
            }
            var draft = UserDraft("a@example.org")
            draft.displayName = "\u{0}"
            #expect(try await problems(draft) == ["display_name"])
            // JSON, and yet nothing that jsonb can hold.
            let nested = String(repeating: "[", count: 200_000) + String(repeating: "]", count: 200_000)
            for value in [nested, "1e999999"] {
                #expect(try await problems(UserDraft("a@example.org", attributes: #"{"a":\#(value)}"#)) == ["base"])
            }
            #expect(try await world.count("select count(*) from users") == 0)
            // As long as it may be, and escapes that only look like the forbidden one.
            #expect(
                try await problems(
                    UserDraft("b@example.org", name: String(repeating: "é", count: 255), attributes: #"{"a":"\\u0000"}"#)) == [])
        }
    }

    @Test func secretsOnCreationOnly() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            try await world.postgres.execute("update platform_apps set reveals_user_tokens = false")
            let users = world.directory.users
            let ada = try await world.user("ada@example.org", by: app)
            #expect(ada.secrets != nil)
            #expect(try await users.show(ada.id, by: app.caller).secrets == nil)
            #expect(try await users.update(ada.id, UserUpdate(name: "A"), by: app.caller).secrets == nil)
            // Given back, not created.
            #expect(try await world.user("ada@example.org", by: app).secrets == nil)
            #expect(try await users.create(UserDraft("ada@example.org", password: "Secret-123"), by: app.caller).secrets == nil)
            #expect(try await users.token(ada.id, by: app.caller).secrets?.accessToken == ada.secrets?.accessToken)
        }
    }
}
