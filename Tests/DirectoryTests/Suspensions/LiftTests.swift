// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Postgres
import Testing

@testable import Directory

/// An operator lifts anybody's suspension, by an act of its own that is recorded; an app never does.
@Suite struct LiftTests {
    @Test func anyonesSuspensionOfAUser() async throws {
        try await withDirectory { world in
            let (one, two, root) = (try await world.app("One"), try await world.app("Two"), try await world.superAdmin())
            let ada = try await world.user("ada@x.org", by: one)
            try await world.grant(.user, ada.id, to: two, .all)
            let suspensions = world.directory.suspensions
            _ = try await suspensions.suspend(user: ada.id, SuspensionReason("one says"), by: one.caller)
            _ = try await suspensions.suspend(user: ada.id, SuspensionReason("root says"), by: root.caller)
            let standing = try await suspensions.standing(on: .user, ada.id, by: root.caller)
            #expect(
                standing.map(\.by.name) == ["One", "root@example.org"] && standing.map(\.reason) == ["one says", "root says"])
            let author = try #require(SuspensionAuthor(kind: "platform_app", id: one.id))
            for thief in [one, two] {
                await #expect(throws: DirectoryError.invalidAccessToken) {
                    try await suspensions.lift(.user(ada.id), of: author, by: thief.caller)
                }
                await #expect(throws: DirectoryError.invalidAccessToken) {
                    try await suspensions.standing(on: .user, ada.id, by: thief.caller)
                }
            }
            let version = try await world.version(ofUser: ada.id)
            #expect(try await suspensions.lift(.user(ada.id), of: author, by: root.caller))
            #expect(try await !suspensions.lift(.user(ada.id), of: author, by: root.caller))
            #expect(try await world.version(ofUser: ada.id) == version + 1)
            let told = try await world.text(
                """
                select actor || ':' || actor_id || ' ' || (before ->> 'by_kind') || ':' || (before ->> 'by_id') || ' ' || (before ->> 'reason')
                from audit_events where action = 'user.lift_suspension'
                """)
            #expect(told == "super_admin:\(root.id) platform_app:\(one.id) one says")
            #expect(try await suspensions.standing(on: .user, ada.id, by: root.caller).map(\.by.kind) == ["super_admin"])
            try await suspensions.liftAll(on: .user, ada.id, by: .command)
            #expect(try await world.count("select count(*) from suspensions") == 0)
            await #expect(throws: DirectoryError.notFound) {
                try await suspensions.lift(.user(4_000_000), of: author, by: root.caller)
            }
            #expect(SuspensionAuthor(kind: "x'; drop table users", id: 1) == nil)
        }
    }

    @Test func ofAccountsAndMemberships() async throws {
        try await withDirectory { world in
            let (one, root) = (try await world.app("One"), try await world.superAdmin())
            let (ada, acme) = (try await world.user("ada@x.org", by: one), try await world.account("Acme", by: one))
            try await world.member(ada.id, of: acme.id, by: one)
            let suspensions = world.directory.suspensions
            _ = try await suspensions.suspend(
                accountID: acme.id, userID: ada.id, SuspensionReason("leave"), by: one.caller)
            let shown = try await world.directory.memberships.list(userID: ada.id, PageRequest(limit: 5), by: root.caller).items
            #expect(shown.map(\.suspensions.first?.by.name) == ["One"] && shown.map(\.accountName) == ["Acme"])
            let author = try #require(SuspensionAuthor(kind: "platform_app", id: one.id))
            #expect(
                try await suspensions.lift(.membership(accountID: acme.id, userID: ada.id), of: author, by: root.caller))
            let members = try await world.directory.memberships.members(of: acme.id, PageRequest(limit: 5), by: root.caller).items
            #expect(members.map(\.suspensions.count) == [0] && members.map(\.userEmail) == ["ada@x.org"])

            try await suspensions.suspend(account: acme.id, SuspensionReason("unpaid"), by: root.caller)
            #expect(try await world.directory.accounts.show(acme.id, by: one.caller).status == .suspended)
            #expect(try await suspensions.standing(on: .account, acme.id, by: root.caller).map(\.reason) == ["unpaid"])
            await #expect(throws: DirectoryError.invalidAccessToken) {
                try await suspensions.suspend(account: acme.id, SuspensionReason("x"), by: one.caller)
            }
            try await suspensions.liftAll(on: .account, acme.id, by: root.caller)
            #expect(try await world.directory.accounts.show(acme.id, by: one.caller).status == .active)
            #expect(
                try await world.auditActions(of: acme.id, .account) == "account.create account.suspend account.lift_suspension")
        }
    }
}
