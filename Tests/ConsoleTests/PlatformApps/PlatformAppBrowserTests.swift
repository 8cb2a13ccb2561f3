// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Testing
import WebTestSupport

/// The pages of Platform Apps, permissibles and tokens in a browser: usable by everybody, and pictured.
@Suite struct PlatformAppBrowserTests {
    @Test func pagesOfApps() async throws {
        try await withConsole { site in
            let (one, two) = (try await site.world.app("Help Desk"), try await site.world.app("Directory sync"))
            try await Self.fill(site, one, two)
            try await site.browse { browser in
                for (name, path) in [
                    ("platform-apps", "platform_apps"), ("platform-app", "platform_apps/\(one.id)"),
                    ("platform-app-end", "platform_apps/\(one.id)/end"), ("app-tokens", "platform_apps/\(one.id)/tokens"),
                    ("permissibles", "platform_apps/\(one.id)/permissibles?kind=user"),
                    ("permissibles-search", "platform_apps/\(two.id)/permissibles?kind=user&q=example"),
                    ("permissibles-empty", "platform_apps/\(two.id)/permissibles?kind=agent_bot"),
                    ("permissible", "platform_apps/\(one.id)/permissibles/user/1"),
                    ("access-tokens", "access_tokens"), ("access-tokens-none", "access_tokens?owner=agent_bot"),
                ] {
                    try browser.open(site.address(path))
                    try browser.checkPage(name)
                }
            }
        }
    }

    @Test func makingRevealingAndRefusing() async throws {
        try await withConsole { site in
            let app = try await site.world.app("Help Desk")
            let token = try #require(app.caller.tokenID)
            try await site.browse { browser in
                try browser.open(site.address("platform_apps/new"))
                try browser.checkPage("platform-app-new")
                try browser.type("Help Desk", into: "input[name=name]")
                try browser.click("main form button")
                #expect(try browser.words.contains("Name has already been taken"))
                try browser.checkPage("platform-app-new-wrong")
                try browser.open(site.address("access_tokens/\(token)"))
                try browser.checkPage("access-token")
                try browser.click("form[action$=reveal] button")
                #expect(try browser.text("document.querySelector('[data-value]').textContent") == app.token)
                try browser.checkPage("access-token-revealed")
                _ = try browser.evaluate("document.querySelector('[data-reveal]').click()")
                #expect(try !browser.words.contains(app.token))
                // By the keyboard to the search for a token.
                try browser.open(site.address("access_tokens"))
                try browser.press("/", code: 191, text: "/")
                #expect(try browser.text("document.activeElement.name") == "token")
            }
        }
    }

    /// Users, an account, a bot, grants and a few tokens.
    private static func fill(_ site: ConsoleSite, _ one: TestApp, _ two: TestApp) async throws {
        for (name, email) in [("Ada King", "ada@example.org"), ("Bob <script>alert(1)</script>", "bob@example.org")] {
            var draft = UserDraft()
            (draft.name, draft.email) = (name, email)
            let user = try await site.world.directory.users.create(draft, by: one.caller)
            if name == "Ada King" {
                try await site.world.directory.permissibles.grant(.user, user.id, to: two.id, .write, by: .command)
            }
        }
        var account = AccountDraft()
        account.name = "Acme"
        _ = try await site.world.directory.accounts.create(account, by: one.caller)
        let tokens = site.world.directory.tokens
        let narrow = try await tokens.issue(to: one.id, scopes: [.usersRead, .accountsRead], expiresIn: 86_400, by: .command)
        _ = try await tokens.rotate(narrow.id, overlap: 3_600, by: .command)
        let spare = try await tokens.issue(to: one.id, by: .command)
        try await tokens.revoke(spare.id, by: .command)
    }
}
