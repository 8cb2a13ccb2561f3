// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

@testable import PlatformAPI

/// The page behind a login link, as scanners and other sites meet it: weakness 9 of the contract's section 10.
@Suite struct LoginPageAttackTests {
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

    /// A mark or a prepended letter makes one character of two code points, which a browser reads one by one.
    @Test func aSignUnderAnAccentIsEscapedToo() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            var browser = Browser(app)
            let asked = try await browser.get(
                "/app/login?as=other&email=%22%CC%81%20%D8%80%3E%D8%80%3Cmeta%20http-equiv%3Drefresh%D8%80%3E%27%CC%81")
            let user = try await app.newPerson("ada@example.org", name: "A\u{600}<b\u{600}>\\\"\u{301}'\u{301}&\u{301}")
            let offered = try await browser.get(try await app.link(user).target)
            #expect(try await browser.submit(offered).status == 303)
            let home = try await browser.get("/app/login")
            for page in [asked, offered, home] {
                #expect(page.status == 200 && Array(page.body.utf8).contains(Array("&lt;".utf8)), "\(page)")
                let scalars = Array(page.body.unicodeScalars)
                let escaping = zip(scalars, scalars.dropFirst()).filter { first, second in
                    (first == "\u{600}" && "<>".unicodeScalars.contains(second))
                        || (second == "\u{301}" && "\"'&".unicodeScalars.contains(first))
                }
                #expect(escaping.isEmpty, "\(page)")
            }
            let answer = try await app.call(
                "POST", "/users", .json(#"{"name":"A","email":"a\"\u0301@x.co"}"#), allowsMarkup: true)
            #expect(answer.status == 422, "\(answer)")
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
}
