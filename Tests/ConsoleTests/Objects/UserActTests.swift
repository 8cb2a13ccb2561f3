// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing
import WebTestSupport

/// What the pages of users do, over HTTP.
@Suite struct UserActTests {
    @Test func mistakesStandBesideTheirFieldAndNothingTypedIsLost() async throws {
        try await withConsole { site in
            let scene = try await Scene(site.world)
            var visitor = site.visitor()
            var form = try await visitor.get("users/new")
            form = try await visitor.submit(
                form, "users",
                ["name": "Eve <b>", "email": "ada@x.org", "custom_attributes": "{\"a\": 1,\n  oops}", "password": "weakPW"])
            #expect(form.status == 422)
            for words in [
                "Eve &lt;b&gt;", "line 2, column 3", "oops}", "ada@x.org",
                #"aria-describedby="field-custom-attributes-hint field-custom-attributes-error""#,
            ] {
                #expect(form.body.contains(words), "\(words)")
            }
            #expect(!form.body.contains("weakPW"))
            form = try await visitor.submit(form, "users", ["custom_attributes": "", "password": ""])
            #expect(form.status == 422 && form.body.contains("Email has already been taken"))
            form = try await visitor.submit(form, "users", ["email": "eve@x.org", "custom_attributes": #"{"a": 1}"#])
            let page = try await visitor.follow(form)
            #expect(page.body.contains("Created.") && page.body.contains("belongs to no Platform App"))
            #expect(
                try await site.world.count("select count(*) from users where email = 'eve@x.org' and password_hash is null") == 1)
            _ = scene
        }
    }

    @Test func whoWasSlowerLosesNothingAndOverwritesNothing() async throws {
        try await withConsole { site in
            let scene = try await Scene(site.world)
            var visitor = site.visitor()
            let form = try await visitor.get("users/\(scene.ada)/edit")
            var update = UserUpdate()
            update.name = "Ada Lovelace"
            _ = try await site.world.directory.users.update(scene.ada, update, by: scene.app.caller)
            let conflict = try await visitor.submit(
                form, "users/\(scene.ada)", ["name": "Ada Byron", "custom_attributes": #"{"kept": true}"#])
            #expect(
                conflict.status == 412 && conflict.body.contains("somebody changed it") && conflict.body.contains("Ada Byron"))
            #expect(conflict.body.contains("kept"))
            #expect(try await site.world.directory.users.show(scene.ada, by: .command).name == "Ada Lovelace")
            // Now it is known.
            let saved = try await visitor.submit(
                conflict, "users/\(scene.ada)", ["name": "Ada Byron", "custom_attributes": #"{"kept": true}"#])
            #expect(saved.status == 303)
            let user = try await site.world.directory.users.show(scene.ada, by: .command)
            #expect(user.name == "Ada Byron" && user.customAttributes.text == #"{"kept": true}"#)
            // A page of deletion that is out of date deletes nothing.
            let deletion = try await visitor.get("users/\(scene.ada)/delete")
            #expect(deletion.body.contains("Ends 1 membership") && deletion.body.contains("1 access token"))
            _ = try await site.world.directory.users.update(scene.ada, update, by: scene.app.caller)
            #expect(try await visitor.submit(deletion, "users/\(scene.ada)/delete").status == 412)
            #expect(try await site.world.directory.users.show(scene.ada, by: .command).name == "Ada Lovelace")
        }
    }

    @Test func suspensionsAreLiftedByName() async throws {
        try await withConsole { site in
            let scene = try await Scene(site.world)
            var visitor = site.visitor()
            var page = try await visitor.get("users/\(scene.ada)")
            #expect(page.body.contains("Platform App Harbour") && page.body.contains("left"))
            page = try await visitor.follow(try await visitor.submit(page, "users/\(scene.ada)/lift"))
            #expect(page.body.contains("The suspension was lifted."))
            page = try await visitor.follow(try await visitor.submit(page, "users/\(scene.ada)/suspend", ["reason": "audit"]))
            #expect(page.body.contains("Super admin root@example.org") && page.body.contains("audit"))
            let history = try await visitor.get("users/\(scene.ada)/history")
            #expect(history.body.contains("user lift suspension") && history.body.contains("user suspend"))
            #expect(try await visitor.post("users/\(scene.ada)/lift", ["by_kind": "nobody", "by_id": "1"]).status == 403)
            // Of the membership.
            page = try await visitor.get("users/\(scene.ada)/memberships/\(scene.acme)")
            page = try await visitor.follow(try await visitor.submit(page, "memberships/\(scene.acme)/lift"))
            page = try await visitor.follow(
                try await visitor.submit(page, "memberships/\(scene.acme)/suspend", ["reason": "again"]))
            #expect(page.body.contains("again"))
        }
    }

    @Test func membershipsAreAddedChangedAndRemoved() async throws {
        try await withConsole { site in
            let scene = try await Scene(site.world)
            let other = try await site.world.directory.accounts.create(named("Other Harbour"), by: .command)
            var visitor = site.visitor()
            let search = try await visitor.get("users/\(scene.ada)/memberships/new?q=other")
            #expect(search.body.contains("Other Harbour") && !search.body.contains("Choose Acme"))
            let path = "users/\(scene.ada)/memberships/\(other.id)"
            var page = try await visitor.get(path)
            let added = try await visitor.submit(
                page, "memberships/\(other.id)", ["role": "administrator", "availability": "busy"])
            #expect(try await visitor.follow(added).body.contains("Other Harbour"))
            #expect(
                try await site.world.text(
                    "select role || availability || auto_offline from account_users where account_id = \(other.id)")
                    == "administratorbusyfalse")
            page = try await visitor.get(path)
            page = try await visitor.submit(
                page, "memberships/\(other.id)", ["role": "agent", "custom_role_id": "\(scene.role)", "auto_offline": "1"])
            #expect(page.status == 422 && page.body.contains("Custom role must exist"))
            page = try await visitor.get(path)
            #expect(try await visitor.submit(page, "\(other.id)/remove").status == 303)
            #expect(try await site.world.count("select count(*) from account_users where user_id = \(scene.ada)") == 1)
        }
    }

    /// A secret is shown to who proved lately to be there, in the answer itself, and is never kept by the browser.
    @Test func secretsNeedAProof() async throws {
        try await withConsole { site in
            let scene = try await Scene(site.world)
            try await site.world.directory.suspensions.liftAll(on: .user, scene.ada, by: .command)
            try await site.world.postgres.execute("update super_admin_sessions set confirmed_at = now() - interval '11 minutes'")
            var visitor = site.visitor()
            let before = try await site.world.count("select count(*) from login_links")
            for act in ["login_link", "token", "password", "delete"] {
                let page = try await visitor.get(act == "login_link" ? "users/\(scene.ada)" : "users/\(scene.ada)/\(act)")
                let asked = try await visitor.submit(page, "users/\(scene.ada)/\(act)", ["password": "Another1!horse"])
                #expect(
                    asked.status == 403 && asked.body.contains("Is it you?") && !asked.body.contains("Another1!horse"), "\(act)")
            }
            #expect(try await site.world.count("select count(*) from login_links") == before)
            #expect(
                try await site.world.count("select count(*) from users where password_hash is null and deleted_at is null") == 1)

            let page = try await visitor.get("users/\(scene.ada)")
            let asked = try await visitor.submit(page, "login_link")
            let link = try await visitor.submit(asked, "login_link", ["confirmation": "Correct1!horse"])
            #expect(link.status == 200 && link.header("cache-control") == "no-store")
            let token = try #require(link.body.firstMatch(of: /sso_auth_token=([0-9a-f]{64})/)).1
            #expect(
                try await site.world.directory.loginLinks.state(token: String(token), email: "ada@x.org")
                    == .ready(userID: scene.ada, name: "Ada King"))
            // Confirmed now, for ten minutes.
            let former = try await site.world.directory.users.token(scene.ada, by: scene.app.caller).secrets?.accessToken
            let rotated = try await visitor.submit(try await visitor.get("users/\(scene.ada)/token"), "/token")
            let now = try #require(
                try await site.world.directory.users.token(scene.ada, by: scene.app.caller).secrets?.accessToken)
            #expect(former != now && rotated.body.contains(now) && rotated.header("cache-control") == "no-store")
            for path in ["users/\(scene.ada)", "users/\(scene.ada)/history"] {
                let page = try await visitor.get(path)
                #expect(!page.body.contains(now))
            }
        }
    }

    @Test func sessionsAreEnded() async throws {
        try await withConsole { site in
            let scene = try await Scene(site.world)
            var visitor = site.visitor()
            let page = try await visitor.get("users/\(scene.ada)/sessions")
            #expect(page.body.contains("192.0.2.7"))
            #expect(try await visitor.follow(try await visitor.submit(page, "sessions/end")).body.contains("signed in nowhere"))
            #expect(try await site.world.count("select count(*) from sessions") == 0)
        }
    }

    @Test func listsArePagedAndFiltered() async throws {
        try await withConsole { site in
            try await site.world.postgres.execute(
                "insert into users (name, email) select 'User ' || n, 'u' || n || '@x.org' from generate_series(1, 120) n")
            var visitor = site.visitor()
            var (seen, path): (Set<Substring>, String?) = ([], "users")
            var pages = 0
            while let next = path {
                let page = try await visitor.get(next)
                #expect(page.status == 200 && page.body.utf8.count < 100_000)
                seen.formUnion(page.body.matches(of: /u\d+@x\.org/).map(\.0))
                path = page.body.firstMatch(of: /href="([^"]*)" rel="next"/).map { String($0.1).replacing("&amp;", with: "&") }
                pages += 1
            }
            #expect(seen.count == 120 && pages == 3)
            #expect(try await visitor.get("users?q=u117").body.contains("u117@x.org"))
            #expect(try await visitor.get("users?status=suspended").body.contains("No users match"))
            #expect(try await visitor.get("users?account=x").body.contains("No users match"))
            #expect(try await visitor.get("users?cursor=00").status == 200)
            #expect(try await visitor.get("users?q=%00").status < 500)
            #expect(try await visitor.get("users/999999").status == 404)
            #expect(try await visitor.get("users/zero").status == 404)
        }
    }

    private func named(_ name: String) -> AccountDraft {
        var draft = AccountDraft()
        draft.name = name
        return draft
    }
}

extension TestDirectory {
    /// One text that a statement gives.
    fileprivate func text(_ query: PostgresQuery) async throws -> String? {
        try await postgres.query(query).first?.decode(String?.self, at: 0)
    }
}
