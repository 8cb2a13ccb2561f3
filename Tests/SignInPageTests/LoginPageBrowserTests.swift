// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Postgres
import Testing
import WebTestSupport

/// The page behind a login link in a real browser.
@Suite(.serialized) struct LoginPageBrowserTests {
    static let button = "button[type=submit]"

    @Test func aClickSignsInAndTheAddressBarIsCleared() async throws {
        try await LiveSite.with { site in
            try await Chromium.run { browser in
                try browser.open(site.address + site.ada[0])
                #expect(try browser.words.contains("Continue as Ada Lovelace"))
                #expect(try browser.address == site.address + "/app/login")
                let history = try browser.send("Page.getNavigationHistory")["entries"] as? [[String: Any]] ?? []
                #expect(!history.isEmpty && !history.contains { "\($0["url"] ?? "")".contains("token") })

                try browser.click(Self.button)
                #expect(try browser.address == site.address + "/app/login")
                #expect(try browser.words.contains("You are signed in"))
                #expect(try browser.words.contains("Harbour & Vale") && browser.words.contains("Administrator"))
                #expect(try browser.evaluate("document.cookie") as? String == "", "no script sees the cookies")

                // The same link again leads home; somebody else's asks first.
                try browser.open(site.address + site.ada[0])
                #expect(try browser.words.contains("You are signed in"))
                try browser.open(site.address + site.bob[0])
                #expect(try browser.words.contains("You are signed in as Ada Lovelace"))
                try browser.click("a.button")
                #expect(try browser.words.contains("ada@example.org"))
                try browser.open(site.address + site.bob[0])
                try browser.click(Self.button)
                #expect(try browser.words.contains("bob@example.org") && browser.words.contains("No account is open to you"))

                try browser.click(Self.button)
                #expect(try browser.words.contains("You are signed out.") && browser.address == site.address + "/app/login")
                try Self.expectNothingBlocked(browser)
                // No address that anything was asked for tells another where it came from.
                let sent = browser.events.filter { $0.name == "Network.requestWillBeSentExtraInfo" }
                    .compactMap { $0.parameters["headers"] as? [String: String] }
                #expect(sent.count > 5 && sent.allSatisfy { !$0.keys.contains { $0.lowercased() == "referer" } }, "\(sent)")
            }
            #expect(try await site.world.count("select count(*) from sessions") == 0)
            #expect(try await site.world.count("select count(*) from login_links where redeemed_at is not null") == 2)
        }
    }

    @Test func itWorksByKeyboardAndWithoutScripts() async throws {
        try await LiveSite.with { site in
            try await Chromium.run { browser in
                try browser.send("Emulation.setScriptExecutionDisabled", ["value": true])
                try browser.open(site.address + site.ada[0])
                try browser.press("Tab", code: 9)
                try browser.arriving { try browser.press("Enter", code: 13, text: "\r") }
                #expect(try browser.words.contains("You are signed in") && browser.address == site.address + "/app/login")
                try browser.click(Self.button)
                #expect(try browser.words.contains("You are signed out."))

                // By password.
                for text in ["ada@example.org", LiveSite.password] {
                    try browser.press("Tab", code: 9)
                    try browser.send("Input.insertText", ["text": text])
                }
                try browser.arriving { try browser.press("Enter", code: 13, text: "\r") }
                #expect(try browser.words.contains("You are signed in"))
            }
        }
    }

