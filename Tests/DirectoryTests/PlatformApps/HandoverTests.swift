// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Postgres
import Testing

@testable import Directory

/// What becomes of an app's objects when it is deleted or they are transferred: none is ever destroyed.
@Suite struct HandoverTests {
    @Test func everythingGoesWithTheStrongerRights() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let root = try await world.superAdmin()
            let (ada, bob) = (try await world.user("ada@example.org", by: one), try await world.user("bob@example.org", by: one))
            let gone = try await world.user("gone@example.org", by: one)
            let acme = try await world.account("Acme", by: one)
            let theirs = try await world.user("eve@example.org", by: two)
            try await world.grant(.user, ada.id, to: two, .read)
            try await world.grant(.user, theirs.id, to: one, [.read, .write])
            try await world.directory.users.delete(gone.id, by: one.caller)
            _ = try await world.directory.suspensions.suspend(user: bob.id, SuspensionReason("left"), by: one.caller)

            let apps = world.directory.platformApps
            let stakes = try await apps.stakes(one.id, by: root.caller)
            #expect(stakes.reach.users == BoundedCount(counted: 3, bound: 10_000) && stakes.reach.accounts.value == 1)
            let handover = try await apps.transferAll(from: one.id, to: two.id, by: root.caller)
            #expect(handover[.user] == 3 && handover[.account] == 1 && handover[.agentBot] == 0 && handover.total == 4)

