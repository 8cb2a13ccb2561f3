// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing

/// Which changes are told to whom: from the outbox to the deliveries.
@Suite struct EventTests {
    @Test func nothingIsWrittenWhereNobodyListens() async throws {
        try await withDirectory { world in
            let (one, two) = (try await world.app("One"), try await world.app("Two"))
            _ = try await world.webhook("https://x.example/", by: two)
            let deaf = try await world.webhook("https://x.example/", ["account.deleted"], by: one)
            let user = try await world.user("a@x.org", by: one)
            try await world.rename(user.id, "B", by: one)
            let account = try await world.account("A", by: one)
            try await world.join(user.id, account.id, by: one)
            #expect(try await world.count("select count(*) from outbox") == 0)
            try await world.directory.accounts.delete(account.id, by: one.caller)
            #expect(try await world.count("select count(*) from outbox") == 1)
            try await world.divideAll()
            #expect(try await world.deliveryTypes(deaf.id) == ["account.deleted"])
        }
    }

    @Test func everyChangeInItsOrderWithBeforeAndAfter() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let hook = try await world.webhook("https://x.example/", by: app)
            let user = try await world.user("a@x.org", by: app)
            try await world.rename(user.id, "B", by: app)
            // What changes nothing is no event.
            try await world.rename(user.id, "B", by: app)
            let account = try await world.account("A", by: app)
            try await world.join(user.id, account.id, by: app)
            try await world.join(user.id, account.id, .administrator, by: app)
            try await world.join(user.id, account.id, .administrator, by: app)
            try await world.directory.memberships.delete(accountID: account.id, userID: user.id, by: app.caller)
            var draft = AccountDraft()
            draft.status = .suspended
            _ = try await world.directory.accounts.update(account.id, draft, by: app.caller)
            try await world.directory.users.delete(user.id, by: app.caller)
            try await world.directory.accounts.delete(account.id, by: app.caller)
            try await world.divideAll()
            #expect(
                try await world.deliveryTypes(hook.id) == [
                    "user.created", "user.updated", "account.created", "membership.created", "membership.updated",
                    "membership.deleted", "account.updated", "user.deleted", "account.deleted",
                ])
            func data(_ type: String) async throws -> String {
                try await world.text("select (payload::jsonb -> 'data')::text from deliveries where type = \(type)")
            }
            #expect(try await data("user.updated").contains(#""before": {"name": "Somebody"}"#))
            #expect(try await data("user.updated").contains(#""after": {"name": "B"}"#))
            #expect(try await data("user.created").contains(#""before": null"#))
            #expect(try await data("user.deleted").contains(#""after": null"#))
            let promoted = try await data("membership.updated")
            #expect(
                promoted.contains(#""user_id": \#(user.id)"#) && promoted.contains(#""account_id": \#(account.id)"#)
                    && promoted.contains(#""before": {"role": "agent"}"#)
                    && promoted.contains(#""after": {"role": "administrator"}"#))
            let all = try await world.text("select string_agg(payload, '') from deliveries")
            #expect(!all.contains("mst_") && !all.contains("password_hash"))
        }
    }

    @Test func onlyThoseWhoMayReadAreTold() async throws {
        try await withDirectory { world in
            let (one, two, three) = (try await world.app("One"), try await world.app("Two"), try await world.app("Three"))
            let hooks = [
                try await world.webhook("https://x.example/1", by: one), try await world.webhook("https://x.example/2", by: two),
                try await world.webhook("https://x.example/3", by: three),
            ]
            let user = try await world.user("a@x.org", by: one)
            let account = try await world.account("A", by: one)
            try await world.grant("user", user.id, to: two, rights: 1)
            try await world.rename(user.id, "B", by: one)
            try await world.join(user.id, account.id, by: one)
            try await world.grant("account", account.id, to: three, rights: 1)
            try await world.join(user.id, account.id, .administrator, by: one)
            try await world.divideAll()
            #expect(try await world.deliveryTypes(hooks[0].id).count == 5)
            // Two may read the user and not the account, three the other way round.
            #expect(try await world.deliveryTypes(hooks[1].id) == ["user.created", "user.updated"])
            #expect(
                try await world.deliveryTypes(hooks[2].id) == ["account.created", "membership.created", "membership.updated"])
            // A disabled webhook and a deleted one hear nothing.
            var off = WebhookDraft()
            off.enabled = false
            _ = try await world.directory.webhooks.update(hooks[0].id, off, by: one.caller)
            try await world.directory.webhooks.delete(hooks[1].id, by: two.caller)
            try await world.rename(user.id, "C", by: one)
            #expect(try await world.count("select count(*) from outbox") == 0)
        }
    }

    @Test func aRunIsOneRowUntilItIsDivided() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let hook = try await world.webhook("https://x.example/", by: app)
            let account = try await world.account("A", by: app)
            let old = try await world.user("old@x.org", by: app)
            try await world.divideAll()
            try await world.postgres.execute("delete from deliveries")
            _ = try await world.postgres.query("select ensure_changes_partition()")
            let source = try await world.count(
                "insert into sources (platform_app_id, name) values (\(app.id), 'directory') returning id")
            let run = try await world.postgres.query(
                """
                insert into runs (platform_app_id, source_id, policy, state, planned_at, change_count)
                values (\(app.id), \(Int64(source)), 'test', 'applying', now(), 9) returning id, planned_at
                """)
            let id = try run[0].decode(Int64.self, "id")
            let plannedAt = try run[0].decode(PostgresTimestamp.self, "planned_at")
            try await world.postgres.execute(
                """
                insert into changes (run_id, seq, planned_at, kind, action, object_id, expected_version, external_key, fields,
                                     memberships, suspends, reason)
                select \(id), n, \(plannedAt), 'user'::object_kind, 'create', nextval('users_id_seq'), null::bigint, convert_to('k' || n, 'UTF8'),
                       jsonb_build_object('name', '[null,"N","r"]'::jsonb,
                                          'email', jsonb_build_array(null, 'n' || n || '@x.org', 'r')),
                       jsonb_build_object(\(account.id)::text, '[null,"agent","r"]'::jsonb), null::boolean, 'a test'
                from generate_series(1, 7) n
                union all
                select \(id), 8, \(plannedAt), 'user', 'update', \(old.id), \(old.rowVersion), null,
                       '{"name": ["Somebody", "Else", "r"]}', '{}', true, 'a test'
                union all
                -- Refused: its version is not the stored one.
                select \(id), 9, \(plannedAt), 'user', 'update', \(old.id), 99, null, '{"name": ["Else", "Never", "r"]}', '{}', null,
                       'a test'
                """)
            let set = ChangeSet(run: id, plannedAt: plannedAt, count: 9, firstChunkEnd: 0)
            let report = try await ChangeEngine(directory: world.directory).apply(set)
            #expect(report.refused["stale"] == 1)
            #expect(try await world.count("select count(*) from outbox") == 1)
            // A call in the middle of dividing takes its place after what the run did to the same user.
            _ = try await world.directory.outbox.divide(limit: 3)
            #expect(try await world.count("select first_seq from outbox where run_id is not null") == 4)
            try await world.rename(old.id, "Later", by: app)
            try await world.divideAll()
            let types = try await world.deliveryTypes(hook.id)
            #expect(
                types == (1...7).flatMap { _ in ["user.created", "membership.created"] } + ["user.updated", "user.updated"])
            let changed = try await world.text(
                "select (payload::jsonb -> 'data')::text from deliveries where type = 'user.updated' limit 1")
            #expect(
                changed.contains(#""after": {"name": "Else", "status": "suspended"}"#)
                    && changed.contains(#""before": {"name": "Somebody", "status": "active"}"#)
                    && changed.contains("\"run_id\": \(id)"))
            #expect(try await world.count("select count(*) from outbox") == 0)
        }
    }
}
