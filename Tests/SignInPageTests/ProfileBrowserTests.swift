// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing
import WebTestSupport

/// A person's own page in a real browser.
@Suite(.serialized) struct ProfileBrowserTests {
    private static func form(_ act: String) -> String { "form:has([name=act][value=\(act)]) button[type=submit]" }

    private static func signIn(_ browser: Chromium, _ site: LiveSite, _ email: String = "ada@example.org") throws {
        try browser.open(site.address + "/app/login")
        try browser.type(email, into: "#email")
        try browser.type(LiveSite.password, into: "#password")
        try browser.click("button[type=submit]")
    }

    @Test func namePasswordTokenAndSessions() async throws {
        try await LiveSite.with { site in
            try await Chromium.run { browser in
                try browser.open(site.address + "/app/profile")
                #expect(try browser.address == site.address + "/app/login", "whoever is not signed in signs in first")
                // A session beside this one, as of another browser.
                try Self.signIn(browser, site)
                try browser.send("Network.clearBrowserCookies")
                try Self.signIn(browser, site)
                try browser.click("a[href=profile]")
                try browser.checkPage("profile")

                try browser.type("<b>Ada</b> King", into: "#name")
                try browser.click(Self.form("name"))
                #expect(try browser.words.contains("Your name is saved.") && browser.words.contains("<b>Ada</b> King"))
                #expect(try browser.text("document.querySelector('#name').value") == "<b>Ada</b> King")

                try browser.type("wrong", into: "#proof")
                try browser.click("button[value=reveal]")
                #expect(try browser.words.contains("That is not your password"))
                try browser.checkPage("profile-refused")
                try browser.type(LiveSite.password, into: "#proof")
                try browser.click("button[value=reveal]")
                let token = try browser.text("document.querySelector('[data-value]').textContent")
                #expect(try token.hasPrefix("mst_usr_") && !browser.address.contains("mst_"))
                try browser.checkPage("profile-token")
                try browser.type(LiveSite.password, into: "#proof")
                try browser.click("button[value=rotate]")
                let next = try browser.text("document.querySelector('[data-value]').textContent")
                #expect(next.hasPrefix("mst_usr_") && next != token)

                try browser.click(Self.form("session"))
                #expect(try browser.words.contains("The session has ended."))
                try browser.type(LiveSite.password, into: "#current")
                try browser.type("short", into: "#password")
                try browser.click(Self.form("password"))
                #expect(try browser.text("document.querySelector('#password-problem')?.textContent").contains("assword"))
                try browser.type(LiveSite.password, into: "#current")
                try browser.type("Another2!horse", into: "#password")
                try browser.click(Self.form("password"))
                #expect(try browser.words.contains("Your password is changed."))
            }
            #expect(try await site.world.count("select count(*) from sessions") == 1)
            let trail = try await site.world.count(
                "select count(*) from audit_events where actor = 'user' and action in ('user.update', 'user.token', 'user.token.reveal')"
            )
            #expect(trail == 4)
        }
    }

    @Test func worksWithoutScripts() async throws {
        try await LiveSite.with { site in
            try await Chromium.run { browser in
                try browser.setScripts(false)
                try Self.signIn(browser, site, "bob@example.org")
                try browser.open(site.address + "/app/profile")
                try browser.type("Robert", into: "#name")
                try browser.click(Self.form("name"))
                #expect(try browser.words.contains("Your name is saved."))
            }
        }
    }

    @Test func anotherSitesFormDoesNothing() async throws {
        try await LiveSite.with { site in
            try await Chromium.run { browser in
                try Self.signIn(browser, site)
                try browser.open(site.foreignAddress + "/app/login.css")
                try browser.arriving {
                    _ = try browser.evaluate(
                        """
                        (() => {
                          const form = document.createElement('form');
                          form.method = 'post'; form.action = '\(site.address)/app/profile';
                          for (const [name, value] of [['act', 'name'], ['name', 'Mallory'], ['form_token', 'x']]) {
                            const input = document.createElement('input');
                            [input.name, input.value] = [name, value];
                            form.append(input);
                          }
                          document.body.append(form); form.submit();
                        })()
                        """)
                }
            }
            #expect(try await site.world.count("select count(*) from users where name = 'Mallory'") == 0)
        }
    }
}
