// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Postgres
import Sync
import Testing
import WebTestSupport

/// A plan that waits is looked at, approved or rejected; a run tells what it does to whom.
struct RunTests {
    /// Forty people, of whom the next export has five.
    private func held(_ scene: SyncScene) async throws -> Int64 {
        try await scene.run(SyncScene.crowd(40))
        let run = try await scene.run(
            SyncScene.crowd(5).map { person in
                var person = person
                if person.id == 1 { person.name = "Renamed One" }
                return person
            })
        #expect(run.state == .held)
        return run.id
    }

    private func suspended(_ scene: SyncScene) async throws -> Int {
        try await scene.site.world.count("select count(*) from suspensions")
    }

    @Test func anApprovedPlanIsAppliedByADaemon() async throws {
        try await withSyncScene { scene in
            let id = try await held(scene)
            var visitor = scene.site.visitor()
            let page = try await visitor.get("sync/runs/\(id)")
            #expect(page.body.contains("A guard holds this plan"))
            #expect(page.body.contains("35 are suspended and cannot sign in any more"))
            #expect(page.body.contains("Approve and apply 36 changes"))
            #expect(try await suspended(scene) == 0)
            let approved = try await visitor.follow(try await visitor.submit(page, "/approve"))
            #expect(approved.body.contains("Approved."))
            // The console writes the mark and nothing else.
            #expect(try await suspended(scene) == 0)
            guard case .applied(let run) = try await scene.reconciler.applyWaiting() else {
                Issue.record("nothing was applied")
                return
            }
            #expect(run.state == .done && run.id == id)
            #expect(try await suspended(scene) == 35)
            guard case .none = try await scene.reconciler.applyWaiting() else {
                Issue.record("applied twice")
                return
            }
            let trail = try await scene.site.world.count(
                """
                select count(*) from audit_events where action = 'run.release' and subject_id = \(id)
                    and actor = 'super_admin' and actor_id = \(scene.site.admin.id)
                """)
            #expect(trail == 1)
            let after = try await visitor.get("sync/runs/\(id)")
            #expect(after.body.contains("root@example.org") && !after.body.contains("A guard holds this plan"))
            // A second click finds it decided.
            let again = try await visitor.submit(page, "/approve")
            #expect(again.status == 422)
            #expect(again.body.contains("does not wait any more"))
        }
    }

    @Test func severalDaemonsApplyItOnce() async throws {
        try await withSyncScene { scene in
            let id = try await held(scene)
            try await scene.site.world.directory.runs.release(id, by: scene.site.admin.caller)
            let applied = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        if case .applied = try await scene.reconciler.applyWaiting() { true } else { false }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(applied == 1)
            #expect(try await suspended(scene) == 35)
        }
    }

    @Test func whatADeadDaemonBeganAnotherEnds() async throws {
        try await withSyncScene { scene in
            let id = try await held(scene)
            try await scene.site.world.directory.runs.release(id, by: scene.site.admin.caller)
            // Claimed, and no more: its process died.
            try await scene.site.world.postgres.execute("update runs set state = 'applying' where id = \(id)")
            guard case .applied(let run) = try await scene.reconciler.applyWaiting() else {
                Issue.record("it was left")
                return
            }
            #expect(run.state == .done)
            #expect(try await suspended(scene) == 35)
        }
    }

    @Test func aRejectedPlanIsNeverApplied() async throws {
        try await withSyncScene { scene in
            let id = try await held(scene)
            var visitor = scene.site.visitor()
            let page = try await visitor.get("sync/runs/\(id)")
            let long = try await visitor.submit(page, "/reject", ["reason": String(repeating: "x", count: 501)])
            #expect(long.status == 422)
            #expect(long.body.contains("Reason is too long") && long.body.contains(String(repeating: "x", count: 501)))
            let rejected = try await visitor.follow(
                try await visitor.submit(page, "/reject", ["reason": "an <i>old</i> export"]))
            #expect(rejected.body.contains("Rejected."))
            #expect(rejected.body.contains("An &lt;i&gt;old&lt;/i&gt; export."))
            #expect(try await visitor.submit(page, "/approve").status == 422)
            guard case .none = try await scene.reconciler.applyWaiting() else {
                Issue.record("a rejected plan was applied")
                return
            }
            #expect(try await suspended(scene) == 0)
        }
    }

    @Test func changesAreReadableAndNarrowed() async throws {
        try await withSyncScene { scene in
            let id = try await held(scene)
            var visitor = scene.site.visitor()
            let updates = try await visitor.get("sync/runs/\(id)?action=update")
            #expect(updates.body.contains("<dt>name</dt>"))
            #expect(updates.body.contains("<del>Person 1</del>") && updates.body.contains("<ins>Renamed One</ins>"))
            #expect(updates.body.contains("people.name") && !updates.body.contains("p9@example.org"))
            let person = try await visitor.get("sync/runs/\(id)?q=p17@example.org")
            #expect(person.body.contains("p17@example.org") && !person.body.contains("p18@example.org"))
            let reason = try await visitor.get("sync/runs/\(id)?because=absent%20from%20the%20export")
            #expect(reason.body.contains("p40@example.org") && !reason.body.contains("Renamed One"))
            let nobody = try await visitor.get("sync/runs/\(id)?q=nobody")
            #expect(nobody.body.contains("No such change"))
            // The first run, with its memberships by the account's name.
            let first = try await visitor.get("sync/runs/1?q=p17@example.org")
            #expect(first.body.contains("role in Support") && first.body.contains("<ins>agent</ins>"))
        }
    }

