// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Testing
import WebTestSupport

/// What the pages of accounts and agent bots do, over HTTP.
@Suite struct AccountActTests {
    @Test func accountsAreMadeChangedAndDeleted() async throws {
        try await withConsole { site in
            var visitor = site.visitor()
            let typed: KeyValuePairs = [
                "name": "Acme", "locale": "de", "limit_agents": "many", "custom_attributes": "[1]", "features[]": "audit_logs",
            ]
            var form = try await visitor.submit(try await visitor.get("accounts/new"), "accounts", typed)
            #expect(form.status == 422 && form.body.contains("A whole number") && form.body.contains("must be an object"))
            #expect(form.body.contains(#"value="many""#) && form.body.contains(#"<option value="de" selected>"#))
            form = try await visitor.submit(
                form, "accounts",
                ["name": "Acme", "locale": "de", "limit_agents": "3", "custom_attributes": "", "features[]": "audit_logs"])
            let page = try await visitor.follow(form)
            #expect(page.body.contains("audit logs") && !page.body.contains("inbox management"))
            let id = try #require(page.body.firstMatch(of: /accounts\/(\d+)\/edit/)).1
            let account = try await site.world.directory.accounts.show(#require(Int64(id)), by: .command)
            #expect(account.features == ["audit_logs"] && account.limits.text == #"{"agents": 3}"# && account.locale == "de")

            var shown = try await visitor.submit(page, "\(id)/suspend", ["reason": "unpaid"])
            shown = try await visitor.follow(shown)
            #expect(shown.body.contains("unpaid") && shown.body.contains("suspended"))
            shown = try await visitor.follow(try await visitor.submit(shown, "\(id)/restore"))
            #expect(shown.body.contains("its members can work"))
            #expect(try await visitor.submit(try await visitor.get("accounts/\(id)/delete"), "\(id)/delete").status == 303)
            #expect(try await visitor.get("accounts/\(id)").status == 404)
        }
    }

    @Test func customRolesAreMadeChangedAndDeleted() async throws {
        try await withConsole { site in
            let scene = try await Scene(site.world)
            var visitor = site.visitor()
            let root = "accounts/\(scene.acme)/custom_roles"
            var form = try await visitor.submit(try await visitor.get("\(root)/new"), "custom_roles", ["name": "Reporter"])
            #expect(form.status == 422 && form.body.contains("Name has already been taken"))
            form = try await visitor.submit(form, "custom_roles", ["name": "Helper", "permissions[]": "contact_manage"])
            #expect(try await visitor.follow(form).body.contains("contact manage"))
            let page = try await visitor.get("\(root)/\(scene.role)")
            #expect(try await visitor.submit(page, "/\(scene.role)", ["name": "Reader", "description": ""]).status == 303)
            #expect(
                try await site.world.directory.customRoles.show(scene.role, accountID: scene.acme, by: .command).permissions == []
            )
            #expect(try await visitor.submit(page, "/\(scene.role)/delete").status == 303)
            #expect(try await visitor.get("\(root)/\(scene.role)").status == 404)
        }
    }

    @Test func botsAreMadeChangedAndDeleted() async throws {
        try await withConsole { site in
            let scene = try await Scene(site.world)
            var visitor = site.visitor()
            var form = try await visitor.submit(
                try await visitor.get("agent_bots/new"), "agent_bots",
                ["name": "Bot", "account_id": "999999", "avatar_url": "javascript:1", "description": ""])
            #expect(form.status == 422)
            form = try await visitor.submit(form, "agent_bots", ["avatar_url": "", "description": ""])
            #expect(form.status == 422 && form.body.contains("There is no such account"))
            form = try await visitor.submit(form, "agent_bots", ["account_id": "\(scene.acme)", "description": ""])
            #expect(try await visitor.follow(form).body.contains("Acme"))
            let edit = try await visitor.get("agent_bots/\(scene.bot)/edit")
            let first = try await visitor.submit(edit, "agent_bots/\(scene.bot)", ["name": "First", "description": ""])
            let second = try await visitor.submit(edit, "agent_bots/\(scene.bot)", ["name": "Second", "description": ""])
            #expect(first.status == 303 && second.status == 412 && second.body.contains("Second"))
            #expect(try await visitor.submit(try await visitor.get("agent_bots/\(scene.bot)"), "delete").status == 303)
            #expect(try await visitor.get("agent_bots/\(scene.bot)").status == 404)
        }
    }
}
