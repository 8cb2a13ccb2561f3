// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Postgres
import Testing

@testable import Directory

/// What operators do to permissibles, and what an app then reaches.
@Suite struct PermissibleTests {
    @Test func grantChangeRevoke() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let root = try await world.superAdmin()
            let store = world.directory.permissibles
            let (ada, acme) = (try await world.user("ada@example.org", by: one), try await world.account("Acme", by: one))
            try await store.grant(.user, ada.id, to: two.id, .write, by: root.caller)
            #expect(try await world.directory.users.show(ada.id, by: two.caller).secrets == nil)
            try await store.grant(.user, ada.id, to: two.id, .all, by: .command)
            #expect(try await world.directory.users.show(ada.id, by: two.caller).secrets != nil)
            let again = try await world.count("select count(*) from audit_events")
            try await store.grant(.user, ada.id, to: two.id, .all, by: .command)
            #expect(try await world.count("select count(*) from audit_events") == again)
            // The creator's rights can be cut; how it came to the object stays.
            try await store.grant(.account, acme.id, to: one.id, .read, by: .command)
            let listed = try await store.list(.account, limit: 10, by: one.caller).items
            #expect(listed.map(\.rights) == [.read] && listed.map(\.origin) == ["created"])
            await #expect(throws: DirectoryError.nonPermissible) {
                try await world.directory.accounts.delete(acme.id, by: one.caller)
            }
            try await store.revoke(.user, ada.id, from: two.id, by: root.caller)
            await #expect(throws: DirectoryError.nonPermissible) { try await world.directory.users.show(ada.id, by: two.caller) }
            await #expect(throws: DirectoryError.notFound) { try await store.revoke(.user, ada.id, from: two.id, by: .command) }
            #expect(
                try await world.auditActions(of: ada.id) == "user.create permissible.grant permissible.grant permissible.revoke")
        }
    }

    @Test func onlyWhatIsThereIsGranted() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let store = world.directory.permissibles
            let gone = try await world.user("gone@example.org", by: app)
            try await world.directory.users.delete(gone.id, by: app.caller)
            let before = try await world.count("select count(*) from platform_app_permissibles")
            for kind in ObjectKind.allCases {
                for id in strangeIDs {
                    await #expect(throws: DirectoryError.notFound) {
                        try await store.grant(kind, id, to: app.id, .all, by: .command)
                    }
                }
            }
            await #expect(throws: DirectoryError.notFound) {
                try await store.grant(.user, gone.id, to: app.id, .all, by: .command)
            }
            let ada = try await world.user("ada@example.org", by: app)
            await #expect(throws: DirectoryError.notFound) { try await store.grant(.user, ada.id, to: 99, .all, by: .command) }
            #expect(try await world.count("select count(*) from platform_app_permissibles") == before + 1)
        }
    }

    @Test func anAppsPermissiblesAreListedAndFound() async throws {
        try await withDirectory { world in
            let (one, two, root) = (try await world.app("One"), try await world.app("Two"), try await world.superAdmin())
            let store = world.directory.permissibles
            let ada = try await world.user("ada@example.org", by: one, name: "Ada King")
            let bob = try await world.user("bob@example.org", by: one, name: "Bob")
            let acme = try await world.account("Acme & Sons", by: one)
            try await store.grant(.user, ada.id, to: two.id, .write, by: root.caller)
            let theirs = try await store.list(.user, of: two.id, PageRequest(limit: 10), by: root.caller).items
            #expect(theirs.map(\.object) == [NamedObject(id: ada.id, name: "Ada King", email: "ada@example.org")])
            #expect(theirs.map(\.rights) == [[.read, .write]] && theirs.map(\.origin) == ["granted"])
            let first = try await store.list(.user, of: one.id, PageRequest(limit: 1), by: root.caller)
            #expect(first.items.map(\.object.id) == [ada.id] && first.next == ada.id)
            let second = try await store.list(.user, of: one.id, PageRequest(limit: 1, after: ada.id), by: root.caller)
            #expect(second.items.map(\.object.id) == [bob.id] && second.next == nil)
            func found(_ kind: ObjectKind, _ text: String) async throws -> [Int64] {
                try await store.candidates(kind, for: two.id, text, by: root.caller).map(\.object.id)
            }
            for text in ["kin", "ada exam", "\(ada.id)", "  ada@example.org "] {
                #expect(try await found(.user, text) == [ada.id])
            }
            #expect(try await found(.user, "example.org") == [ada.id, bob.id])
            #expect(try await found(.account, "& s") == [acme.id])
            for text in ["", "nobody", "%", "99999999999999999999"] { #expect(try await found(.user, text).isEmpty, "\(text)") }
            let rights = try await store.candidates(.user, for: two.id, "example", by: root.caller).map(\.rights)
            #expect(rights == [[.read, .write], nil])
            try await world.directory.users.delete(bob.id, by: one.caller)
            for text in ["bob", "\(bob.id)"] { #expect(try await found(.user, text).isEmpty) }
            await #expect(throws: DirectoryError.notFound) {
                _ = try await store.list(.user, of: 99, PageRequest(limit: 1), by: root.caller)
            }
        }
    }
}
