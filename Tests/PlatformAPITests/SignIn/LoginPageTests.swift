// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

@testable import PlatformAPI

/// The page behind a login link, as people meet it: pain 6 of the contract's section 11.
@Suite struct LoginPageTests {
    @Test func aLinkIsContinuedByAClick() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newPerson("ada@example.org", name: "Ada <script>&\\\"x\\\"")
            try await app.join(user, to: try await app.newAccount("Harbour & Vale"), role: "administrator")
            var browser = Browser(app)
            let page = try await browser.get(try await app.link(user).target)
            #expect(page.status == 200 && page.body.contains("Continue as Ada &lt;script&gt;&amp;"), "\(page)")
            #expect(!page.body.contains("<script>&"))
            #expect(browser.session == nil)
            let answer = try await browser.submit(page)
            #expect(answer.status == 303 && answer.headers["location"] == "login" && answer.body.isEmpty)
            #expect(browser.session != nil)
            let home = try await browser.get("/app/login")
            #expect(home.status == 200 && home.body.contains("You are signed in") && home.body.contains("Harbour &amp; Vale"))
            #expect(home.body.contains("Administrator"))

            let out = try await browser.submit(home)
            #expect(out.status == 303 && out.headers["location"] == "login?signed_out=1" && browser.session == nil)
            #expect(try await browser.get("/app/login?signed_out=1").body.contains("You are signed out."))
            #expect(try await api.count("select count(*) from sessions") == 0)
        }
    }

    @Test func itAsksBeforeItReplacesASession() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (ada, bob) = (
                try await app.newPerson("ada@example.org", name: "Ada"), try await app.newPerson("bob@example.org", name: "Bob")
            )
            var browser = Browser(app)
            _ = try await browser.submit(try await browser.get(try await app.link(ada).target))
            let before = browser.session

            let link = try await app.link(bob)
            let page = try await browser.get(link.target)
            #expect(page.body.contains("Stay signed in as Ada") && page.body.contains("Continue as Bob"))
            // A form that was opened before Ada signed in does not know of her: asked, not done.
            let token = try #require(browser.cookie("muster_form"))
            let asked = try await browser.post(
                "/app/login", "form_token=\(token)&\(link.fields)")
            #expect(asked.status == 200 && asked.body.contains("Stay signed in as Ada") && browser.session == before)
            #expect(try await api.count("select count(*) from login_links where redeemed_at is null") == 1)
            #expect(try await browser.get("/app/login").body.contains("ada@example.org"))

            #expect(try await browser.submit(page).status == 303)
            #expect(browser.session != before)
            #expect(try await browser.get("/app/login").body.contains("bob@example.org"))
            #expect(try await api.count("select count(*) from sessions where user_id = \(ada)") == 0)
            #expect(
                try await api.count(
                    "select count(*) from audit_events where action = 'user.sign_out' and actor = 'user' and subject_id = \(ada)")
                    == 1)

            // A link of one's own asks nothing, and leaves one session.
            let own = try await browser.get(try await app.link(bob).target)
            #expect(!own.body.contains("Stay signed in"))
            #expect(try await browser.submit(own).status == 303)
            #expect(try await api.count("select count(*) from sessions") == 1)
            // By password it is the same.
            let form = try await browser.get("/app/login?as=other")
            #expect(form.body.contains("Stay signed in as Bob"))
            let switched = try await browser.submit(form, "email=ada%40example.org&password=Harbour1!")
            #expect(switched.status == 303)
            #expect(try await browser.get("/app/login").body.contains("ada@example.org"))
        }
    }

    @Test func eachLinkThatFailsSaysWhy() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newPerson("ada@example.org")
            var browser = Browser(app)
            func page(_ target: String, _ status: Int, _ text: String, _ location: SourceLocation = #_sourceLocation) async throws
            {
                var browser = Browser(app)
                let answer = try await browser.get(target)
                #expect(answer.status == status && answer.body.contains(text), "\(answer)", sourceLocation: location)
                #expect(
                    answer.body.contains(#"role="alert""#) && !answer.body.contains("ada@example.org"), sourceLocation: location)
            }
            let used = try await app.link(user)
            let opened = try await browser.get(used.target)
            #expect(try await browser.submit(opened).status == 303)
            try await page(used.target, 410, "was used already")
            // Whoever was signed in with it is led on, also by a second click.
            #expect(try await browser.get(used.target).status == 303)
            var other = Browser(app)
            other.cookies["__Host-muster_form"] = String(
                try #require(opened.body.firstMatch(of: /name="form_token" value="([^"]+)"/)).1)
            let second = try await other.submit(opened)
            #expect(second.status == 410 && other.session == nil)

            let expired = try await app.link(user)
            try await api.execute("update login_links set expires_at = now() where redeemed_at is null")
            try await page(expired.target, 410, "has expired")
            let revoked = try await app.link(user)
            _ = try await app.delete("/users/\(user)/login")
            try await page(revoked.target, 410, "was withdrawn")
            let open = try await app.link(user)
            try await page(
                "/app/login?email=\(open.email)&sso_auth_token=\(String(repeating: "0", count: 64))", 404, "is not known")
            // The right token with another address says no more than a wrong token.
            try await page("/app/login?email=bob%40example.org&sso_auth_token=\(open.token)", 404, "is not known")
            try await page("/app/login?email=%27&sso_auth_token=%27--", 404, "is not known")
            for cut in [
                open.fields + "%00", String(open.fields.dropLast()), "email=\(open.email)&sso_auth_token=", "sso_auth_token",
            ] {
                try await page("/app/login?\(cut)", 404, "is not known")
            }
            try await page("/app/login?email=%00&sso_auth_token=\(open.token)", 404, "is not known")
            _ = try await app.post("/users/\(user)/suspend", "{}")
            try await page(open.target, 403, "is suspended")
            _ = try await app.post("/users/\(user)/restore", "{}")
            // Its app may no longer act as the user.
            try await api.execute("update platform_app_permissibles set rights = 3 where kind = 'user'")
            try await page(open.target, 410, "was withdrawn")
            try await api.execute("update platform_app_permissibles set rights = 15 where kind = 'user'")
            _ = try await app.delete("/users/\(user)")
            try await page(open.target, 404, "is not known")
            var reader = Browser(app)
            let broken = try await reader.get("/app/login?email=%zz")
            #expect(broken.status == 400 && broken.body.contains("could not be read"))
        }
    }

    @Test func aSlashTooManyIsTakenAway() async throws {
        try await withInstallation { api in
            var browser = Browser(api.stranger)
            let answer = try await browser.get("/app/login/?email=a&sso_auth_token=b")
            #expect(answer.status == 303 && answer.headers["location"] == "../login?email=a&sso_auth_token=b", "\(answer)")
            #expect(answer.headers["referrer-policy"] == "no-referrer" && answer.headers["cache-control"] == "no-store")
        }
    }

    @Test func aUserWithoutAnyAccountIsTold() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newPerson("ada@example.org")
            var browser = Browser(app)
            _ = try await browser.submit(try await browser.get(try await app.link(user).target))
            let home = try await browser.get("/app/login")
            #expect(home.status == 200 && home.body.contains("No account is open to you"))
            let account = try await app.newAccount("Closed")
            try await app.join(user, to: account)
            #expect(!(try await browser.get("/app/login").body.contains("No account is open to you")))
            _ = try await app.patch("/accounts/\(account)", #"{"status":"suspended"}"#)
            let page = try await browser.get("/app/login")
            #expect(page.body.contains("No account is open to you") && !page.body.contains("Closed"))
        }
    }

    @Test func aSessionEndsWithItsUser() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newPerson("ada@example.org")
            for end in ["suspend", "sessions", "password"] {
                var browser = Browser(app)
                _ = try await browser.submit(try await browser.get(try await app.link(user).target))
                #expect(try await browser.get("/app/login").body.contains("You are signed in"))
                switch end {
                case "suspend": _ = try await app.post("/users/\(user)/suspend", "{}")
                case "sessions": _ = try await app.delete("/users/\(user)/sessions")
                default: _ = try await app.patch("/users/\(user)", #"{"password":"Another1!"}"#)
                }
                let page = try await browser.get("/app/login")
                #expect(page.status == 200 && page.body.contains("Password"), "\(end)")
                if end == "suspend" { _ = try await app.post("/users/\(user)/restore", "{}") }
            }
        }
    }

    @Test func theFormTakesPasswords() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            _ = try await app.newPerson("ada@example.org")
            var browser = Browser(app)
            let form = try await browser.get("/app/login")
            let wrong = try await browser.submit(form, "email=ada%40example.org&password=nope")
            #expect(wrong.status == 401 && wrong.body.contains("E-mail or password is wrong."))
            #expect(wrong.body.contains(#"value="ada@example.org""#) && !wrong.body.contains("nope"))
            for _ in 0..<4 { _ = try await browser.submit(form, "email=ada%40example.org&password=nope") }
            let throttled = try await browser.submit(form, "email=ada%40example.org&password=Harbour1!")
            #expect(throttled.status == 429 && throttled.body.contains("Try again in 5 minutes."))
            #expect(throttled.headers["retry-after"] != nil && browser.session == nil)
            try await api.execute("delete from sign_in_failures")
            #expect(try await browser.submit(form, "email=%20ADA%40example.org&password=Harbour1!").status == 303)
            #expect(try await browser.get("/app/login").body.contains("You are signed in"))
        }
    }
}
