// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Foundation
import Postgres
import Sync
import Testing
import WebTestSupport

/// An export is sent from a policy's page and becomes a run, planned or applied.
struct UploadTests {
    private static let path = "sync/policies/crowd/uploads"

    private func token(_ visitor: inout Visitor) async throws -> String {
        let page = try await visitor.get("sync/policies/crowd")
        return String(try #require(page.body.firstMatch(of: /name="form_token" value="([^"]+)"/)).1)
    }

    private func export(_ count: Int) -> [UInt8] {
        Array("{\"entries\":[\(SyncScene.crowd(count).map(\.json).joined(separator: ",\r\n"))]}".utf8)
    }

    private func runs(_ scene: SyncScene) async throws -> Int { try await scene.site.world.count("select count(*) from runs") }

    private func leftovers(_ scene: SyncScene) -> Int {
        ((try? FileManager.default.contentsOfDirectory(atPath: scene.folder.appending(path: "uploads").path)) ?? []).count
    }

    @Test(arguments: [("plan", 7), ("apply", 50_000)]) func anUploadBecomesARun(_ mode: String, _ piece: Int) async throws {
        try await withSyncScene { scene in
            var visitor = scene.site.visitor()
            let token = try await token(&visitor)
            let answer = try await visitor.upload(
                Self.path, ["form_token": token, "mode": mode],
                file: ("C:\\people <b>.json", export(mode == "plan" ? 3 : 900)), piece: piece)
            let page = try await visitor.follow(answer)
            #expect(page.body.contains("Uploaded: it is read now."))
            let done = try await visitor.wait(for: mode == "plan" ? "This plan waits" : "Applied", at: "sync/runs/1")
            #expect(done.body.contains("people &lt;b&gt;.json"))
            #expect(try await scene.site.world.count("select count(*) from users") == (mode == "plan" ? 0 : 900))
            // Kept before it goes, which is after the page said that it was applied.
            try await eventually("the upload is gone") { leftovers(scene) == 0 }
        }
    }

    /// Nothing of a file is kept for who may not send it, or did not mean to.
    @Test func whatIsNoFormOfOursIsRefused() async throws {
        try await withSyncScene { scene in
            var visitor = scene.site.visitor()
            let token = try await token(&visitor)
            let file = ("people.json", export(3))
            #expect(try await visitor.upload(Self.path, ["mode": "plan"], file: file).status == 403)
            #expect(try await visitor.upload(Self.path, ["form_token": "x", "mode": "plan"], file: file).status == 403)
            var stranger = scene.site.stranger()
            #expect(try await stranger.upload(Self.path, ["form_token": token], file: file).status == 303)
            #expect(try await visitor.upload("sync/policies/none/uploads", ["form_token": token], file: file).status == 404)
            let empty = try await visitor.upload(Self.path, ["form_token": token], file: ("", []))
            #expect(empty.status == 422 && empty.body.contains("Choose the file first"))
            let none = try await visitor.upload(Self.path, ["form_token": token], file: nil)
            #expect(none.status == 422 && none.body.contains("The form has no file."))
            let large = try await visitor.upload(
                Self.path, ["form_token": token], file: ("large.json", [UInt8](repeating: 0x20, count: (8 << 20) + 1)),
                piece: 1 << 20)
            #expect(large.status == 413 && large.body.contains("larger than"))
            #expect(try await visitor.post(Self.path, ["form_token": token]).status == 415)
            #expect(try await runs(scene) == 0)
            try await eventually("nothing is left of them") { leftovers(scene) == 0 }
        }
    }

    /// To apply at once, one must have proved to be there.
    @Test func whoIsNotConfirmedPlansOnly() async throws {
        try await withSyncScene { scene in
            try await scene.site.world.postgres.execute(
                "update super_admin_sessions set confirmed_at = now() - interval '1 hour'")
            var visitor = scene.site.visitor()
            let page = try await visitor.get("sync/policies/crowd")
            #expect(page.body.contains("value=\"plan\"") && !page.body.contains("value=\"apply\""))
            let token = try await token(&visitor)
            let refused = try await visitor.upload(
                Self.path, ["form_token": token, "mode": "apply"], file: ("people.json", export(3)))
            #expect(refused.status == 403 && refused.body.contains("Is it you?"))
            #expect(try await runs(scene) == 0)
            try await eventually("nothing is left of it") { leftovers(scene) == 0 }
            let ask = try await visitor.submit(page, "/confirm")
            #expect(ask.body.contains("Is it you?"))
            let planned = try await visitor.upload(
                Self.path, ["form_token": token, "mode": "plan"], file: ("people.json", export(3)))
            #expect(planned.status == 303)
        }
    }

    @Test func anUploadInABrowserWithoutScripts() async throws {
        try await withSyncScene { scene in
            let file = scene.folder.appending(path: "by-hand.json")
            try Data(export(12)).write(to: file)
            try await scene.site.browse { browser in
                try browser.setScripts(false)
                try browser.open(scene.site.address("sync/policies/crowd"))
                let root = try browser.send("DOM.getDocument")["root"] as? [String: Any]
                let field = try browser.send(
                    "DOM.querySelector", ["nodeId": root?["nodeId"] ?? 0, "selector": "#field-file"])["nodeId"]
                try browser.send("DOM.setFileInputFiles", ["files": [file.path], "nodeId": field ?? 0])
                try browser.click("form[enctype] button")
                #expect(try browser.words.contains("Uploaded: it is read now."))
                let deadline = Date().addingTimeInterval(60)
                while try !browser.words.contains("This plan waits"), Date() < deadline {
                    try browser.open(scene.site.address("sync/runs/1"))
                }
                #expect(try browser.words.contains("by-hand.json"))
                #expect(try browser.words.contains("12 people") || browser.words.contains("are created"))
            }
        }
    }
}
