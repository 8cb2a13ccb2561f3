// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing

@Suite struct MembershipTests {
    @Test func upsertChangesTheRoleOfOneRow() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let (ada, acme) = (try await world.user("ada@example.org", by: app), try await world.account("Acme", by: app))
            let first = try await world.member(ada.id, of: acme.id, by: app)
            #expect(first.role == "agent" && first.availability == "online" && first.autoOffline && first.inviterID == nil)
            let promoted = try await world.member(ada.id, of: acme.id, .administrator, by: app)
            #expect(promoted.id == first.id && promoted.role == "administrator")
            #expect(try await world.version(ofUser: ada.id) == 3)
            // Without a role, or with the same: nothing happens.
            #expect(try await world.member(ada.id, of: acme.id, by: app).role == "administrator")
            #expect(try await world.member(ada.id, of: acme.id, .administrator, by: app).updatedAt == promoted.updatedAt)
            #expect(try await world.version(ofUser: ada.id) == 3)
            #expect(try await world.auditActions(of: ada.id) == "user.create membership.write membership.write")
            #expect(try await world.version(ofAccount: acme.id) == 1)
            let memberships = world.directory.memberships
            #expect(try await memberships.list(accountID: acme.id, by: app.caller).items.map(\.userID) == [ada.id])
            try await memberships.delete(accountID: acme.id, userID: ada.id, by: app.caller)
            try await memberships.delete(accountID: acme.id, userID: ada.id, by: app.caller)
            try await memberships.delete(accountID: acme.id, userID: nil, by: app.caller)
            #expect(try await memberships.list(accountID: acme.id, by: app.caller).items.isEmpty)
            #expect(try await world.version(ofUser: ada.id) == 4)
            #expect(try await world.auditActions(of: ada.id).hasSuffix("membership.write membership.delete"))
        }
    }

    @Test func bothSidesAreChecked() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let (ada, acme) = (try await world.user("ada@example.org", by: one), try await world.account("Acme", by: one))
            let (bob, bolt) = (try await world.user("bob@example.org", by: two), try await world.account("Bolt", by: two))
            let memberships = world.directory.memberships
            // Foreign account with an own user, own account with a foreign user, and ids that never were.
            for (account, user) in [(acme.id, bob.id), (bolt.id, ada.id)] + strangeIDs.flatMap({ [($0, bob.id), (bolt.id, $0)] })
            {
                await #expect(throws: DirectoryError.nonPermissible) { try await world.member(user, of: account, by: two) }
                await #expect(throws: DirectoryError.nonPermissible) {
                    try await memberships.delete(accountID: account, userID: user, by: two.caller)
                }
                var faulty = MembershipDraft(user)
                faulty.problems = [FieldProblem("role", "Role is not included in the list")]
                await #expect(throws: DirectoryError.nonPermissible) {
                    try await memberships.upsert(accountID: account, faulty, by: two.caller)
                }
            }
            await #expect(throws: DirectoryError.nonPermissible) {
                try await memberships.upsert(accountID: acme.id, MembershipDraft(nil), by: two.caller)
            }
            #expect(try await world.count("select count(*) from account_users") == 0)
            // Reading is not writing, on either side.
            try await world.grant(.user, ada.id, to: two, [.read, .impersonate, .delete])
            await #expect(throws: DirectoryError.nonPermissible) { try await world.member(ada.id, of: bolt.id, by: two) }
            try await world.grant(.user, ada.id, to: two, [.read, .write])
            try await world.grant(.account, acme.id, to: two, [.read, .delete])
            await #expect(throws: DirectoryError.nonPermissible) { try await world.member(ada.id, of: acme.id, by: two) }
            #expect(try await world.member(ada.id, of: bolt.id, by: two).userID == ada.id)
            #expect(try await memberships.list(accountID: acme.id, by: two.caller).items.isEmpty)
        }
    }

    @Test func orderOfErrors() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let memberships = world.directory.memberships
            let (ada, acme) = (try await world.user("ada@example.org", by: app), try await world.account("Acme", by: app))
            let (gone, closed) = (try await world.user("gone@example.org", by: app), try await world.account("Closed", by: app))
            try await world.directory.users.delete(gone.id, by: app.caller)
            try await world.directory.accounts.delete(closed.id, by: app.caller)
            var faulty = MembershipDraft(ada.id)
            faulty.problems = [FieldProblem("role", "Role is not included in the list")]
            await #expect(throws: DirectoryError.notFound) { try await world.member(ada.id, of: closed.id, by: app) }
            await #expect(throws: DirectoryError.notFound) { try await world.member(99, of: closed.id, by: app) }
            await #expect(throws: DirectoryError.notFound) { try await world.member(gone.id, of: acme.id, by: app) }
            await #expect(throws: DirectoryError.notFound) {
                try await memberships.delete(accountID: acme.id, userID: gone.id, by: app.caller)
            }
            await #expect(throws: DirectoryError.notFound) {
                try await memberships.upsert(accountID: closed.id, faulty, by: app.caller)
            }
            await #expect(throws: DirectoryError.notFound) {
                try await memberships.list(accountID: closed.id, by: app.caller).items
            }
            await #expect(throws: DirectoryError.invalid(faulty.problems)) {
                try await memberships.upsert(accountID: acme.id, faulty, by: app.caller)
            }
            await #expect(throws: DirectoryError.invalid([FieldProblem("user", "User must exist")])) {
                try await memberships.upsert(accountID: acme.id, MembershipDraft(nil), by: app.caller)
            }
        }
    }

    @Test func upsertsAtOnceMakeOneRow() async throws {
        try await withDirectory(pool: .init(limit: 8)) { world in
            let app = try await world.app("One")
            let acme = try await world.account("Acme", by: app)
            for round in 0..<12 {
                let ada = try await world.user("u\(round)@example.org", by: app).id
                let outcomes = await UserRaceTests.atOnce(8) { number in
                    try await world.member(ada, of: acme.id, number % 2 == 0 ? nil : .agent, by: app).id
                }
                #expect(Set(outcomes.map { "\($0)" }).count == 1, "\(outcomes)")
                guard case .id = outcomes[0] else { return }
                #expect(try await world.version(ofUser: ada) == 2)
            }
        }
    }
}
