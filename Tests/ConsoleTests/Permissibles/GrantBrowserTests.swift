// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Testing
import WebTestSupport

/// From an object's page to an app that is given it, without a script.
@Suite(.serialized) struct GrantBrowserTests {
    @Test func anObjectIsGrantedFromItsOwnPage() async throws {
        try await withConsole { site in
            let (one, two) = (try await site.world.app("One"), try await site.world.app("Help <b>Desk"))
            var draft = UserDraft()
            (draft.name, draft.email) = ("Ada King", "ada@example.org")
            let user = try await site.world.directory.users.create(draft, by: one.caller).id
            try await site.browse { browser in
                try browser.setScripts(false)
                try browser.open(site.address("users/\(user)"))
                try browser.click("main a[href$=\"grants/user/\(user)\"]")
                #expect(try browser.words.contains("Help <b>Desk"))
                try browser.type("desk", into: "input[name=q]")
                try browser.click("main form[role=search] button, main form.filters button")
                #expect(try !browser.words.contains("everything"), "the app that made it is not searched for")
                try browser.setScripts(true)
                try browser.checkPage("grant-search")
                try browser.setScripts(false)
                try browser.click("main form.row button")
                #expect(try browser.address.contains("/users/\(user)?flash=granted"))
                #expect(try browser.words.contains("was granted it"))
                // Then it is to be changed, and not granted once more.
                try browser.open(site.address("grants/user/\(user)"))
                #expect(try browser.evaluate("document.querySelectorAll('main form.row').length") as? Int == 0)
                try browser.open(site.address("grants/user/\(user)?q=nothing"))
                #expect(try browser.words.contains("No Platform Apps match"))
            }
            let permissible = try await site.world.directory.permissibles.show(.user, user, of: two.id, by: .command).permissible
            #expect(permissible?.rights == .read && permissible?.origin == "granted")
            var visitor = site.visitor()
            let token = site.admin.token.formToken
            #expect(try await visitor.post("grants/user/99", ["form_token": token, "app": "1"]).status == 404)
            #expect(try await visitor.post("grants/user/\(user)", ["form_token": token]).status == 422)
            #expect(try await visitor.get("grants/thing/1").status == 404)
        }
    }

    /// Whoever deletes has seen what there is now.
    @Test func aBotThatWasChangedMeanwhileIsNotDeleted() async throws {
        try await withConsole { site in
            var draft = AgentBotDraft()
            draft.name = "Greeter"
            let bots = site.world.directory.agentBots
            let bot = try await bots.create(draft, by: .command).id
            var visitor = site.visitor()
            let page = try await visitor.get("agent_bots/\(bot)")
            draft.name = "Greeter of all"
            _ = try await bots.update(bot, draft, by: .command)
            let refused = try await visitor.submit(page, "agent_bots/\(bot)/delete")
            #expect(refused.status == 412 && refused.body.contains("Somebody else was quicker"))
            #expect(try await bots.show(bot, by: .command).name == "Greeter of all")
            let now = try await visitor.get("agent_bots/\(bot)")
            #expect(try await visitor.submit(now, "agent_bots/\(bot)/delete").status == 303)
            #expect(try await visitor.submit(now, "agent_bots/\(bot)/delete").status == 404)
        }
    }
}
