// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing

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
}
