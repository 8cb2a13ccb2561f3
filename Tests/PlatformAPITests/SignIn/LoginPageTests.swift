// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

@testable import PlatformAPI

/// The page behind a login link, as browsers, scanners and other sites meet it: weakness 9 of the contract's section 10, and
/// pain 6 of section 11.
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

    @Test func scannersOfLinksAchieveNothing() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let link = try await app.link(try await app.newPerson("ada@example.org"))
            for method in ["GET", "HEAD", "OPTIONS", "GET", "PUT", "DELETE"] {
                var scanner = Browser(app)
                let answer = try await scanner.ask(method, link.target)
                #expect(
                    answer.status == (["PUT", "DELETE"].contains(method) ? 405 : method == "OPTIONS" ? 204 : 200), "\(answer)")
                #expect(scanner.session == nil)
            }
            #expect(try await api.count("select count(*) from login_links where redeemed_at is null") == 1)
            var browser = Browser(app)
            #expect(try await browser.submit(try await browser.get(link.target)).status == 303)
        }
    }

    @Test(arguments: [false, true]) func headersAndCookies(isSecure: Bool) async throws {
        let publicURL = isSecure ? "https://muster.example/base" : "http://muster.example"
        try await withInstallation(publicURL: publicURL) { api in
            let app = try await api.app("One")
            let link = try await app.link(try await app.newPerson("ada@example.org"))
            var browser = Browser(app)
            let page = try await browser.get(link.target)
            for answer in [
                page, try await browser.get("/app/login"), try await browser.get("/app/login?email=a&sso_auth_token=b"),
            ] {
                #expect(answer.headers["referrer-policy"] == "no-referrer" && answer.headers["cache-control"] == "no-store")
                #expect(answer.headers["content-type"] == "text/html; charset=utf-8")
                #expect(answer.headers["x-frame-options"] == "DENY")
                let policy = try #require(answer.headers["content-security-policy"])
                #expect(
                    policy.hasPrefix("default-src 'none';") && !policy.contains("unsafe")
                        && policy.contains("frame-ancestors 'none'"))
                // Nothing inline, nothing from elsewhere.
                #expect(!answer.body.contains("style=") && !answer.body.contains("onclick") && !answer.body.contains("<script>"))
                #expect(answer.body.firstMatch(of: /(src|href|action)="(https?:)?\/\//) == nil)
            }
            let set = try #require(page.headers["set-cookie"])
            let prefix = isSecure ? "__Host-" : ""
            let attributes = "; Path=/; HttpOnly; SameSite=Lax" + (isSecure ? "; Secure" : "")
            #expect(set.hasPrefix("\(prefix)muster_form=") && set.hasSuffix(attributes), "\(set)")
            let signedIn = try await browser.submit(page)
            let lines = try #require(signedIn.headers["set-cookie"]).split(separator: "\n")
            #expect(lines.count == 2 && lines[1].hasPrefix("\(prefix)muster_form=; Path=/; Max-Age=0"), "\(lines)")
            let session = try #require(
                lines[0].wholeMatch(
                    of: /(.*)muster_session=[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{22}; Path=\/; Max-Age=([0-9]+); (.*)/))
            #expect(session.1 == prefix && "; Path=/; " + session.3 == attributes, "\(lines[0])")
            // Two months, as the session itself has.
            #expect((59 * 86_400 - 60...62 * 86_400).contains(try #require(Int(session.2))))
            #expect(signedIn.headers["cache-control"] == "no-store" && signedIn.headers["referrer-policy"] == "no-referrer")
        }
    }

    @Test func styleAndScriptAreKeptUnderTheirVersionOnly() async throws {
        try await withInstallation { api in
            var browser = Browser(api.stranger)
            let page = try await browser.get("/app/login")
            for (name, type) in [("login.css", "text/css; charset=utf-8"), ("login.js", "text/javascript; charset=utf-8")] {
                let named = try #require(
                    page.body.firstMatch(of: try Regex("\"(\(name)\\?v=[0-9a-z]+)\"", as: (Substring, Substring).self)))
                let asset = try await browser.get("/app/\(named.1)")
                #expect(asset.status == 200 && asset.headers["content-type"] == type && asset.body.utf8.count > 200)
                #expect(asset.headers["cache-control"] == "public, max-age=31536000, immutable")
                #expect(asset.headers["set-cookie"] == nil && asset.headers["x-content-type-options"] == "nosniff")
                // Of a daemon beside this one that has another version.
                for query in ["", "?v=other", "?v="] {
                    let other = try await browser.get("/app/\(name)\(query)")
                    #expect(other.body == asset.body && other.headers["cache-control"] == "no-cache")
                }
            }
        }
    }

    @Test func otherSitesCannotSignABrowserIn() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newPerson("mallory@example.org")
            let link = try await app.link(user)
            let fields = link.fields
            var victim = Browser(app)
            // The victim has been here before, and so has the cookie; another site's form has not its text.
            let page = try await victim.get("/app/login")
            let token = try #require(victim.cookie("muster_form"))
            var stranger = Browser(app)
            let foreign = try #require(
                try await stranger.get("/app/login").body.firstMatch(of: /name="form_token" value="([^"]+)"/)
            ).1
            for form in [fields, fields + "&form_token=", fields + "&form_token=\(foreign)"] {
                let answer = try await victim.post("/app/login", form)
                #expect(answer.status == 403 && victim.session == nil, "\(answer)")
            }
            // Without the cookie, the text alone is nothing; nor is an empty one for both.
            var bare = Browser(app)
            #expect(try await bare.post("/app/login", fields + "&form_token=\(token)").status == 403)
            bare.cookies = ["__Host-muster_form": ""]
            #expect(try await bare.post("/app/login", fields + "&form_token=").status == 403)
            // What the browser says of the request's origin is believed.
            for site in ["cross-site", "same-site", "none"] {
                let answer = try await victim.post(
                    "/app/login", fields + "&form_token=\(token)", headers: [("Sec-Fetch-Site", site)])
                #expect(answer.status == 403)
            }
            #expect(try await api.count("select count(*) from login_links where redeemed_at is not null") == 0)
            // Its own form works, also as browsers send it under no-referrer.
            let own = [("Sec-Fetch-Site", "same-origin"), ("Origin", "null")]
            #expect(try await victim.submit(page, fields, headers: own).status == 303)
            // Nobody is signed out from elsewhere either.
            #expect(try await victim.post("/app/logout", "form_token=\(foreign)").status == 403 && victim.session != nil)
        }
    }

    @Test func aCookieOpensThePageOnly() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newPerson("ada@example.org")
            var browser = Browser(app)
            _ = try await browser.submit(try await browser.get(try await app.link(user).target))
            let session = try #require(browser.session)
            let calls = [
                ("GET", "/auth/validate_token", 401), ("GET", "/auth/sessions", 401), ("DELETE", "/auth/sign_out", 404),
                ("GET", "/platform/api/v1/users/\(user)", 401),
            ]
            for (method, path, status) in calls {
                #expect(try await browser.ask(method, path).status == status, "\(method) \(path)")
            }
            // Nor is what the cookie holds a session's headers.
            let parts = session.split(separator: ".").map(String.init)
            let headers = [("client", parts[0]), ("access-token", parts[1]), ("uid", "ada@example.org")]
            for (method, path, status) in calls {
                #expect(try await app.call(method, path, headers: headers).status == status, "\(method) \(path)")
            }
            #expect(try await browser.get("/app/login").body.contains("You are signed in"))
            // The session of an API client is no cookie.
            let client = try await app.signIn("ada@example.org", password: goodPassword)
            var copied = Browser(app)
            copied.cookies["__Host-muster_session"] = "\(client.headers["client"] ?? "").\(client.headers["access-token"] ?? "")"
            #expect(try await copied.get("/app/login").body.contains("Password"))
            // Half a cookie, a foreign one, rubbish.
            for value in [
                "x", ".", "a.b", String(session.dropLast()), "%00", String(repeating: "A", count: 45), session + ".",
                String(repeating: "A", count: 22) + "." + parts[1], parts[0] + "." + String(repeating: "A", count: 22),
            ] {
                var other = Browser(app)
                other.cookies = ["__Host-muster_session": value]
                let page = try await other.get("/app/login")
                #expect(page.status == 200 && page.body.contains("Password"), "\(value)")
            }
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
