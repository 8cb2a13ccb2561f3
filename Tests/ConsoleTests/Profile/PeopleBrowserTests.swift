// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Postgres
import Testing
import WebTestSupport

/// Signing in, the profile and the other super admins, in a real browser.
@Suite(.serialized) struct PeopleBrowserTests {
    @Test func aSuperAdminSignsInAndIsAskedAgain() async throws {
        try await withConsole { site in
            try await Chromium.run { browser in
                try browser.open(site.address("super_admins"))
                try browser.checkPage("sign-in")
                try browser.type("root@example.org", into: "#field-email")
                try browser.type("Wrong-123", into: "#field-password")
                try browser.click("main button")
                #expect(try browser.words.contains("E-mail or password is wrong."))
                #expect(try browser.text("document.querySelector('#field-email').value") == "root@example.org")
                try browser.checkPage("sign-in-refused")
                try browser.type("Correct1!horse", into: "#field-password")
                try browser.click("main button")
                #expect(try browser.address == site.address("super_admins"))
                try browser.checkPage("super-admins")
                try browser.open(site.address("super_admins/new"))
                try browser.checkPage("super-admin-new")
                try browser.type("grace@example.org", into: "#field-email")
                try browser.type("Grace <Hopper>", into: "#field-name")
                try browser.click("main button")
                #expect(try browser.words.contains("Grace <Hopper> is a super admin"))
                try browser.checkPage("super-admin-created")
                try browser.click("main .after a")
                #expect(try browser.words.contains("Keep out"))
                try browser.checkPage("super-admin")
            }
        }
    }

    @Test func anAuthenticatorIsSetUp() async throws {
        try await withConsole { site in
            try await site.browse { browser in
                try browser.open(site.address("profile"))
                #expect(try browser.words.contains("Set up an authenticator"))
                try browser.checkPage("super-admin-profile")
                try browser.open(site.address("profile/authenticator"))
                try browser.checkPage("authenticator")
                try browser.click("main button")
                #expect(try browser.words.contains("Take a picture"))
                try browser.checkPage("enrolment")
                try browser.type("000000", into: "#field-code")
                try browser.click("main .form button[type=submit]")
                #expect(try browser.text("document.activeElement.id") == "field-code")
                try browser.checkPage("enrolment-refused")
            }
        }
    }

    @Test func whoWasNotConfirmedLatelyIsAskedAndTheActGoesOn() async throws {
        try await withConsole { site in
            try await site.world.postgres.execute("update super_admin_sessions set confirmed_at = now() - interval '11 minutes'")
            try await site.browse { browser in
                // Without a script as well.
                try browser.setScripts(false)
                try browser.open(site.address("super_admins/new"))
                try browser.type("grace@example.org", into: "#field-email")
                try browser.type("Grace & Co", into: "#field-name")
                try browser.click("main button")
                #expect(try browser.words.contains("Is it you?"))
                try browser.setScripts(true)
                try browser.checkPage("confirm")
                try browser.setScripts(false)
                try browser.type("Wrong-123", into: "#field-confirmation")
                try browser.click("main button")
                #expect(try browser.words.contains("Wrong password"))
                try browser.type("Correct1!horse", into: "#field-confirmation")
                try browser.click("main button")
                #expect(try browser.words.contains("Grace & Co is a super admin"))
            }
            #expect(try await site.world.count("select count(*) from super_admins where name = 'Grace & Co'") == 1)
        }
    }
}
