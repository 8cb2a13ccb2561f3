// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Postgres
import Sync
import Testing
import WebTestSupport

/// A dispute shows both sides and takes a person's word; what is in quarantine is tried again when a person says so.
struct DisputePageTests {
    /// A user of another app with the address of an entry; the dispute of the run.
    private func disputed(_ scene: SyncScene) async throws -> (user: Int64, dispute: Int64) {
        let other = try await scene.site.world.app("HR <b>")
        let user = try await scene.site.world.postgres.query(
            """
            with u as (insert into users (name, email) values ('Ada <i>', 'p1@example.org') returning id),
            p as (insert into user_permissibles (kind, platform_app_id, object_id, origin, rights)
                select 'user', \(other.id), id, 'created', 15 from u)
            select id from u
            """
        ).first?.decode(Int64.self, "id")
        try await scene.run(SyncScene.crowd(3))
        let dispute = try await scene.site.world.directory.disputes.list(DisputeFilter(), PageRequest(limit: 5), by: .command)
            .items.first
        return (try #require(user), try #require(dispute).id)
    }

    @Test func adoptingTakesTheEntryForTheUser() async throws {
        try await withSyncScene { scene in
            let (user, id) = try await disputed(scene)
            var visitor = scene.site.visitor()
            let overview = try await visitor.get("")
            #expect(overview.body.contains("1 entry waits for somebody to say whom they are"))
            let list = try await visitor.get("sync/disputes")
            #expect(list.body.contains("p1@example.org") && list.body.contains("The user is not the policy’s app’s"))
            let page = try await visitor.get("sync/disputes/\(id)")
            for words in [
                "uid=p1,ou=people", "00000000-0000-4000-8000-000000000001", "Ada &lt;i&gt;", "HR &lt;b&gt;", "(created it)",
                "Person 1", "Grants Directory sync the rights",
            ] { #expect(page.body.contains(words), "\(words)") }
            // It is not the app's to change: linking alone is refused.
            let token = try #require(page.body.firstMatch(of: /name="form_token" value="([^"]+)"/)).1
            let linked = try await visitor.post(
                "sync/disputes/\(id)/link", ["form_token": String(token), "user_id": "\(user)"])
            #expect(linked.status == 422 && linked.body.contains("adopt it"))
            let adopted = try await visitor.follow(try await visitor.submit(page, "/adopt"))
            #expect(adopted.body.contains("It is the user, and the app got the right"))
            #expect(adopted.body.contains("Take the decision back") && !adopted.body.contains("Leave the entry alone"))
            let run = try await scene.run(SyncScene.crowd(3))
            #expect(run.counts["adopt"] == 1)
            #expect(try await scene.site.world.count("select count(*) from users") == 3)
            #expect(try await visitor.get("sync/disputes").body.contains("Nobody is disputed"))
        }
    }

    @Test func leavingAloneIsTakenBack() async throws {
        try await withSyncScene { scene in
            let (_, id) = try await disputed(scene)
            var visitor = scene.site.visitor()
            let page = try await visitor.get("sync/disputes/\(id)")
            let long = try await visitor.submit(page, "/ignore", ["reason": String(repeating: "x", count: 501)])
            #expect(long.status == 422 && long.body.contains("Reason is too long"))
            let ignored = try await visitor.follow(try await visitor.submit(page, "/ignore", ["reason": "a <u>test</u> account"]))
            #expect(ignored.body.contains("Left alone") && ignored.body.contains("a &lt;u&gt;test&lt;/u&gt; account"))
            #expect(try await visitor.submit(page, "/ignore").status == 422)
            #expect(try await scene.run(SyncScene.crowd(3)).counts["disputed"] == 0)
            let again = try await visitor.follow(try await visitor.submit(ignored, "/reconsider"))
            #expect(again.body.contains("Waits for you") && again.body.contains("Leave the entry alone"))
            #expect(try await visitor.get("sync/disputes/4711").status == 404)
            #expect(try await visitor.post("sync/disputes/\(id)/ignore").status == 403)
        }
    }

    /// Adopting gives rights away: who was not asked lately is asked first.
    @Test func adoptingAsksWhoItIs() async throws {
        try await withSyncScene { scene in
            let (user, id) = try await disputed(scene)
            try await scene.site.world.postgres.execute(
                "update super_admin_sessions set confirmed_at = now() - interval '1 hour'")
            var visitor = scene.site.visitor()
            let ask = try await visitor.submit(try await visitor.get("sync/disputes/\(id)"), "/adopt")
            #expect(ask.status == 403 && ask.body.contains("Is it you?"))
            let rights = try await scene.site.world.count(
                "select count(*) from user_permissibles where object_id = \(user)")
            #expect(rights == 1)
        }
    }

    private func quarantine(_ scene: SyncScene) async throws {
        try await scene.site.world.postgres.execute(
            """
            insert into quarantined_entries (source_id, policy, external_key, code, detail, action, entry, next_try_at, attempts, run_id)
            select id, 'crowd', '\\x0100000000000040008000000000000001', 'no_seat', 'the account Support has no seat left', 'create',
                   'p1@example.org', now() + interval '1 hour', 3, 1 from sources
            """)
        try await scene.site.world.postgres.execute(
            """
            insert into policy_standings (source_id, policy, failures, code, reason, run_id, told_at, put_aside)
            select id, 'crowd', 5, 'unusable', 'most of the export cannot be used', 1, now(), 'x' from sources
            """)
    }

    @Test func whatIsLeftAloneIsTriedAgain() async throws {
        try await withSyncScene { scene in
            try await scene.run(SyncScene.crowd(3))
            try await quarantine(scene)
            var visitor = scene.site.visitor()
            let overview = try await visitor.get("")
            #expect(overview.body.contains("The policy crowd came to nothing 5 times in a row, and is put aside"))
            #expect(overview.body.contains("1 entry is left alone for a while"))
            let page = try await visitor.get("sync/quarantine")
            for words in [
                "p1@example.org", "the account has no seat left", "in 1 hour", "Most of the export cannot be used.",
                "Put aside until its file or its rules change",
            ] { #expect(page.body.contains(words), "\(words)") }
            let tried = try await visitor.follow(try await visitor.submit(page, "quarantine/1/retry"))
            #expect(tried.body.contains("It is tried again soon.") && !tried.body.contains("in 1 hour"))
            _ = try await visitor.follow(try await visitor.submit(page, "quarantine/retry"))
            _ = try await visitor.follow(try await visitor.submit(page, "crowd/retry"))
            #expect(try await visitor.submit(page, "quarantine/1/retry", ["form_token": "x"]).status == 403)
            let left = try await scene.site.world.count("select count(*) from policy_standings where put_aside is not null")
            #expect(left == 0)
        }
    }

    @Test func pagesInABrowser() async throws {
        try await withSyncScene { scene in
            let (_, id) = try await disputed(scene)
            try await quarantine(scene)
            try await scene.site.browse { browser in
                try browser.open(scene.site.address(""))
                try browser.checkPage("overview-sync-tasks")
                try browser.open(scene.site.address("sync/disputes"))
                try browser.checkPage("sync-disputes")
                try browser.open(scene.site.address("sync/disputes/\(id)"))
                try browser.checkPage("sync-dispute")
                try browser.open(scene.site.address("sync/quarantine"))
                try browser.checkPage("sync-quarantine")
                try browser.setScripts(false)
                try browser.open(scene.site.address("sync/disputes/\(id)"))
                try browser.type("a test account", into: "#field-reason")
                try browser.click("form[action$=ignore] button")
                #expect(try browser.words.contains("a test account"))
                try browser.setScripts(true)
                try browser.open(scene.site.address("sync/disputes/\(id)"))
                try browser.checkPage("sync-dispute-ignored")
            }
        }
    }
}
