// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Secrets
import Testing
import WebTestSupport

/// What somebody tries who is not a super admin.
struct SignInAttackTests {
    static let email = "root@example.org"
    static let password = "Correct1!horse"

    /// Types an e-mail and a password.
    static func signIn(
        _ visitor: inout Visitor, _ email: String = email, _ password: String = password, at path: String = "sign_in"
    ) async throws -> RawAnswer {
        let page = try await visitor.get(path)
        return try await visitor.submit(page, "/sign_in", ["email": email, "password": password])
    }

    @Test func aFormOfAnotherSiteDoesNothing() async throws {
        try await withConsole { site in
            var admin = site.visitor()
            let token = admin.cookies
            let page = try await admin.get("profile")
            for headers in [[("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")]] {
                let answer = try await admin.submit(page, "/profile", ["name": "Mallory"], headers: headers)
                #expect(answer.status == 403 && answer.body.contains("Nothing was done"))
            }
            for forged in [["name": "Mallory"], ["name": "Mallory", "form_token": String(repeating: "0", count: 64)]]
                as [KeyValuePairs]
            {
                #expect(try await admin.post("profile", forged).status == 403)
            }
            // The form of another session of one's own is none of this one.
            let other = try await site.world.superAdmin("other@example.org")
            #expect(try await admin.post("profile", ["name": "Mallory", "form_token": other.token.formToken]).status == 403)
            #expect(admin.cookies == token)
            #expect(try await site.world.count("select count(*) from super_admins where name = 'Mallory'") == 0)
            #expect(try await admin.submit(page, "/profile", ["name": "Ruth"]).status == 303)
            #expect(try await site.world.count("select count(*) from super_admins where name = 'Ruth'") == 1)
            // Signing in as somebody else's victim: without the cookie that came with the form.
            var stranger = site.stranger()
            let signIn = try await stranger.get("sign_in")
            stranger.cookies = [:]
            let answer = try await stranger.submit(signIn, "/sign_in", ["email": Self.email, "password": Self.password])
            #expect(answer.status == 403 && stranger.cookies["muster_admin"] == nil)
        }
    }

    @Test func aSessionThatWasPlantedIsNotTheOneThatIsSignedIn() async throws {
        try await withConsole { site in
            let planted = SuperAdminSessionToken.random()
            var victim = site.stranger()
            victim.cookies["muster_admin"] = planted.cookie
            #expect(try await Self.signIn(&victim).status == 303)
            let first = try #require(victim.cookies["muster_admin"])
            #expect(first != planted.cookie)
            #expect(try await site.world.directory.superAdminSessions.session(planted.proof) == nil)
            // Signing in once more is another session, and the former one ends.
            victim.cookies["muster_admin_form"] = nil
            _ = try await victim.submit(try await victim.get("profile"), "/sign_out")
            let proof = try #require(SuperAdminProof(cookie: first))
            #expect(try await site.world.directory.superAdminSessions.session(proof) == nil)
            #expect(try await Self.signIn(&victim).status == 303)
            #expect(victim.cookies["muster_admin"] != first)
        }
    }

