// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Foundation
import Postgres
import Sync
import Testing
import WebTestSupport

/// A plan is read by person, by action and by account, and decided change by change.
struct DecisionTests {
    /// Forty people, of whom the next export has five, one of them under another name.
    private func held(_ scene: SyncScene) async throws -> Int64 {
        try await scene.run(SyncScene.crowd(40))
        var people = SyncScene.crowd(5)
        people[0].name = "Renamed One"
        let run = try await scene.run(people)
        #expect(run.state == .held)
        return run.id
    }

    /// The numbers of changes that a page offers to be ticked.
    private func boxes(_ page: RawAnswer) -> [String] {
        page.body.matches(of: /name="change\[\]" value="(\d+)"/).map { String($0.1) }
    }

    private func suspended(_ scene: SyncScene) async throws -> Int {
        try await scene.site.world.count("select count(*) from suspensions")
    }

    @Test func whatIsRejectedAloneIsLeftOut() async throws {
        try await withSyncScene { scene in
            let id = try await held(scene)
            var visitor = scene.site.visitor()
            let path = "sync/runs/\(id)?q=p17@example.org"
            let page = try await visitor.get(path)
            let box = try #require(boxes(page).first)
            #expect(boxes(page).count == 1)
            let decided = try await visitor.follow(
                try await visitor.submit(
                    page, "q=p17%40example.org", ["change[]": box, "why": "on <b>leave</b>", "verdict": "rejected"]))
            #expect(decided.body.contains("Decided."))
            // Back where it was decided, with who said so.
            #expect(decided.body.contains("p17@example.org") && !decided.body.contains("p18@example.org"))
            #expect(decided.body.contains("by <bdi>Super admin root@example.org</bdi>"))
            #expect(decided.body.contains("on &lt;b&gt;leave&lt;/b&gt;"))
            #expect(decided.body.contains("1 change rejected") && decided.body.contains("35 changes not decided"))
            #expect(decided.body.contains("Approve and apply 35 changes, all but the rejected"))
            let rejected = try await visitor.get("sync/runs/\(id)?decision=rejected")
            #expect(boxes(rejected) == [box])
            #expect(!boxes(try await visitor.get("sync/runs/\(id)?decision=none")).contains(box))
            _ = try await visitor.follow(try await visitor.submit(decided, "/approve"))
            _ = try await scene.reconciler.applyWaiting()
            #expect(try await suspended(scene) == 34)
            let after = try await visitor.get(path)
            #expect(after.body.contains("Refused: a person rejected it") && boxes(after).isEmpty)
            #expect(after.body.contains("Super admin root@example.org"))
        }
    }

    @Test func onlyWhatIsApprovedAloneIsApplied() async throws {
        try await withSyncScene { scene in
            let id = try await held(scene)
            var visitor = scene.site.visitor()
            let page = try await visitor.get("sync/runs/\(id)?action=suspend")
            let chosen = boxes(page)
            #expect(chosen.count == 35)
            let decided = try await visitor.follow(
                try await visitor.submit(
                    page, "action=suspend", ["change[]": chosen[0], "change[] ": "", "verdict": "approved"]))
            #expect(decided.body.contains("Apply the 1 approved change only"))
            let only = try await visitor.post(
                "sync/runs/\(id)/approve", ["form_token": token(decided), "only": "1"])
            #expect(try await visitor.follow(only).body.contains("Approved."))
            _ = try await scene.reconciler.applyWaiting()
            #expect(try await suspended(scene) == 1)
            #expect(try await scene.site.world.count("select count(*) from users where name = 'Renamed One'") == 0)
        }
    }

    @Test func allOfAnActionIsDecidedAtOnce() async throws {
        try await withSyncScene { scene in
            let id = try await held(scene)
            var visitor = scene.site.visitor()
            let page = try await visitor.get("sync/runs/\(id)/actions")
            // The gravest first.
            let headings = page.body.matches(of: /<h3 class="group">([^<]+)</).map { String($0.1) }
            #expect(headings == ["Suspend: 35", "Update: 1"])
            let decided = try await visitor.follow(
                try await visitor.post(
                    "sync/runs/\(id)/actions", ["form_token": token(page), "all_rejected": "suspend"]))
            #expect(decided.body.contains("35 changes rejected") && decided.body.contains("1 change not decided"))
            _ = try await visitor.submit(decided, "/approve")
            _ = try await scene.reconciler.applyWaiting()
            #expect(try await suspended(scene) == 0)
            #expect(try await scene.site.world.count("select count(*) from users where name = 'Renamed One'") == 1)
        }
    }

