// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Foundation
import Postgres
import Sync
import Testing
import WebTestSupport

/// A finished run is undone from its page: planned first, with what stays as it is, and approved like any run.
struct UndoTests {
    @Test func anUndoIsPlannedShownAndApproved() async throws {
        try await withSyncScene { scene in
            try await scene.run(SyncScene.crowd(30))
            let renamed = SyncScene.crowd(30).map { person in
                var person = person
                if person.id <= 3 { person.name = "Renamed \(person.id)" }
                return person
            }
            let run = try await scene.run(renamed)
            #expect(run.state == .done)
            // Somebody else's word since.
            try await scene.site.world.postgres.execute(
                """
                update users set name = 'By hand', row_version = row_version + 1,
                    field_owners = '{"name": {"by": "super_admin"}}' where email = 'p2@example.org'
                """)
            var visitor = scene.site.visitor()
            #expect(try await visitor.get("sync/runs/\(run.id)").body.contains("/sync/runs/\(run.id)/undo\""))
            let ask = try await visitor.get("sync/runs/\(run.id)/undo")
            #expect(ask.body.contains("set back, field by field") && ask.body.contains("A person took the field over"))
            let begun = try await visitor.follow(try await visitor.submit(ask, "/undo"))
            #expect(begun.body.contains("Nothing changes before you approve it."))
            #expect(begun.body.contains("Undo of run \(run.id)"))
            let plan = try await visitor.wait(for: "What is not undone", at: "sync/runs/\(run.id + 1)")
            #expect(plan.body.contains("<del>Renamed 1</del>") && plan.body.contains("<ins>Person 1</ins>"))
            #expect(!plan.body.contains("Renamed 2</del>"))
            #expect(try await scene.site.world.count("select count(*) from users where name like 'Renamed%'") == 2)
            let left = try await visitor.get("sync/runs/\(run.id + 1)/findings?code=owned_by_person")
            #expect(left.body.contains("name was taken over by a person") && left.body.contains("p2@example.org"))
            #expect(try await visitor.get("sync/runs/\(run.id + 1)/findings?code=gone").body.contains("Nothing of this kind."))
            _ = try await visitor.follow(try await visitor.submit(plan, "/approve"))
            _ = try await scene.reconciler.applyWaiting()
            #expect(try await scene.site.world.count("select count(*) from users where name like 'Renamed%'") == 0)
            #expect(try await scene.site.world.count("select count(*) from users where name = 'By hand'") == 1)
            let again = try await visitor.get("sync/runs/\(run.id)/undo")
            #expect(again.body.contains("undoes this run already"))
            #expect(try await visitor.get("sync/runs").body.contains("undo of run \(run.id)"))
        }
    }

    @Test func whatWasNotAppliedIsNotUndone() async throws {
        try await withSyncScene { scene in
            let run = try await scene.run(SyncScene.crowd(3), applying: false)
            var visitor = scene.site.visitor()
            #expect(!(try await visitor.get("sync/runs/\(run.id)").body.contains("/undo\"")))
            #expect(try await visitor.get("sync/runs/\(run.id)/undo").status == 404)
            let page = try await visitor.get("sync/runs/\(run.id)")
            let token = try #require(page.body.firstMatch(of: /name="form_token" value="([^"]+)"/)).1
            #expect(try await visitor.post("sync/runs/\(run.id)/undo").status == 403)
            let refused = try await visitor.post("sync/runs/\(run.id)/undo", ["form_token": String(token)])
            #expect(refused.status == 404 || refused.status == 422)
            #expect(try await scene.site.world.count("select count(*) from runs") == 1)
        }
    }

    @Test func undoInABrowser() async throws {
        try await withSyncScene { scene in
            let run = try await scene.run(SyncScene.crowd(12))
            try await scene.site.world.postgres.execute("update users set deleted_at = now() where email = 'p2@example.org'")
            try await scene.site.browse { browser in
                try browser.open(scene.site.address("sync/runs/\(run.id)/undo"))
                try browser.checkPage("sync-undo")
                try browser.setScripts(false)
                try browser.click("form.form button")
                #expect(try browser.words.contains("Nothing changes before you approve it."))
                let deadline = Date().addingTimeInterval(60)
                while try !browser.words.contains("This plan waits"), Date() < deadline {
                    try browser.open(scene.site.address("sync/runs/\(run.id + 1)"))
                }
                try browser.setScripts(true)
                try browser.open(scene.site.address("sync/runs/\(run.id + 1)"))
                try browser.checkPage("sync-undo-planned")
            }
        }
    }
}