    @Test func theCodeRotatesTheSessionAndWorksOnce() async throws {
        try await withConsole { site in
            let enrolment = try await site.world.directory.superAdmins.beginTOTP(by: site.admin.caller)
            let now = TOTP.step(at: try await Int64(site.world.count("select extract(epoch from now())::bigint")))
            let recovery = try await site.world.directory.superAdmins.confirmTOTP(
                code: TOTP.code(enrolment.secret, step: now), by: site.admin.caller)
            let code = TOTP.code(enrolment.secret, step: now + 1)

            var visitor = site.stranger()
            let first = try await Self.signIn(&visitor, at: "sign_in?return_to=%2Fsuper_admin%2Fprofile")
            #expect(first.header("location") == "/super_admin/sign_in/code?return_to=%2Fsuper_admin%2Fprofile")
            let waiting = try #require(visitor.cookies["muster_admin"])
            #expect(
                try await visitor.get("profile").header("location")?.contains("/sign_in?") == true, "a password is not enough")
            let page = try await visitor.follow(first)
            let second = try await visitor.submit(page, "/sign_in/code", ["code": code])
            #expect(second.header("location") == "/super_admin/profile", "\(second)")
            #expect(visitor.cookies["muster_admin"] != waiting)
            #expect(try await visitor.get("profile").status == 200)
            var left = site.stranger()
            left.cookies["muster_admin"] = waiting
            #expect(try await left.get("profile").status == 303)

            // The same code again, as somebody would who looked over a shoulder.
            var thief = site.stranger()
            let asked = try await thief.follow(try await Self.signIn(&thief))
            #expect(try await thief.submit(asked, "/sign_in/code", ["code": code]).status == 401)
            #expect(try await thief.get("profile").status == 303)
            // A recovery code lets in, once.
            let spare = recovery[0].reveal()
            #expect(try await thief.submit(asked, "/sign_in/code", ["code": spare]).status == 303)
            #expect(try await thief.get("profile").status == 200)
            var again = site.stranger()
            let third = try await again.follow(try await Self.signIn(&again))
            #expect(try await again.submit(third, "/sign_in/code", ["code": spare]).status == 401)
        }
    }

    @Test(arguments: [
        "https://evil.example/", "//evil.example", "/\\evil.example", "/super_admin//evil.example", "/super_admin\\@evil.example",
        "/super_adminevil", "/super_admin/../app/login", "/super_admin.evil.example", "javascript:alert(1)", "super_admin",
        "/super_admin/\r\nSet-Cookie: a=b", "/super_admin/sign_out", "/app/login", "/super_admin/%0d%0aé", " /super_admin",
    ])
    func nobodyIsLedElsewhere(_ place: String) async throws {
        try await withConsole { site in
            var visitor = site.stranger()
            let page = try await visitor.get("sign_in")
            let answer = try await visitor.submit(
                page, "/sign_in", ["email": Self.email, "password": Self.password, "return_to": place])
            #expect(answer.status == 303 && answer.header("location") == "/super_admin", "\(answer)")
            #expect(visitor.cookies["a"] == nil)
        }
    }

    @Test func whoeverAskedForAPageGetsThereAfterwards() async throws {
        try await withConsole { site in
            var visitor = site.stranger()
            let refused = try await visitor.get("super_admins?q=a%26b")
            let page = try await visitor.follow(refused)
            let answer = try await visitor.submit(page, "/sign_in", ["email": Self.email, "password": Self.password])
            #expect(answer.header("location") == "/super_admin/super_admins?q=a%26b")
        }
    }

    @Test func noPageIsFramedKeptOrRunsWhatIsNotOurs() async throws {
        try await withConsole { site in
            var admin = site.visitor()
            var stranger = site.stranger()
            let answers = [
                try await stranger.get("sign_in"), try await admin.get(""), try await admin.get("profile"),
                try await admin.get("nowhere"), try await admin.post("profile"), try await stranger.get("nowhere"),
            ]
            for answer in answers {
                let policy = answer.header("content-security-policy") ?? ""
                #expect(policy.contains("frame-ancestors 'none'") && policy.hasPrefix("default-src 'none'"))
                #expect(!policy.contains("unsafe") && !policy.contains("data:"))
                #expect(answer.header("x-frame-options") == "DENY" && answer.header("cache-control") == "no-store")
                #expect(answer.header("referrer-policy") == "no-referrer")
            }
            let cookie = try #require(answers[0].header("set-cookie"))
            #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"))
        }
    }

    @Test func anUnknownAddressIsAnsweredAsAKnownOne() async throws {
        try await withConsole { site in
            var faces: [String] = []
            for email in [Self.email, "nobody@example.org"] {
                var visitor = site.stranger()
                let answer = try await Self.signIn(&visitor, email, "Wrong-123")
                #expect(answer.status == 401 && answer.body.contains("E-mail or password is wrong."))
                let token = visitor.cookies["muster_admin_form"] ?? ""
                faces.append(
                    answer.body.replacing(email, with: "").replacing(token, with: "")
                        .replacing(/name="served" content="[^"]*"/, with: ""))
                #expect(visitor.cookies["muster_admin"] == nil)
            }
            #expect(faces[0] == faces[1])
        }
    }

    @Test func guessingEnds() async throws {
        try await withConsole { site in
            var visitor = site.stranger()
            for _ in 0..<5 { #expect(try await Self.signIn(&visitor, Self.email, "Wrong-123").status == 401) }
            let answer = try await Self.signIn(&visitor)
            #expect(answer.status == 429 && (Int(answer.header("retry-after") ?? "") ?? 0) > 0)
            #expect(answer.body.contains("Too many attempts failed") && visitor.cookies["muster_admin"] == nil)
        }
    }
}