    @Test func whatCannotBeDecidedIsSaid() async throws {
        try await withSyncScene { scene in
            let id = try await held(scene)
            var visitor = scene.site.visitor()
            let page = try await visitor.get("sync/runs/\(id)?action=update")
            let nothing = try await visitor.submit(page, "action=update", ["verdict": "approved"])
            #expect(nothing.status == 422 && nothing.body.contains("Tick the changes that you mean first"))
            // The filters stay.
            #expect(nothing.body.contains("Renamed One") && !nothing.body.contains("p9@example.org"))
            let stranger = try await visitor.submit(page, "action=update", ["change[]": "4711", "verdict": "approved"])
            #expect(stranger.status == 422 && stranger.body.contains("The plan has no such change"))
            let long = try await visitor.submit(
                page, "action=update",
                ["change[]": boxes(page)[0], "why": String(repeating: "x", count: 501), "verdict": "rejected"])
            #expect(long.status == 422 && long.body.contains("Reason is too long"))
            #expect(try await visitor.post("sync/runs/\(id)", ["change[]": "1", "verdict": "rejected"]).status == 403)
            #expect(try await scene.site.world.count("select count(*) from change_decisions") == 0)
            _ = try await visitor.submit(page, "/reject")
            let late = try await visitor.submit(page, "action=update", ["change[]": boxes(page)[0], "verdict": "approved"])
            #expect(late.status == 422 && late.body.contains("does not wait any more"))
        }
    }

    /// Each change of a plan is on one page of each walk, once.
    @Test func everyWalkShowsEveryChangeOnce() async throws {
        try await withSyncScene { scene in
            let people = (1...190).map { number in
                SyncScene.Person(
                    id: number, mail: "p\(number)@example.org", name: "Person \(number)",
                    groups: number % 3 == 0 ? ["support", "sales"] : ["support"])
            }
            let first = try await scene.run(people)
            let second = try await scene.run(
                people.dropLast(80).map { person in
                    var person = person
                    if person.id % 2 == 0 { person.name += " again" }
                    return person
                })
            var visitor = scene.site.visitor()
            for (id, expected) in [(first.id, 190), (second.id, 80 + 55)] {
                for path in ["sync/runs/\(id)?kind=user", "sync/runs/\(id)/actions?kind=user"] {
                    var seen: [String] = []
                    var page = try await visitor.get(path)
                    for _ in 0..<20 {
                        seen += page.body.matches(of: /<strong><a [^>]*><bdi>(p\d+@example\.org)/).map { String($0.1) }
                        guard let next = page.body.firstMatch(of: /href="([^"]+)" rel="next"/) else { break }
                        page = try await visitor.get(String(next.1).replacing("&amp;", with: "&"))
                    }
                    #expect(seen.count == expected && Set(seen).count == expected, "\(path): \(seen.count)")
                }
            }
            let accounts = try await visitor.get("sync/runs/\(first.id)/accounts")
            // Its own change, and everybody's.
            #expect(accounts.body.contains("<bdi>Support</bdi>") && accounts.body.contains(">191<"))
            let link = try #require(accounts.body.firstMatch(of: /<th scope="row"><a href="([^"]+)"/)).1
            let ofAccount = try await visitor.get(String(link))
            #expect(ofAccount.body.contains("role in Support"))
        }
    }

    @Test func decidingInABrowserWithAndWithoutScripts() async throws {
        try await withSyncScene { scene in
            let id = try await held(scene)
            try await scene.site.browse { browser in
                try browser.open(scene.site.address("sync/runs/\(id)/actions"))
                try browser.checkPage("sync-run-actions")
                try browser.open(scene.site.address("sync/runs/\(id)/accounts"))
                try browser.checkPage("sync-run-accounts")
                // By the keyboard's box for all of them.
                try browser.open(scene.site.address("sync/runs/\(id)?action=update"))
                _ = try browser.evaluate("document.querySelector('#tick-all').click()")
                try browser.click("[name=verdict][value=rejected]")
                #expect(try browser.words.contains("1 change rejected"))
                try browser.checkPage("sync-run-decided")
                try browser.setScripts(false)
                try browser.open(scene.site.address("sync/runs/\(id)?q=p17%40example.org"))
                #expect(try browser.evaluate("document.querySelector('[data-tick-all]').checkVisibility()") as? Bool == false)
                _ = try browser.evaluate("document.querySelector('.open input').checked = true")
                try browser.type("known to be right", into: "#field-why")
                try browser.click("[name=verdict][value=approved]")
                #expect(try browser.words.contains("1 change approved"))
                #expect(try browser.words.contains("known to be right"))
            }
            #expect(try await scene.site.world.count("select count(*) from change_decisions") == 2)
        }
    }

    private func token(_ page: RawAnswer) -> String {
        page.body.firstMatch(of: /name="form_token" value="([^"]+)"/).map { String($0.1) } ?? ""
    }
}
