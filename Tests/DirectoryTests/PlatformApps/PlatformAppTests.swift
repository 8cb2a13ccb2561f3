// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Postgres
import Testing

@testable import Directory

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
            let apps = world.directory.platformApps
            let ada = try await world.user("ada@example.org", by: one)
            let gone = try await world.user("gone@example.org", by: one)
            try await world.directory.users.delete(gone.id, by: one.caller)
            _ = try await world.account("Acme", by: one)
            try await world.grant(.user, ada.id, to: two, .read)
            try await apps.disable(two.id, by: .command)
            let listed = try await apps.list(PageRequest(limit: 10), by: .command).items
            #expect(listed.map(\.name) == ["Two", "One"] && listed.map(\.disabled) == [true, false])
            #expect(ObjectKind.allCases.map { listed[1].reach[$0].value } == [1, 1, 0])
            #expect(ObjectKind.allCases.map { listed[0].reach[$0].value } == [0, 1, 0])
            #expect(listed.map(\.liveTokens) == [0, 1])
            try await apps.enable(two.id, by: .command)
            #expect(try await apps.show(two.id, by: .command).liveTokens == 1)
            #expect(try await apps.list(PageRequest(limit: 10), text: "tW", by: .command).items.map(\.name) == ["Two"])
            #expect(try await apps.list(PageRequest(limit: 10), text: "%", by: .command).items.isEmpty)
            // Counted no further than one behind the bound.
            try await world.postgres.execute(
                """
                with u as (insert into users (name, email) select 'U', 'u' || n || '@x.org' from generate_series(1, 1100) n
                    returning id)
                insert into user_permissibles (kind, platform_app_id, object_id, origin, rights)
                select 'user', \(one.id), id, 'created', 15 from u
                """)
            let users = try await apps.show(one.id, by: .command).reach.users
            #expect(users.value == 1_000 && users.isMore)
            let first = try await apps.list(PageRequest(limit: 1), by: .command)
            let second = try await apps.list(PageRequest(limit: 1, after: try #require(first.next)), by: .command)
            #expect(first.items.map(\.name) == ["Two"] && second.items.map(\.name) == ["One"] && second.next == nil)
        }
    }

    @Test func settingsAreChangedAndWrittenDown() async throws {
        try await withDirectory { world in
            let (one, root) = (try await world.app("One"), try await world.superAdmin())
            _ = try await world.app("Two")
            let apps = world.directory.platformApps
            var update = PlatformAppUpdate(name: "  First   one ")
            (update.revealsUserTokens, update.loginLinkSeconds, update.callsPerMinute) = (false, 60, .some(10))
            try await apps.update(one.id, update, by: root.caller)
            let app = try await apps.show(one.id, by: root.caller)
            #expect(app.name == "First one")
            #expect(app.settings == .init(revealsUserTokens: false, loginLinkSeconds: 60, callsPerMinute: 10))
            let events = try await world.count("select count(*) from audit_events")
            try await apps.update(one.id, PlatformAppUpdate(name: "First one"), by: root.caller)
            #expect(try await world.count("select count(*) from audit_events") == events)
            let told = try await world.text(
                "select before::text || after from audit_events where action = 'platform_app.update'")
            #expect(told?.contains(#""name": "One""#) == true && told?.contains(#""calls_per_minute": 10"#) == true)
            var wrong = PlatformAppUpdate(name: "Two")
            await #expect(throws: DirectoryError.invalid([FieldProblem("name", "Name has already been taken")])) {
                try await apps.update(one.id, wrong, by: root.caller)
            }
            (wrong.name, wrong.loginLinkSeconds, wrong.callsPerMinute) = (" ", 29, .some(0))
            do {
                try await apps.update(one.id, wrong, by: root.caller)
                Issue.record("accepted")
            } catch DirectoryError.invalid(let problems) {
                #expect(problems.map(\.attribute) == ["name", "login_link_seconds", "calls_per_minute"])
            }
            #expect(try await apps.show(one.id, by: root.caller).name == "First one")
        }
    }

    /// Not even a row that somebody deletes by hand.
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
