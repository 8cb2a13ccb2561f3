// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Postgres
import Testing

@testable import Directory

/// What operators see of an object beside its body: history, owners, links, facts.
@Suite struct HistoryTests {
    @Test func bothJournalsAreOne() async throws {
        try await withDirectory { world in
            let (one, root) = (try await world.app("One"), try await world.superAdmin())
            let ada = try await world.user("ada@x.org", by: one)
            for number in 1...5 {
                _ = try await world.directory.users.update(ada.id, UserUpdate(name: "Ada \(number)"), by: root.caller)
                try await world.run(of: one, user: ada.id, reason: "run \(number)")
            }
            _ = try await world.directory.users.update(ada.id, UserUpdate(password: "Correct1!horse"), by: root.caller)
            func walk(_ limit: Int) async throws -> [String] {
                var (seen, position): ([String], HistoryPosition?) = ([], .newest)
                while let from = position {
                    let (entries, next) = try await world.directory.history.list(
                        of: .user, ada.id, from: from, limit: limit, by: root.caller)
                    #expect(entries.count <= limit)
                    for entry in entries {
                        switch entry.content {
                        case .event(let event, let actor): seen.append("\(event.action) \(actor.kind) \(actor.name ?? "")")
                        case .change(let change): seen.append("\(change.reason) \(change.policy ?? "") \(change.refusal ?? "")")
                        }
                    }
                    position = next.flatMap { HistoryPosition($0.text) }
                }
                return seen
            }
            let all = try await walk(100)
            let update = "user.update super_admin root@example.org"
            let steps = (1...5).reversed().flatMap { ["run \($0) staff ", update] }
            #expect(all == [update] + steps + ["user.create platform_app One"])
            for limit in 1...4 { #expect(try await walk(limit) == all) }
            await #expect(throws: DirectoryError.invalidAccessToken) {
                try await world.directory.history.list(of: .user, ada.id, limit: 5, by: one.caller)
            }
            let hash = try #require(try await world.text("select password_hash from users"))
            let told = try await world.directory.history.list(of: .user, ada.id, limit: 100, by: root.caller).entries
            #expect(!"\(told)".contains(hash) && !"\(told)".contains("Correct1!horse"))
        }
    }

    @Test func positionsThatNobodyGaveAreNone() {
        for text in ["", "-", "1-2", "1-2-3-4", "-1-2-3", "1-2-99999999999", "x-1-1", "1- 2-3"] {
            #expect(HistoryPosition(text) == nil, "\(text)")
        }
        #expect(HistoryPosition(HistoryPosition.newest.text) == .newest)
    }

    @Test func ownersLinksAndFacts() async throws {
        try await withDirectory { world in
            let (one, two, root) = (try await world.app("One"), try await world.app("Two"), try await world.superAdmin())
            let (ada, acme) = (try await world.user("ada@x.org", by: one), try await world.account("Acme", by: one))
            try await world.member(ada.id, of: acme.id, by: one)
            try await world.grant(.user, ada.id, to: two, .read)
            let owners = try await world.directory.permissibles.owners(of: .user, ada.id, by: root.caller)
            #expect(owners.map(\.appName) == ["One", "Two"] && owners.map(\.origin) == ["created", "granted"])
            #expect(owners.map(\.rights) == [.all, .read])
            let guid: [UInt8] = [1] + (0..<16).map { UInt8($0) }
            try await world.link("harbour", of: one, ada.id, key: guid)
            let links = try await world.directory.links.list(of: .user, ada.id, by: root.caller)
            #expect(links.map(\.externalID) == ["00010203-0405-0607-0809-0a0b0c0d0e0f"] && links.map(\.appName) == ["One"])
            #expect(ObjectLink.text(ofKey: [3] + Array("E-1".utf8)) == "E-1" && ObjectLink.text(ofKey: [4, 0, 255]) == "00ff")
            let facts = try await world.directory.users.facts(ada.id, by: root.caller)
            #expect(facts.memberships == 1 && facts.tokens == 1 && facts.sessions == 0 && !facts.hasPassword)
            #expect(try await world.directory.accounts.facts(acme.id, by: root.caller).members == 1)
            #expect(try await world.directory.accounts.facts(acme.id, membersUpTo: 0, by: root.caller).members == 0)
            await #expect(throws: DirectoryError.notFound) { try await world.directory.users.facts(4_000_000, by: root.caller) }
            await #expect(throws: DirectoryError.invalidAccessToken) {
                try await world.directory.permissibles.owners(of: .user, ada.id, by: one.caller)
            }
            await #expect(throws: DirectoryError.invalidAccessToken) {
                try await world.directory.links.list(of: .user, ada.id, by: one.caller)
            }
        }
    }

    @Test func attributesAreReplacedWhereAnOperatorEditsThem() async throws {
        try await withDirectory { world in
            let root = try await world.superAdmin()
            let ada = try await world.directory.users.create(
                UserDraft("ada@x.org", attributes: #"{"a": 1, "b": 2}"#), by: root.caller)
            var update = UserUpdate(attributes: #"{"b": 3}"#)
            update.replacesCustomAttributes = true
            #expect(
                try await world.directory.users.update(ada.id, update, by: root.caller).customAttributes.text == #"{"b": 3}"#)
        }
    }
}

extension TestDirectory {
    /// What a sync leaves behind: one applied change of a user.
    func run(of app: TestApp, user: Int64, reason: String) async throws {
        try await postgres.execute("select ensure_changes_partition()")
        try await postgres.execute(
            """
            with s as (
                insert into sources (platform_app_id, name) values (\(app.id), 'harbour')
                on conflict (platform_app_id, name) do update set name = excluded.name returning id
            ),
            r as (
                insert into runs (platform_app_id, source_id, policy, state) select \(app.id), id, 'staff', 'done' from s returning id
            ),
            c as (
                insert into changes (run_id, seq, planned_at, kind, action, object_id, fields, reason)
                select id, 1, now(), 'user', 'update', \(user), '{"name": ["a", "b", "name"]}', \(reason) from r
            )
            insert into applied_ranges (run_id, first_seq, last_seq) select id, 1, 1 from r
            """)
    }
}
