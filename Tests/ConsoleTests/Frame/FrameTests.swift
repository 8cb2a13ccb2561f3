// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing
import WebTestSupport

/// The frame around every page.
struct FrameTests {
    @Test func itStandsAroundEveryPage() async throws {
        try await withConsole { site in
            try await site.browse { browser in
                try browser.open(site.address())
                #expect(try browser.words.contains("Overview"))
                try browser.checkPage("overview")
                try browser.press("?", code: 191, text: "?")
                #expect(try browser.evaluate("document.getElementById('help').open") as? Bool == true)
                try browser.screenshot("help")
                try browser.setView(width: 375)
                try browser.open(site.address("nowhere"))
                #expect(try browser.words.contains("Not found"))
                try browser.checkPage("not-found")
                try browser.setView(width: 375)
                // The menu opens without a script.
                try browser.setScripts(false)
                try browser.open(site.address("profile"))
                #expect(try browser.evaluate("document.querySelector('.side nav').checkVisibility()") as? Bool == false)
                let opened = "document.querySelector('.menu').click(), document.querySelector('.side nav').checkVisibility()"
                #expect(try browser.evaluate(opened) as? Bool == true)
                try browser.screenshot("menu-375-light")
            }
        }
    }

    @Test func anActThatIsAskedForLeadsToThePageAbove() async throws {
        try await withConsole { site in
            var admin = site.visitor()
            let other = try await site.world.superAdmin("other@example.org")
            let answer = try await admin.get("super_admins/\(other.id)/disable")
            #expect(answer.status == 303 && answer.header("location") == "/super_admin/super_admins/\(other.id)")
            #expect(try await admin.get("super_admins/0").status == 404)
            #expect(try await admin.get("super_admins/999").body.contains("<h1>Not found</h1>"))
            #expect(try await admin.get("api/v1/nothing").header("content-type")?.hasPrefix("application/json") == true)
        }
    }

    @Test func whatWasTypedIsTextEverywhere() async throws {
        try await withConsole { site in
            let name = "\"'><script>alert(1)</script>{{frame.formToken}}\u{301}"
            try await site.world.postgres.execute("update super_admins set name = \(name)")
            var admin = site.visitor()
            for path in ["", "profile", "super_admins", "super_admins/\(site.admin.id)", "nowhere?flash=<script>"] {
                let page = try await admin.get(path)
                #expect(!page.body.contains("<script>") && page.body.contains("&lt;script&gt;alert(1)"), "\(path)")
                #expect(page.body.contains("{{frame.formToken"), "what is shown is no template")
            }
        }
    }

    @Test func aSessionThatEndedIsNone() async throws {
        try await withConsole { site in
            var admin = site.visitor()
            #expect(try await admin.submit(try await admin.get(""), "/sign_out").status == 303)
            admin.cookies["muster_admin"] = site.admin.token.cookie
            let answer = try await admin.get("profile")
            #expect(
                answer.status == 303 && answer.header("location") == "/super_admin/sign_in?return_to=%2Fsuper_admin%2Fprofile")
            #expect(try await admin.post("profile", ["form_token": site.admin.token.formToken, "name": "Mallory"]).status == 303)
            #expect(try await site.world.count("select count(*) from super_admins where name = 'Mallory'") == 0)
        }
    }
}
