// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Foundation
import Postgres
import Sync
import Testing
import WebTestSupport

/// A policy's page: its file with what is wrong in it; and why a user is as they are, with the lines that say so.
struct PolicyPageTests {
    @Test func aPolicyTellsWhatItDoes() async throws {
        try await withSyncScene { scene in
            let yaml = SyncScene.yaml + "\nschedule: {cron: \"30 3 * * *\"}\nenforcement: add-only\n"
            try Data(yaml.utf8).write(to: scene.folder.appending(path: "crowd.yaml"))
            try await scene.run(SyncScene.crowd(3))
            var visitor = scene.site.visitor()
            let page = try await visitor.get("sync/policies/crowd")
            #expect(page.status == 200)
            for words in [
                "exports/*.json", "as far as making what is new", "Next by schedule", "at most 20 % (from 5 on)",
                "Users suspended or deleted", "people.json", "(objectClass=inetOrgPerson)", "entryuuid", "Run 1",
            ] {
                #expect(page.body.contains(words), "\(words)")
            }
            // Every line, under its number.
            let lines = page.body.matches(of: /<tr id="L(\d+)"/).map { Int($0.1) }
            #expect(lines == Array(1...yaml.split(separator: "\n", omittingEmptySubsequences: false).dropLast().count))
            #expect(page.body.contains("<code>  email: mail</code>"))
            #expect(try await visitor.get("sync/policies/nobody").status == 404)
            #expect(try await visitor.get("sync/policies/..%2Fcrowd").status == 404)
        }
    }

    @Test func mistakesStandAtTheirLines() async throws {
        try await withSyncScene { scene in
            let broken = scene.folder.appending(path: "broken.yaml")
            try Data("policy: broken\n# <script>\nsauce: b\n".utf8).write(to: broken)
            try Data((SyncScene.yaml + "\nguard: {}\n").utf8).write(to: scene.folder.appending(path: "crowd.yaml"))
            var visitor = scene.site.visitor()
            // Its name is nobody's yet: the file's is.
            let page = try await visitor.get("sync/policies/broken.yaml")
            let wrong = try #require(page.body.firstMatch(of: /<tr id="L3" class="wrong">(.*?)<\/tr>/)).1
            #expect(wrong.contains("Mistake: ") && wrong.contains("Column 1") && wrong.contains("sauce"))
            #expect(page.body.contains("# &lt;script&gt;") && !page.body.contains("<tr id=\"L2\" class"))
            // This page read it when it was broken already.
            #expect(try await visitor.get("sync/policies/crowd.yaml").body.contains("did you mean “guards”?"))
            try Data([0xFF, 0x00, 0x41]).write(to: broken)
            #expect(try await visitor.get("sync/policies/broken.yaml").body.contains("cannot be read as text"))
        }
    }

    @Test func whyAUserIsAsTheyAre() async throws {
        try await withSyncScene { scene in
            try await scene.run(SyncScene.crowd(8))
            try await scene.site.world.postgres.execute(
                """
                update users set name = 'By hand', field_owners = '{"name": {"by": "super_admin", "id": 1}}'
                where email = 'p2@example.org'
                """)
            var people = SyncScene.crowd(8)
            people[2].mail = "other3@example.org"
            _ = try await scene.run(people, applying: false)
            let ids = try await scene.site.world.postgres.query(
                "select id from users where email in ('p2@example.org', 'p3@example.org') order by email"
            ).map { try $0.decode(Int64.self, "id") }
            var visitor = scene.site.visitor()
            let second = try await visitor.get("users/\(ids[0])/why")
            #expect(second.body.contains("taken over from the policy by a super admin"))
            #expect(second.body.contains("people.email") && second.body.contains("Run 1"))
            #expect(second.body.contains("sync/policies/crowd#L8") && second.body.contains("crowd.yaml, line 8"))
            #expect(second.body.contains("00000000-0000-4000-8000-000000000002"))
            let third = try await visitor.get("users/\(ids[1])/why")
            #expect(third.body.contains("Would change it") && third.body.contains("other3@example.org"))
            #expect(third.body.contains("Support") && third.body.contains("administrator") == false)
            #expect(try await visitor.get("users/4711/why").status == 404)
            let id = ids[1]
            try await scene.site.browse { browser in
                try browser.open(scene.site.address("users/\(id)/why"))
                try browser.checkPage("user-why")
            }
        }
    }

    @Test func aPolicyInABrowser() async throws {
        try await withSyncScene { scene in
            try await scene.run(SyncScene.crowd(3))
            try Data((SyncScene.yaml + "\nguard: {}\n# a comment \(String(repeating: "that goes on ", count: 20))\n").utf8).write(
                to: scene.folder.appending(path: "crowd.yaml"))
            try await scene.site.browse { browser in
                try browser.open(scene.site.address("sync/policies/crowd.yaml"))
                try browser.checkPage("sync-policy-mistaken")
                try browser.setScripts(false)
                try browser.open(scene.site.address("sync/policies/crowd.yaml"))
                #expect(try browser.words.contains("did you mean"))
            }
            try Data(SyncScene.yaml.utf8).write(to: scene.folder.appending(path: "crowd.yaml"))
            try await scene.site.browse { browser in
                try browser.open(scene.site.address("sync/policies/crowd"))
                try browser.checkPage("sync-policy")
            }
        }
    }
}
