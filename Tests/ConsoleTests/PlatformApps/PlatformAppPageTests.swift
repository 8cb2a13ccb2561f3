// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing
import WebTestSupport

/// Platform Apps in the console, without a script.
@Suite struct PlatformAppPageTests {
    /// The token that a page shows.
    static func token(in page: RawAnswer) throws -> String {
        let match = try #require(page.body.firstMatch(of: /data-value>(mst_[a-z]{3}_[0-9A-Za-z]{72})</), "\(page.body)")
        return String(match.1)
    }

    /// Whether the token lets its app in now.
    static func works(_ token: String, _ site: ConsoleSite) async throws -> Bool {
        let caller = try #require(site.world.directory.platformAppCaller(token: token, requestID: nil))
        do {
            try await site.world.directory.authenticate(caller)
            return true
        } catch DirectoryError.invalidAccessToken { return false }
    }

    @Test func anAppIsMadeChangedAndClosed() async throws {
        try await withConsole { site in
            var visitor = site.visitor()
            #expect(try await visitor.get("platform_apps").body.contains("No Platform App yet"))
            let blank = try await visitor.get("platform_apps/new")
            // Faults stand beside their field, and what was typed is kept.
            let refused = try await visitor.submit(
                blank, "platform_apps/new",
                ["name": " ", "calls_per_minute": "many", "reach": "scopes", "expires_in": "7"])
            #expect(refused.status == 422 && refused.body.contains("value=\"many\"") && refused.body.contains("value=\"7\""))
            #expect(refused.body.contains("Name can&#39;t be blank") || refused.body.contains("Name can't be blank"))
            #expect(refused.body.contains("must be a whole number") && refused.body.contains("Scopes can"))
            let created = try await visitor.submit(
                refused, "platform_apps/new",
                [
                    "name": "Help <b>Desk</b>", "calls_per_minute": "", "reach": "scopes", "scopes[]": "users:read",
                    "expires_in": "7",
                ])
            #expect(created.status == 200 && created.header("cache-control") == "no-store")
            let token = try Self.token(in: created)
            #expect(try await Self.works(token, site))
            #expect(!created.body.contains("<b>Desk"))
            let app = try #require(
                try await site.world.directory.platformApps.list(PageRequest(limit: 1), by: .command).items.first)
            #expect(try await site.world.tokens(of: app.id).first?.scopes == ["users:read"])
            // The list never has a token.
            let list = try await visitor.get("platform_apps")
            #expect(list.body.contains("Help &lt;b&gt;Desk") && !list.body.contains(token))

            let page = try await visitor.get("platform_apps/\(app.id)")
            let wrong = try await visitor.submit(
                page, "platform_apps/\(app.id)", ["name": "Desk", "login_link_seconds": "5", "calls_per_minute": "90"])
            #expect(wrong.status == 422 && wrong.body.contains("between 30 and 3600") && wrong.body.contains("value=\"90\""))
            let saved = try await visitor.submit(wrong, "platform_apps/\(app.id)", ["login_link_seconds": "60"])
            #expect(try await visitor.follow(saved).body.contains("Saved."))
            let shown = try await site.world.directory.platformApps.show(app.id, by: .command)
            #expect(shown.name == "Desk" && !shown.settings.revealsUserTokens && shown.settings.callsPerMinute == 90)

            let disabled = try await visitor.submit(page, "platform_apps/\(app.id)/disable")
            let closed = try await visitor.follow(disabled)
            #expect(closed.body.contains("Disabled."))
            #expect(try await !Self.works(token, site))
            _ = try await visitor.submit(closed, "platform_apps/\(app.id)/enable")
            #expect(try await Self.works(token, site))
        }
    }

    /// The acts of the issue: rotated, the former token works until its overlap ends; revoked, it is refused at once.
    @Test func tokensAreIssuedRotatedRevokedAndRevealed() async throws {
        try await withConsole { site in
            var visitor = site.visitor()
            let app = try await site.world.app("Desk")
            let first = try #require(app.caller.tokenID)
            let page = try await visitor.get("access_tokens/\(first)")
            #expect(!page.body.contains(app.token) && page.body.contains(String(app.token.prefix(30))))
            let revealed = try await visitor.submit(page, "access_tokens/\(first)/reveal")
            #expect(try Self.token(in: revealed) == app.token && revealed.header("cache-control") == "no-store")
            let wrong = try await visitor.submit(page, "access_tokens/\(first)/rotate", ["overlap": "soon"])
            #expect(wrong.status == 422 && wrong.body.contains("value=\"soon\""))
            let rotated = try await visitor.submit(wrong, "access_tokens/\(first)/rotate", ["overlap": "24h"])
            let second = try Self.token(in: rotated)
            #expect(try await Self.works(second, site))
            #expect(try await Self.works(app.token, site))
            try await site.world.postgres.execute("update access_tokens set expires_at = now() where id = \(first)")
            #expect(try await !Self.works(app.token, site))
            // Who has found a token somewhere finds its page, and the token is in no address.
            let list = try await visitor.get("access_tokens")
            let found = try await visitor.submit(list, "access_tokens/find", ["token": second])
            #expect(found.status == 303 && found.header("location")?.contains("mst_") == false)
            let itsPage = try await visitor.follow(found)
            let ended = try await visitor.submit(itsPage, "/revoke")
            #expect(try await visitor.follow(ended).body.contains("refused from now on"))
            #expect(try await !Self.works(second, site))
            let none = try await visitor.submit(list, "access_tokens/find", ["token": "mst_app_nothing"])
            #expect(none.status == 422 && none.body.contains("No token of this installation"))

            let issuing = try await visitor.get("platform_apps/\(app.id)/tokens/new")
            let third = try await visitor.submit(issuing, "tokens/new", ["reach": "everything", "expires_in": ""])
            #expect(try await Self.works(try Self.token(in: third), site))
            let tokens = try await visitor.get("platform_apps/\(app.id)/tokens")
            #expect(["Live", "Revoked", "Expired"].allSatisfy { tokens.body.contains($0) } && !tokens.body.contains(second))
            let live = try await visitor.get("access_tokens?owner=platform_app&state=revoked")
            #expect(live.body.contains("Revoked") && !live.body.contains("</span> Live"))
            let trail = try await site.world.count("select count(*) from audit_events where action = 'access_token.reveal'")
            #expect(trail == 1)
        }
    }

    /// The acts of the issue: granted with `read` the second app reads it and nothing else; with `write`; taken away.
    @Test func anObjectIsGrantedAndTakenAway() async throws {
        try await withConsole { site in
            var visitor = site.visitor()
            let (one, two) = (try await site.world.app("One"), try await site.world.app("Two"))
            var draft = AccountDraft()
            draft.name = "Acme & Sons"
            let acme = try await site.world.directory.accounts.create(draft, by: one.caller)
            let accounts = site.world.directory.accounts
            func mayWrite() async throws -> Bool {
                do {
                    _ = try await accounts.update(acme.id, draft, by: two.caller)
                    return true
                } catch DirectoryError.nonPermissible { return false }
            }
            let list = "platform_apps/\(two.id)/permissibles"
            let found = try await visitor.get("\(list)?kind=account&q=acme")
            let place = "\(list)/account/\(acme.id)"
            #expect(found.body.contains("Acme &amp; Sons") && found.body.contains(place) && found.body.contains("not reached"))
            let page = try await visitor.get(place)
            let granted = try await visitor.submit(page, place)
            #expect(try await visitor.follow(granted).body.contains("Granted."))
            #expect(try await accounts.show(acme.id, by: two.caller).name == "Acme & Sons")
            #expect(try await !mayWrite())
            await #expect(throws: DirectoryError.nonPermissible) { try await accounts.delete(acme.id, by: two.caller) }
            _ = try await visitor.submit(page, place, ["rights[]": "write"])
            #expect(try await mayWrite())
            await #expect(throws: DirectoryError.nonPermissible) { try await accounts.delete(acme.id, by: two.caller) }
            let now = try await visitor.get(place)
            #expect(now.body.contains("was granted it") && now.body.contains("value=\"write\" checked"))
            let taken = try await visitor.submit(now, place + "/revoke")
            #expect(try await visitor.follow(taken).status == 200)
            await #expect(throws: DirectoryError.nonPermissible) { try await accounts.show(acme.id, by: two.caller) }
            // From the app that made it to the other one.
            let own = "platform_apps/\(one.id)/permissibles/account/\(acme.id)"
            let making = try await visitor.get(own)
            #expect(making.body.contains("created it"))
            let unsaid = try await visitor.submit(making, own + "/transfer", ["transfer_to": ""])
            #expect(unsaid.status == 422 && unsaid.body.contains("Choose an app"))
            _ = try await visitor.submit(making, own + "/transfer", ["transfer_to": "\(two.id)"])
            #expect(try await mayWrite())
            #expect(try await visitor.get("\(list)/account/99999").status == 404)
            #expect(try await visitor.get("\(list)/planet/1").status == 404)
        }
    }

    @Test func deletionSaysHowManyAndDestroysNothing() async throws {
        try await withConsole { site in
            var visitor = site.visitor()
            let (one, two) = (try await site.world.app("One"), try await site.world.app("Two"))
            var draft = UserDraft()
            (draft.name, draft.email) = ("Ada", "ada@example.org")
            let ada = try await site.world.directory.users.create(draft, by: one.caller)
            let page = try await visitor.get("platform_apps/\(one.id)/end")
            #expect(page.body.contains("0 accounts, 1 user, 0 agent bots live on") && page.body.contains("1 live token"))
            for choice in ["", "nobody", "0", "\(one.id)"] {
                let refused = try await visitor.submit(page, "/delete", ["objects_to": choice])
                #expect(refused.status == 422 || refused.status == 404, "\(choice): \(refused.status)")
            }
            #expect(try await site.world.directory.users.show(ada.id, by: one.caller).id == ada.id)
            let transferred = try await visitor.submit(page, "/transfer", ["transfer_to": "\(two.id)"])
            #expect(try await visitor.follow(transferred).body.contains("Transferred."))
            #expect(try await site.world.directory.users.show(ada.id, by: two.caller).id == ada.id)
            let ended = try await visitor.submit(
                try await visitor.get("platform_apps/\(two.id)/end"), "/delete", ["objects_to": "release"])
            #expect(try await visitor.follow(ended).body.contains("Deleted."))
            #expect(try await site.world.directory.users.show(ada.id, by: site.admin.caller).id == ada.id)
            #expect(try await visitor.get("platform_apps/\(two.id)").status == 404)
        }
    }

    /// What reveals or cannot be undone asks for the password first, and goes on with it.
    @Test func secretsAndEndsAskForProof() async throws {
        try await withConsole { site in
            var visitor = site.visitor()
            let app = try await site.world.app("Desk")
            let id = try #require(app.caller.tokenID)
            let page = try await visitor.get("access_tokens/\(id)")
            let end = try await visitor.get("platform_apps/\(app.id)/end")
            let creation = try await visitor.get("platform_apps/new")
            try await site.world.postgres.execute("update super_admin_sessions set confirmed_at = now() - interval '11 minutes'")
            for (form, action) in [
                (page, "/reveal"), (page, "/rotate"), (page, "/revoke"), (end, "/delete"), (creation, "platform_apps/new"),
            ] {
                let asked = try await visitor.submit(form, action)
                #expect(
                    asked.status == 403 && asked.body.contains("Is it you?") && !asked.body.contains("data-value>"), "\(action)")
            }
            #expect(try await Self.works(app.token, site))
            let asked = try await visitor.submit(page, "/reveal")
            let revealed = try await visitor.submit(asked, "/reveal", ["confirmation": "Correct1!horse"])
            #expect(try Self.token(in: revealed) == app.token)
        }
    }

    /// A form that another site sends, and one without our token, do nothing.
    @Test func foreignFormsDoNothing() async throws {
        try await withConsole { site in
            var visitor = site.visitor()
            let app = try await site.world.app("Desk")
            let id = try #require(app.caller.tokenID)
            let page = try await visitor.get("access_tokens/\(id)")
            for action in [
                "platform_apps/new", "platform_apps/\(app.id)", "platform_apps/\(app.id)/disable",
                "platform_apps/\(app.id)/transfer",
                "platform_apps/\(app.id)/delete", "platform_apps/\(app.id)/tokens/new", "access_tokens/\(id)/reveal",
                "access_tokens/\(id)/rotate", "access_tokens/\(id)/revoke", "platform_apps/\(app.id)/permissibles/user/1",
            ] {
                #expect(try await visitor.post(action, ["objects_to": "release", "name": "X"]).status == 403, "\(action)")
                var stranger = site.stranger()
                let refused = try await stranger.post(action, ["objects_to": "release"])
                #expect(refused.status == 303 || refused.status == 403, "\(action)")
            }
            let foreign = try await visitor.submit(page, "/revoke", headers: [("Sec-Fetch-Site", "cross-site")])
            #expect(foreign.status == 403)
            #expect(try await Self.works(app.token, site))
        }
    }
}