    @Test func anotherSitesFormSignsNobodyIn() async throws {
        try await LiveSite.with { site in
            try await Chromium.run { browser in
                // The victim has been here, so that the cookie is there to be ridden on; localhost is another site.
                try browser.open(site.address + "/app/login")
                try browser.open(site.foreignAddress + "/app/login.css")
                let fields = "[['email','bob@example.org'],['sso_auth_token','\(site.bob[0].suffix(64))'],['form_token','x']]"
                try browser.arriving {
                    _ = try browser.evaluate(
                        """
                        (() => { const f = document.createElement('form'); f.method = 'post'; f.action = '\(site.address)/app/login';
                        for (const [name, value] of \(fields)) {
                            const i = document.createElement('input'); i.name = name; i.value = value; f.append(i); }
                        document.body.append(f); f.submit(); })()
                        """)
                }
                #expect(try browser.address == site.address + "/app/login" && browser.words.contains("Nothing was done"))
                // Nor does the page show in a frame.
                try browser.open(site.foreignAddress + "/app/login.css")
                try browser.hearing("Log.entryAdded", with: "frame-ancestors") {
                    _ = try browser.evaluate(
                        "(() => { const f = document.createElement('iframe'); f.src = '\(site.address)/app/login'; "
                            + "document.body.append(f) })()")
                }
            }
            #expect(try await site.world.count("select count(*) from sessions") == 0)
        }
    }

    @Test func everyPageFitsEveryWidthInLightAndDark() async throws {
        try await LiveSite.with { site in
            _ = try await site.world.postgres.execute(
                """
                update login_links set expires_at = now() - interval '1 second'
                where id = (select max(id) from login_links)
                """)
            try await Chromium.run { browser in
                func look(_ name: String, _ target: String?) throws {
                    for (width, dark) in [(1280, false), (1280, true), (375, false), (375, true), (320, false)] {
                        try browser.setView(width: width, dark: dark)
                        if let target { try browser.open(site.address + target) }
                        try browser.screenshot("login-\(name)-\(width)-\(dark ? "dark" : "light")")
                        #expect(try browser.evaluate("document.documentElement.scrollWidth") as? Int ?? 9999 <= width, "\(name)")
                        let small = try browser.text(
                            "[...document.querySelectorAll('button, a, input:not([type=hidden])')]"
                                + ".filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML).join()")
                        #expect(small == "", "\(name)")
                        #expect(try browser.evaluate(Self.faintest) as? Double ?? 0 >= 4.5, "\(name), dark: \(dark)")
                    }
                    let things = try browser.accessibleThings()
                    #expect(things.contains { $0.hasPrefix("heading ") } && things.contains { $0.hasPrefix("main") }, "\(things)")
                    for thing in things where ["button ", "textbox ", "link ", "heading "].contains(thing) {
                        Issue.record("\(name): a \(thing)without a name")
                    }
                }
                try look("form", "/app/login")
                try look("unknown", "/app/login?email=a&sso_auth_token=b")
                try look("expired", site.bob[2])
                try look("confirm", site.ada[0])
                try browser.click(Self.button)
                try look("home", nil)
                try look("other", site.bob[0])
                try look("other-form", "/app/login?as=other")
                try browser.open(site.address + site.bob[0])
                try browser.click(Self.button)
                try look("no-account", nil)
                try look("used", site.ada[0])
                try Self.expectNothingBlocked(browser)
            }
        }
    }

    // MARK: - Support

    /// The browser found nothing that the page's own policy forbids, and nothing else to complain about.
    private static func expectNothingBlocked(_ browser: Chromium) throws {
        let complaints = browser.events.filter { ["Log.entryAdded", "Runtime.exceptionThrown"].contains($0.name) }
            .map { "\($0.parameters)" }
            // An answer of 4xx is one, and meant; nobody links to an icon.
            .filter { !$0.contains("Failed to load resource") }
        #expect(complaints == [])
    }

    /// The least contrast of any text with what is behind it, as WCAG counts it.
    private static let faintest = """
        (() => {
            const parse = c => { const v = c.match(/[0-9.]+/g).map(Number); return v.length < 4 ? [...v, 1] : v };
            const light = c => { const v = c.slice(0, 3).map(x => x / 255).map(x => x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4);
                return .2126 * v[0] + .7152 * v[1] + .0722 * v[2] };
            const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
                if (c[3] === 1) return c } return [255, 255, 255, 1] };
            let least = 21;
            for (const e of document.querySelectorAll('body *')) {
                if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
                const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
                least = Math.min(least, (a + .05) / (b + .05));
            }
            return least;
        })()
        """
}
