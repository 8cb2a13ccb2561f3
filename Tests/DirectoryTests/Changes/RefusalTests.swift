// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing

@Suite struct RefusalTests {
    @Test func permissibleRevokedBetweenPlanAndApply() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let (ada, bob) = (try await world.user("a@x.org", by: one), try await world.user("b@x.org", by: one))
            for user in [ada, bob] { try await world.grant(.user, user.id, to: two, .all) }
            let set = try await world.plan(by: two).update(ada, ["name": "X"]).update(bob, ["name": "Y", "email": "y@x.org"])
                .store()
            try await world.grant(.user, ada.id, to: two, .read)
            try await world.grant(.user, bob.id, to: two, [.read, .write])
            let report = try await ChangeEngine(directory: world.directory).apply(set)
            #expect(report.applied == 0 && report.refused == ["non_permissible": 2])
            #expect(try await world.emails() == "a@x.org b@x.org")
            #expect(try await world.count("select max(row_version) from users") == 1)
        }
    }

    @Test func everyActionOnAStrangersObjectIsRefused() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let (ada, acme) = (try await world.user("a@x.org", by: one), try await world.account("Acme", by: one))
            try await world.member(ada.id, of: acme.id, by: one)
            let before = try await snapshot(world)
            var plan = try await world.plan(by: two)
            for (number, action) in ["update", "adopt", "link", "suspend", "restore", "create"].enumerated() {
                let suspends = action == "suspend" ? true : action == "restore" ? false : nil
                plan = plan.adding(
                    .init(
                        action: action, id: ada.id, version: 2, key: "u\(number)",
                        fields: ["name": "X", "email": "x\(number)@x.org"],
                        memberships: [acme.id: number == 0 ? nil : "administrator"], suspends: suspends)
                ).adding(
                    .init(
                        kind: .account, action: action, id: acme.id, version: 1, key: "a\(number)", fields: ["name": "X"],
                        suspends: suspends))
            }
            for id in strangeIDs { plan = plan.adding(.init(id: id, version: 1, fields: ["name": "X"])) }
            plan = plan.adding(.init(kind: .agentBot, id: 1, version: 1))
            let set = try await plan.store()
            let report = try await ChangeEngine(directory: world.directory).apply(set)
            #expect(report.applied == 0 && report.refusedCount == plan.rows.count, "\(report)")
            #expect(try await snapshot(world) == before)
            #expect(try await world.count("select count(*) from links") == 0)
        }
    }

    @Test func staleGoneAndLinkedElsewhere() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            var users: [User] = []
            for number in 0..<6 { users.append(try await world.user("u\(number)@x.org", by: app)) }
            // Two people linked by an earlier run.
            let links = try await world.plan(by: app)
                .adding(.init(action: "link", id: users[3].id, version: 1, key: "three"))
                .adding(.init(action: "adopt", id: users[4].id, version: 1, key: "four", fields: ["name": "Four"]))
            // A link is no link by itself: the key is not known yet.
            let first = try await links.apply()
            #expect(first.applied == 1 && first.refused == ["stale": 1])
            let new = try await PlanFixture.newID(.user, in: world)
            let set = try await world.plan(by: app)
                .update(users[0], ["name": "X"])  // 1: its version moves before the apply
                .update(users[1], ["name": "X"])  // 2: deleted before the apply
                .create(new, "new@x.org", key: "four")  // 3: the key is somebody's already
                .adding(.init(action: "adopt", id: users[2].id, version: 1, key: "four"))  // 4: likewise
                .adding(.init(action: "adopt", id: users[4].id, version: 2, key: "five"))  // 5: the object has a key already
                .adding(.init(id: users[5].id, version: 1, key: "four", fields: ["name": "X"]))  // 6: the key is another's
                .adding(.init(id: users[5].id, fields: ["name": "X"]))  // 7: no version named
                .update(users[2], ["name": "Fine"])  // 8
                .store()
            _ = try await world.directory.users.update(users[0].id, UserUpdate(name: "Meanwhile"), by: app.caller)
            try await world.directory.users.delete(users[1].id, by: app.caller)
            let report = try await ChangeEngine(directory: world.directory).apply(set)
            #expect(
                try await world.refusals(set) == [
                    1: "stale", 2: "gone", 3: "stale", 4: "stale", 5: "stale", 6: "stale", 7: "stale",
                ])
            #expect(report.applied == 1)
            #expect(try await world.count("select count(*) from users where name = 'X'") == 0)
            #expect(try await world.directory.users.show(users[2].id, by: app.caller).name == "Fine")
        }
    }

    @Test func keyOfADeletedObjectIsFree() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let (first, second) = (try await PlanFixture.newID(.user, in: world), try await PlanFixture.newID(.user, in: world))
            #expect(try await world.plan(by: app).create(first, "a@x.org", key: "k").apply().applied == 1)
            try await world.directory.users.delete(first, by: app.caller)
            #expect(try await world.plan(by: app).create(second, "a@x.org", key: "k").apply().applied == 1)
            #expect(try await world.count("select object_id from links") == Int(second))
        }
    }

    @Test func disabledApp() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let ada = try await world.user("a@x.org", by: app)
            let set = try await world.plan(by: app).update(ada, ["name": "X"])
                .create(try await PlanFixture.newID(.user, in: world), "b@x.org", key: "b").store()
            try await world.postgres.execute("update platform_apps set disabled_at = now()")
            let report = try await ChangeEngine(directory: world.directory).apply(set)
            #expect(report.applied == 0 && report.refused == ["app_disabled": 2])
            #expect(try await world.emails() == "a@x.org")
        }
    }

    @Test func foreignAccountsInAMembershipDelta() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let (ada, bob) = (try await world.user("a@x.org", by: one), try await world.user("b@x.org", by: one))
            let (acme, foreign) = (try await world.account("Acme", by: one), try await world.account("Foreign", by: two))
            let (seen, closed) = (try await world.account("Seen", by: two), try await world.account("Closed", by: one))
            try await world.grant(.account, seen.id, to: one, .read)
            try await world.directory.accounts.delete(closed.id, by: one.caller)
            var plan = try await world.plan(by: one).update(bob, ["name": "Bob"], memberships: [acme.id: "agent"])
            for id in [foreign.id, seen.id, closed.id, -1, 4_000_000_000] {
                for role in ["agent", nil] { plan = plan.update(ada, ["name": "X"], memberships: [acme.id: "agent", id: role]) }
            }
            let report = try await plan.apply()
            #expect(report.applied == 1 && report.refused == ["non_permissible": 10])
            #expect(try await world.count("select count(*) from account_users") == 1)
            #expect(try await world.version(ofUser: ada.id) == 1)
        }
    }

    @Test func membershipOfAnAccountThatWasNotMade() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let first = try await PlanFixture.newID(.account, in: world)
            let row = PlanFixture.Row(kind: .account, action: "create", id: first, key: "a", fields: ["name": "Acme"])
            #expect(try await world.plan(by: app).adding(row).apply().applied == 1)
            // A stale plan that would make it again, and a person who would join the second one.
            var again = row
            again.id = try await PlanFixture.newID(.account, in: world)
            let set = try await world.plan(by: app).adding(again)
                .create(try await PlanFixture.newID(.user, in: world), "a@x.org", key: "u", memberships: [again.id: "agent"])
                .store()
            let engine = ChangeEngine(directory: world.directory)
            #expect(try await engine.apply(set).applied == 0)
            #expect(try await world.refusals(set) == [1: "stale", 2: "non_permissible"])
            #expect(try await engine.mismatches(set) == 0)
        }
    }

    @Test func aLinkWithWorkInItNeedsTheRightToWrite() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let (ada, acme) = (try await world.user("a@x.org", by: one), try await world.account("Acme", by: two))
            try await world.grant(.user, ada.id, to: two, .read)
            let source = try await PlanFixture.source(of: two, in: world)
            try await world.postgres.execute(
                "insert into links (source_id, kind, external_key, object_id, policy) values (\(source), 'user', 'u', \(ada.id), 'test')"
            )
            let link = PlanFixture.Row(action: "link", id: ada.id, version: 1, key: "u")
            var joining = link
            joining.memberships = [acme.id: "agent"]
            var suspending = link
            suspending.suspends = true
            var writing = link
            writing.fields = ["name": "X"]
            for row in [joining, suspending, writing] {
                #expect(try await world.plan(by: two).adding(row).apply().refused == ["non_permissible": 1])
            }
            #expect(try await world.plan(by: two).adding(link).apply().applied == 1)
            #expect(
                try await world.count("select count(*) from links where desired -> 'name' is null and seen_row_version = 1") == 1)
        }
    }

    private func snapshot(_ world: TestDirectory) async throws -> String? {
        try await world.text(
            """
            select concat((select jsonb_agg(u order by id) from users u), (select jsonb_agg(a order by id) from accounts a),
                          (select jsonb_agg(m order by id) from account_users m), (select jsonb_agg(s) from suspensions s),
                          (select count(*) from access_tokens), (select count(*) from platform_app_permissibles))
            """)
    }
}
