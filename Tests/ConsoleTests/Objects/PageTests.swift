// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing
import WebTestSupport

/// Every page of users, accounts and bots for everybody: names, contrast, focus, at 1280 and at 375 pixels, light and dark.
@Suite struct PageTests {
    @Test func everyPageIsUsableByEverybody() async throws {
        try await withConsole { site in
            let scene = try await Scene(site.world)
            try await site.browse { browser in
                for page in scene.pages {
                    try browser.open(site.address(page.path))
                    try browser.checkPage(page.name)
                }
            }
        }
    }

    @Test func emptyListsSayWhatToDo() async throws {
        try await withConsole { site in
            var visitor = site.visitor()
            for (path, words, way) in [
                ("users", "No users yet", "users/new"), ("accounts", "No accounts yet", "accounts/new"),
                ("agent_bots", "No agent bots yet", "agent_bots/new"),
            ] {
                let page = try await visitor.get(path)
                #expect(page.status == 200 && page.body.contains(words) && page.body.contains("/super_admin/\(way)"))
                #expect(try await visitor.get("\(path)?q=nobody").body.contains("match"))
            }
            try await site.browse { browser in
                try browser.open(site.address("users"))
                try browser.checkPage("users-empty")
            }
        }
    }

    /// Whoever is not signed in is led to the sign-in page by every page, and no act is carried out.
    @Test func nobodyGetsInWithoutASession() async throws {
        try await withConsole { site in
            let scene = try await Scene(site.world)
            for page in scene.pages {
                var stranger = site.stranger()
                let answer = try await stranger.get(page.path)
                #expect(answer.status == 303 && answer.header("location")?.contains("sign_in") == true, "\(page.path)")
                #expect(!answer.body.contains("ada@x.org"))
            }
            // A form of another site has no token.
            var visitor = site.visitor()
            for act in [
                "users/\(scene.ada)/delete", "users/\(scene.ada)/restore", "users/\(scene.ada)/login_link",
                "users/\(scene.ada)/token",
                "users", "accounts/\(scene.acme)/delete", "agent_bots/\(scene.bot)/delete", "users/\(scene.ada)",
            ] {
                #expect(try await visitor.post(act, ["name": "Mallory"]).status == 403, "\(act)")
            }
            #expect(try await site.world.count("select count(*) from users where deleted_at is null and name = 'Ada King'") == 1)
            #expect(try await site.world.count("select count(*) from suspensions") == 1)
        }
    }

    @Test func everythingWorksWithoutJavaScript() async throws {
        try await withConsole { site in
            let scene = try await Scene(site.world)
            try await site.browse { browser in
                try browser.setScripts(false)
                try browser.open(site.address("users/new"))
                try browser.type("Bob", into: "#field-name")
                try browser.type("bob@x.org", into: "#field-email")
                try browser.click("form.card button")
                #expect(try browser.words.contains("Created."))
                try browser.click(".actions a")
                try browser.type(#"{"region": "south"}"#, into: "#field-custom-attributes")
                try browser.click("form.card button")
                #expect(try browser.words.contains("south"))
                try browser.type("a test", into: "#field-reason")
                try browser.click("form[action$=suspend] button")
                #expect(try browser.words.contains("a test"))
                try browser.click("form[action$=restore] button")
                #expect(try browser.words.contains("the user can work"))
                try browser.open(site.address("accounts/\(scene.acme)/members/new?q=bob"))
                try browser.click("td.acts a")
                try browser.click("main form button")
                #expect(try browser.words.contains("Acme"))
                try browser.open(site.address("users?q=bob"))
                try browser.click("tbody th a")
                try browser.click("form[action$=login_link] button")
                #expect(try browser.text("document.querySelector('[data-value]').textContent").contains("/app/login?email=bob"))
                try browser.click("a[href$=delete]")
                try browser.click("section.danger button")
                #expect(try browser.words.contains("Deleted."))
            }
            #expect(
                try await site.world.count("select count(*) from users where email = 'bob@x.org' and deleted_at is not null") == 1
            )
            #expect(try await site.world.count("select count(*) from platform_app_permissibles where kind = 'user'") == 1)
        }
    }
}