    @Test func changesPageThroughToTheEnd() async throws {
        try await withSyncScene { scene in
            try await scene.run(SyncScene.crowd(130))
            var visitor = scene.site.visitor()
            var seen: Set<String> = []
            var page = try await visitor.get("sync/runs/1?kind=user")
            for _ in 0..<10 {
                seen.formUnion(page.body.matches(of: /p\d+@example\.org/).map { String($0.0) })
                guard let next = page.body.firstMatch(of: /href="([^"]+)" rel="next"/) else { break }
                page = try await visitor.get(String(next.1).replacing("&amp;", with: "&"))
            }
            #expect(seen.count == 130)
        }
    }

    @Test func progressIsAPartOfThePage() async throws {
        try await withSyncScene { scene in
            let id = try await held(scene)
            try await scene.site.world.directory.runs.release(id, by: scene.site.admin.caller)
            var visitor = scene.site.visitor()
            let part = try await visitor.get("sync/runs/\(id)/progress")
            #expect(part.body.contains("data-refresh") && !part.body.contains("<html"))
            _ = try await scene.reconciler.applyWaiting()
            let over = try await visitor.get("sync/runs/\(id)/progress")
            #expect(!over.body.contains("data-refresh"))
            var stranger = scene.site.stranger()
            #expect(try await stranger.get("sync/runs/\(id)/progress").status == 303)
        }
    }

    @Test func markupInAnExportStaysText() async throws {
        try await withSyncScene { scene in
            let evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
            try await scene.run([
                SyncScene.Person(id: 1, mail: "one@example.org", name: evil),
                SyncScene.Person(id: 2, mail: "bad address <b>", name: "Nobody"),
                SyncScene.Person(id: 3, mail: "three@example.org", name: "Three"),
            ])
            var visitor = scene.site.visitor()
            for path in [
                "", "sync", "sync/runs", "sync/runs/1", "sync/runs/1/findings", "audit", "sync/runs/1?q=\(Self.encoded(evil))",
            ] {
                let page = try await visitor.get(path)
                #expect(page.status == 200)
                #expect(
                    !page.body.contains("<script>alert") && !page.body.contains("<img") && !page.body.contains("address <b>"),
                    "\(path)")
            }
            #expect(try await visitor.get("sync/runs/1").body.contains("&lt;script&gt;alert(1)"))
            let findings = try await visitor.get("sync/runs/1/findings").body
            #expect(findings.contains("bad_email"), "\(findings)")
        }
    }

    @Test func policiesTellTheirMistakes() async throws {
        try await withSyncScene { scene in
            var visitor = scene.site.visitor()
            let empty = try await visitor.get("sync")
            #expect(empty.body.contains("When a file appears that matches exports/*.json."))
            try await scene.run(SyncScene.crowd(3))
            try Data("policy: broken\nplatform_app: A\nsauce: b\n".utf8).write(to: scene.folder.appending(path: "broken.yaml"))
            let page = try await visitor.get("sync")
            #expect(page.body.contains("broken.yaml:3:1") && page.body.contains("sauce"))
            #expect(page.body.contains("When exports/*.json changes.") && page.body.contains("people.json"))
            let overview = try await visitor.get("")
            #expect(overview.body.contains("broken.yaml has "))
        }
    }

    @Test func pagesInABrowser() async throws {
        try await withSyncScene { scene in
            let id = try await held(scene)
            try Data("policy: broken\nsauce: b\n".utf8).write(to: scene.folder.appending(path: "broken.yaml"))
            try await scene.site.browse { browser in
                try browser.open(scene.site.address())
                #expect(try browser.words.contains("waits: 1 to update, 35 to suspend"))
                try browser.checkPage("overview-waiting")
                try browser.open(scene.site.address("sync"))
                try browser.checkPage("sync")
                try browser.open(scene.site.address("sync/runs"))
                try browser.checkPage("sync-runs")
                try browser.open(scene.site.address("sync/runs/\(id)/findings"))
                try browser.checkPage("sync-findings")
                try browser.open(scene.site.address("sync/runs/\(id)"))
                try browser.checkPage("sync-run-held")
                try browser.open(scene.site.address("sync/runs/1"))
                try browser.checkPage("sync-run-done")
            }
        }
    }

    /// The page of a run that is under way shows by itself that it is over.
    @Test func aRunIsFollowedByItself() async throws {
        try await withSyncScene { scene in
            let id = try await held(scene)
            try await scene.site.world.directory.runs.release(id, by: scene.site.admin.caller)
            let (opened, isOpen) = AsyncStream.makeStream(of: Void.self)
            async let watching: Void = scene.site.browse { browser in
                defer { isOpen.finish() }
                try browser.open(scene.site.address("sync/runs/\(id)"))
                #expect(try browser.words.contains("about to be applied"))
                isOpen.finish()
                let deadline = Date().addingTimeInterval(60)
                while try browser.words.contains("about to be applied"), Date() < deadline { usleep(100_000) }
                #expect(try browser.words.contains("Applied"))
            }
            for await _ in opened {}
            _ = try await scene.reconciler.applyWaiting()
            try await watching
            #expect(try await suspended(scene) == 35)
        }
    }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { "%" + (String($0, radix: 16).count < 2 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
