// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Postgres
import Testing

@testable import Directory

/// The lists of operators: the newest first, by every filter, page after page.
@Suite struct ListTests {
    @Test func usersComeNewestFirstPageAfterPage() async throws {
        try await withDirectory { world in
            let (one, root) = (try await world.app("One"), try await world.superAdmin())
            var ids: [Int64] = []
            for number in 1...7 { ids.append(try await world.user("u\(number)@x.org", by: one).id) }
            try await world.directory.users.delete(ids[3], by: root.caller)
            ids.remove(at: 3)
            for caller in [root.caller, .command] {
                var (seen, after): ([Int64], Int64?) = ([], 0)
                while let from = after {
                    let query = UserListQuery(page: PageRequest(limit: 2, after: from))
                    let page = try await world.directory.users.list(query, by: caller)
                    #expect(page.items.count <= 2)
                    seen += page.items.map(\.id)
                    after = page.next
                }
                #expect(seen == ids.reversed())
            }
            await #expect(throws: DirectoryError.invalidAccessToken) {
                try await world.directory.users.list(UserListQuery(page: PageRequest(limit: 2)), by: one.caller)
            }
        }
    }

    @Test func everyFilterOfUsersNarrows() async throws {
        try await withDirectory { world in
            let (one, two, root) = (try await world.app("One"), try await world.app("Two"), try await world.superAdmin())
            let ada = try await world.user("ada@x.org", by: one, name: "Ada King")
            let bob = try await world.user("bob@y.org", by: one, name: "Bob King")
            let eve = try await world.user("eve@x.org", by: two, name: "Eve")
            let acme = try await world.account("Acme", by: one)
            try await world.member(bob.id, of: acme.id, by: one)
            try await world.member(ada.id, of: acme.id, by: one)
            _ = try await world.directory.suspensions.suspend(user: ada.id, SuspensionReason("left"), by: one.caller)
            try await world.link("harbour", of: one, ada.id, key: [3] + Array("E-1".utf8))

            func ids(_ change: (inout UserListQuery) -> Void) async throws -> [Int64] {
                var query = UserListQuery(page: PageRequest(limit: 10))
                change(&query)
                return try await world.directory.users.list(query, by: root.caller).items.map(\.id)
            }
            #expect(try await ids { $0.text = "king" } == [bob.id, ada.id])
            #expect(try await ids { $0.text = "kin x.org" } == [ada.id])
            #expect(try await ids { $0.text = "#\(eve.id)" } == [eve.id])
            #expect(try await ids { $0.text = "!?" } == [])
            #expect(try await ids { $0.email = " EVE@x.org " } == [eve.id])
            #expect(try await ids { $0.externalID = "E-1" } == [ada.id])
            #expect(try await ids { $0.externalID = "E-2" } == [])
            #expect(try await ids { $0.status = .suspended } == [ada.id])
            #expect(try await ids { $0.status = .active } == [eve.id, bob.id])
            #expect(try await ids { $0.platformAppID = two.id } == [eve.id])
            // The order of joining.
            #expect(try await ids { $0.accountID = acme.id } == [ada.id, bob.id])
            #expect(try await ids { ($0.accountID, $0.text) = (acme.id, "bob") } == [bob.id])
            #expect(try await ids { ($0.accountID, $0.status) = (acme.id, .suspended) } == [ada.id])
            #expect(try await ids { ($0.platformAppID, $0.status) = (one.id, .active) } == [bob.id])
            #expect(try await ids { ($0.email, $0.text) = ("eve@x.org", "king") } == [])
            let shown = try await world.directory.users.list(UserListQuery(page: PageRequest(limit: 10)), by: root.caller).items
            #expect(shown.map(\.firstOwner) == ["Two", "One", "One"] && shown.map(\.memberships) == [0, 1, 1])
            await #expect(throws: DirectoryError.self) { try await ids { $0.text = "a\u{0}" } }
        }
    }

    @Test func accountsAndBotsAreFound() async throws {
        try await withDirectory { world in
            let (one, root) = (try await world.app("One"), try await world.superAdmin())
            var draft = AccountDraft(name: "Acme Harbour")
            draft.domain = "acme.example"
            let acme = try await world.directory.accounts.create(draft, by: one.caller)
            let other = try await world.directory.accounts.create(AccountDraft(name: "Other"), by: root.caller)
            try await world.directory.suspensions.suspend(account: other.id, SuspensionReason("unpaid"), by: root.caller)
            func ids(_ change: (inout AccountListQuery) -> Void) async throws -> [Int64] {
                var query = AccountListQuery(page: PageRequest(limit: 10))
                change(&query)
                return try await world.directory.accounts.list(query, by: root.caller).items.map(\.id)
            }
            #expect(try await ids { _ in } == [other.id, acme.id])
            #expect(try await ids { $0.text = "harb" } == [acme.id])
            #expect(try await ids { $0.text = "acme.ex" } == [acme.id])
            #expect(try await ids { $0.text = "\(other.id)" } == [other.id])
            #expect(try await ids { $0.status = .suspended } == [other.id])
            #expect(try await ids { $0.status = .active } == [acme.id])
            #expect(try await ids { $0.platformAppID = one.id } == [acme.id])

            var bot = AgentBotDraft()
            (bot.name, bot.accountID) = (.some("Answering bot"), .some(acme.id))
            let inside = try await world.directory.agentBots.create(bot, by: one.caller)
            let global = try await world.directory.agentBots.create(AgentBotDraft(), by: root.caller)
            func bots(_ change: (inout AgentBotListQuery) -> Void) async throws -> [Int64] {
                var query = AgentBotListQuery(page: PageRequest(limit: 10))
                change(&query)
                return try await world.directory.agentBots.list(query, by: root.caller).items.map(\.id)
            }
            #expect(try await bots { _ in } == [global.id, inside.id])
            #expect(try await bots { $0.text = "answer" } == [inside.id])
            #expect(try await bots { $0.accountID = acme.id } == [inside.id])
            #expect(try await bots { $0.platformAppID = one.id } == [inside.id])
            bot.matching = .oneOf([inside.rowVersion + 7])
            bot.name = .some("Another")
            await #expect(throws: DirectoryError.stale) {
                try await world.directory.agentBots.update(inside.id, bot, by: root.caller)
            }
            try await world.directory.accounts.delete(acme.id, by: root.caller)
            #expect(try await bots { _ in } == [global.id])
            #expect(try await ids { _ in } == [other.id])
        }
    }

    /// Filters that leave nearly nothing of the walk: no page costs more than its reach, and nobody is missed.
    @Test func pagesGoOnBehindWhatWasWalked() async throws {
        try await withDirectory { world in
            let root = try await world.superAdmin()
            // Above what is looked up by words.
            let many = ListWalk.fewFound + 200
            try await world.postgres.execute(
                "insert into users (name, email) select 'Rare Bird', 'rare' || n || '@x.org' from generate_series(1, \(Int64(many))) n"
            )
            try await world.postgres.execute(
                "insert into users (name, email) select 'User', 'u' || n || '@x.org' from generate_series(1, 9000) n")
            var query = UserListQuery(page: PageRequest(limit: 1_000))
            query.text = "rare"
            var (empty, found, last): (Int, Int, Int64) = (0, 0, .max)
            while true {
                let page = try await world.directory.users.list(query, by: root.caller)
                if page.items.isEmpty { empty += 1 }
                found += page.items.count
                #expect(page.items.allSatisfy { $0.id < last && $0.name == "Rare Bird" })
                last = page.items.last?.id ?? last
                guard let next = page.next else { break }
                query.page = PageRequest(limit: 1_000, after: next)
            }
            #expect(found == many && empty >= 2)
        }
    }
}

extension TestDirectory {
    /// What a sync leaves behind: that a source knows a user.
    func link(_ source: String, of app: TestApp, _ user: Int64, key: [UInt8]) async throws {
        try await postgres.execute(
            """
            with s as (insert into sources (platform_app_id, name) values (\(app.id), \(source)) returning id)
            insert into links (source_id, kind, external_key, object_id, policy) select id, 'user', \(key), \(user), 'staff' from s
            """)
    }
}