            await #expect(throws: DirectoryError.nonPermissible) { try await world.directory.users.show(ada.id, by: one.caller) }
            #expect(try await world.directory.users.show(ada.id, by: two.caller).secrets != nil)
            #expect(try await world.directory.accounts.show(acme.id, by: two.caller).name == "Acme")
            // A weaker right takes nothing from a stronger one, and a tombstone is the other app's tombstone.
            #expect(try await world.directory.users.show(theirs.id, by: two.caller).secrets != nil)
            await #expect(throws: DirectoryError.notFound) { try await world.directory.users.show(gone.id, by: two.caller) }
            // Who got the person lifts the suspension.
            _ = try await world.directory.suspensions.restore(user: bob.id, by: two.caller)
            #expect(try await world.count("select count(*) from suspensions") == 0)
            let origins = try await world.text(
                "select string_agg(origin, ' ' order by object_id) from user_permissibles where platform_app_id = \(two.id)")
            #expect(origins == "created created created created")
            #expect(
                try await world.count("select count(*) from platform_app_permissibles where platform_app_id = \(one.id)") == 0)
            // The app itself goes on.
            _ = try await world.user("new@example.org", by: one)
            let audit = try await world.text(
                "select string_agg(action, ' ' order by id) from audit_events where actor = 'super_admin'")
            #expect(audit == "platform_app.transfer platform_app.transfer")
        }
    }

    @Test func oneObjectGoesAlone() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let (ada, bob) = (try await world.user("ada@example.org", by: one), try await world.user("bob@example.org", by: one))
            let apps = world.directory.platformApps
            try await apps.transfer(.user, ada.id, from: one.id, to: two.id, by: .command)
            #expect(try await world.directory.users.show(ada.id, by: two.caller).id == ada.id)
            #expect(try await world.directory.users.show(bob.id, by: one.caller).id == bob.id)
            await #expect(throws: DirectoryError.nonPermissible) { try await world.directory.users.show(ada.id, by: one.caller) }
            await #expect(throws: DirectoryError.nonPermissible) { try await world.directory.users.show(bob.id, by: two.caller) }
            for (kind, id, from, to) in [
                (ObjectKind.user, ada.id, one.id, two.id), (.account, bob.id, one.id, two.id), (.user, bob.id, one.id, 99),
                (.user, bob.id, 99, two.id),
            ] {
                await #expect(throws: DirectoryError.notFound) {
                    try await apps.transfer(kind, id, from: from, to: to, by: .command)
                }
            }
            await #expect(throws: DirectoryError.self) {
                try await apps.transfer(.user, bob.id, from: one.id, to: one.id, by: .command)
            }
            #expect(try await world.auditActions(of: ada.id) == "user.create permissible.transfer")
        }
    }

    @Test func sourcesGoAlongAndKnowEverybodyStill() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            let ada = try await world.user("ada@example.org", by: one)
            try await world.postgres.execute(
                """
                with s as (insert into sources (platform_app_id, name) values
                    (\(one.id), 'forest'), (\(one.id), 'shared'), (\(two.id), 'shared') returning id, platform_app_id, name),
                l as (insert into links (source_id, kind, external_key, object_id, policy)
                    select s.id, 'user', convert_to(k.key, 'UTF8'), k.object, 'p'
                    from s join (values ('forest', \(one.id), 'a', \(ada.id)), ('shared', \(one.id), 'b', 70),
                        ('shared', \(one.id), 'c', 71), ('shared', \(two.id), 'c', 72)) k(name, app, key, object)
                        on k.name = s.name and k.app = s.platform_app_id)
                insert into runs (platform_app_id, source_id, policy, state) select platform_app_id, id, 'p', 'done' from s
                """)
            let stakes = try await world.directory.platformApps.stakes(one.id, by: .command)
            #expect(stakes.sources == [.init(name: "forest", policies: ["p"]), .init(name: "shared", policies: ["p"])])
            try await world.directory.platformApps.transferAll(from: one.id, to: two.id, by: .command)
            // What the other app's own source knew stays as it was; it learns the rest.
            let links = try await world.text(
                """
                select string_agg(s.name || ':' || convert_from(l.external_key, 'UTF8') || '=' || l.object_id, ' '
                    order by s.name, l.external_key)
                from links l join sources s on s.id = l.source_id where s.platform_app_id = \(two.id)
                """)
            #expect(links == "forest:a=\(ada.id) shared:b=70 shared:c=72")
            #expect(try await world.count("select count(*) from sources where platform_app_id = \(one.id)") == 0)
            #expect(try await world.count("select count(*) from runs where platform_app_id = \(two.id)") == 3)
        }
    }

    @Test(arguments: [true, false]) func aDeletedAppLeavesItsObjects(_ isTransferred: Bool) async throws {
        try await withDirectory { world in
            let (one, two, root) = (try await world.app("One"), try await world.app("Two"), try await world.superAdmin())
            let apps = world.directory.platformApps
            let ada = try await world.user("ada@example.org", by: one)
            let acme = try await world.account("Acme", by: one)
            try await world.member(ada.id, of: acme.id, by: one)
            _ = try await world.directory.suspensions.suspend(user: ada.id, SuspensionReason("left"), by: one.caller)
            var hook = WebhookDraft()
            (hook.url, hook.events) = ("https://example.org/hook", ["user.created"])
            _ = try await world.directory.webhooks.create(hook, by: one.caller)
            let spare = try await world.directory.tokens.issue(to: one.id, by: root.caller)
            let events = try await world.count("select count(*) from audit_events where platform_app_id = \(one.id)")

            let handover = try await apps.delete(one.id, to: isTransferred ? two.id : nil, by: root.caller)
            #expect(handover[.user] == 1 && handover[.account] == 1)
            for token in [one.token, spare.accessToken] {
                let caller = try #require(world.directory.platformAppCaller(token: token, requestID: nil))
                await #expect(throws: DirectoryError.invalidAccessToken) { try await world.directory.authenticate(caller) }
            }
            let heir = isTransferred ? two.caller : root.caller
            #expect(try await world.directory.users.show(ada.id, by: heir).email == "ada@example.org")
            #expect(try await world.count("select count(*) from account_users") == 1)
            if !isTransferred {
                await #expect(throws: DirectoryError.nonPermissible) {
                    try await world.directory.users.show(ada.id, by: two.caller)
                }
            }
            // Whoever has the person now can lift what the app had decided.
            _ = try await world.directory.suspensions.restore(user: ada.id, by: heir)
            #expect(try await world.count("select count(*) from suspensions") == 0)
            #expect(try await world.count("select count(*) from webhooks where deleted_at is null") == 0)
            #expect(
                try await world.count("select count(*) from platform_app_permissibles where platform_app_id = \(one.id)") == 0)
            // Nothing of it is left to operators but its name in the trail, and the name is free.
            #expect(try await world.count("select count(*) from audit_events where platform_app_id = \(one.id)") > events)
            #expect(try await apps.list(PageRequest(limit: 10), by: root.caller).items.map(\.name) == ["Two"])
            await #expect(throws: DirectoryError.notFound) { try await apps.show(one.id, by: root.caller) }
            await #expect(throws: DirectoryError.notFound) { try await apps.enable(one.id, by: root.caller) }
            await #expect(throws: DirectoryError.notFound) { try await apps.update(one.id, .init(name: "X"), by: root.caller) }
            await #expect(throws: DirectoryError.notFound) { try await apps.delete(one.id, to: nil, by: root.caller) }
            await #expect(throws: DirectoryError.notFound) {
                try await apps.transferAll(from: two.id, to: one.id, by: root.caller)
            }
            await #expect(throws: DirectoryError.notFound) {
                try await world.directory.tokens.issue(to: one.id, by: root.caller)
            }
            await #expect(throws: DirectoryError.notFound) {
                try await world.directory.permissibles.grant(.user, ada.id, to: one.id, .all, by: root.caller)
            }
            _ = try await world.app("One")
        }
    }

    /// Whoever comes second finds what the first left; together they hand over everything, once.
    @Test func ofTransfersAndDeletionsAtOnceEachObjectHasOneHeir() async throws {
        try await withDirectory(pool: .init(limit: 8)) { world in
            let one = try await world.app("One")
            let heirs = [try await world.app("Two"), try await world.app("Three"), try await world.app("Four")]
            try await world.postgres.execute(
                """
                with u as (insert into users (name, email) select 'U', 'u' || n || '@x.org' from generate_series(1, 12000) n
                    returning id)
                insert into user_permissibles (kind, platform_app_id, object_id, origin, rights)
                select 'user', \(one.id), id, 'created', 15 from u
                """)
            let apps = world.directory.platformApps
            let moved = try await withThrowingTaskGroup(of: Int64.self) { group in
                for (number, heir) in heirs.enumerated() {
                    group.addTask {
                        do {
                            return number == 2
                                ? try await apps.delete(one.id, to: heir.id, by: .command).total
                                : try await apps.transferAll(from: one.id, to: heir.id, by: .command).total
                        } catch DirectoryError.notFound {
                            // Deleted meanwhile: the rest is with whoever deleted it.
                            return 0
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(moved <= 12_000)
            #expect(try await world.count("select count(distinct object_id) from user_permissibles") == 12_000)
            #expect(try await world.count("select count(*) from user_permissibles") == 12_000)
            #expect(try await world.count("select count(*) from user_permissibles where platform_app_id = \(one.id)") == 0)
        }
    }

    @Test func whatCannotBeUndoneAsksForConfirmation() async throws {
        try await withDirectory { world in
            let (one, two, root) = (try await world.app("One"), try await world.app("Two"), try await world.superAdmin())
            let ada = try await world.user("ada@example.org", by: one)
            let (apps, tokens) = (world.directory.platformApps, world.directory.tokens)
            let token = try #require(one.caller.tokenID)
            try await world.postgres.execute("update super_admin_sessions set confirmed_at = now() - interval '11 minutes'")
            let acts: [(String, () async throws -> Void)] = [
                ("create", { _ = try await apps.create(name: "Three", by: root.caller) }),
                ("transfer all", { try await apps.transferAll(from: one.id, to: two.id, by: root.caller) }),
                ("transfer", { try await apps.transfer(.user, ada.id, from: one.id, to: two.id, by: root.caller) }),
                ("delete", { try await apps.delete(one.id, to: two.id, by: root.caller) }),
                ("reveal", { _ = try await tokens.reveal(token, by: root.caller) }),
                ("issue", { _ = try await tokens.issue(to: one.id, by: root.caller) }),
                ("rotate", { _ = try await tokens.rotate(token, overlap: 0, by: root.caller) }),
                ("revoke", { try await tokens.revoke(token, by: root.caller) }),
            ]
            for (name, act) in acts {
                await #expect(throws: DirectoryError.invalidAccessToken, "\(name)") { try await act() }
            }
            #expect(try await world.directory.users.show(ada.id, by: one.caller).id == ada.id)
            _ = try await apps.show(one.id, by: root.caller)
        }
    }
}
