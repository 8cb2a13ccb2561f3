// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing

@Suite struct PlatformAppTests {
    @Test func namesAreUniqueAndTidied() async throws {
        try await withDirectory { world in
            let apps = world.directory.platformApps
            let desk = try await apps.create(name: "  Help   Desk ", by: .command)
            #expect(desk.name == "Help Desk")
            let taken = DirectoryError.invalid([FieldProblem("name", "Name has already been taken")])
            await #expect(throws: taken) { try await apps.create(name: "Help Desk", by: .command) }
            await #expect(throws: DirectoryError.nameBlank) { try await apps.create(name: " \n", by: .command) }
            for name in [String(repeating: "x", count: 256), "a\u{0}b"] {
                await #expect(throws: DirectoryError.self) { try await apps.create(name: name, by: .command) }
            }
            #expect(try await world.count("select count(*) from access_tokens") == 1)
        }
    }

    @Test func listCountsWhatIsReached() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let ada = try await world.user("ada@example.org", by: one)
            let gone = try await world.user("gone@example.org", by: one)
            try await world.directory.users.delete(gone.id, by: one.caller)
            _ = try await world.account("Acme", by: one)
            try await world.grant(.user, ada.id, to: two, .read)
            try await world.postgres.execute("update platform_apps set disabled_at = now() where id = \(two.id)")
            let listed = try await world.directory.platformApps.list(by: .command)
            #expect(listed.map(\.name) == ["One", "Two"] && listed.map(\.disabled) == [false, true])
            #expect([listed[0].reach.accounts, listed[0].reach.users, listed[0].reach.agentBots] == [1, 1, 0])
            #expect([listed[1].reach.accounts, listed[1].reach.users, listed[1].reach.agentBots] == [0, 1, 0])
        }
    }

    @Test func deletingAnAppDestroysNothingItReached() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let ada = try await world.user("ada@example.org", by: one)
            try await world.grant(.user, ada.id, to: two, .read)
            try await world.postgres.execute("delete from platform_apps where id = \(one.id)")
            #expect(try await world.directory.users.show(ada.id, by: two.caller).email == "ada@example.org")
            await #expect(throws: DirectoryError.invalidAccessToken) {
                try await world.directory.users.show(ada.id, by: one.caller)
            }
        }
    }
}
