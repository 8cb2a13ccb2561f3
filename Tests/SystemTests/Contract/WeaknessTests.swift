// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

extension ContractTests {
    /// 10. The original's weaknesses: each is attacked over HTTP as its holder of a Platform App token would.
    @Suite("10") struct Weaknesses {
        /// What an attacker must not have changed: a user of another app with password, membership and token.
        private struct Victim {
            let scene: ContractScene
            let id: Int64
            let account: Int64
            let email: String
            private let body: String
            private let members: String

            init(_ scene: ContractScene) async throws {
                self.scene = scene
                email = "victim@\(scene.domain)"
                id = try await scene.one.newUser(email, name: "Victim", password: "Harbour1!")
                account = try await scene.one.newAccount("Victim's")
                try await scene.one.join(id, account, role: "administrator")
                body = try await scene.one.call("GET /users/\(id)").body
                members = try await scene.one.call("GET /accounts/\(account)/account_users").body
            }

            /// The bytes that an answer to the attacker must not hold.
            var secrets: [String] {
                body.matches(of: /"(?:access|pubsub)_token":"([^"]+)"/).map { String($0.1) }
            }

            func isUnharmed(sourceLocation: SourceLocation = #_sourceLocation) async throws {
                let (user, list) = (
                    try await scene.one.call("GET /users/\(id)"),
                    try await scene.one.call("GET /accounts/\(account)/account_users")
                )
                #expect(user.body == body && list.body == members, sourceLocation: sourceLocation)
                let signIn = try await scene.one.signIn(email, "Harbour1!", from: "192.0.2.200")
                #expect(signIn.status == 200, sourceLocation: sourceLocation)
            }
        }

        @Test("10.1 adoption by e-mail") func adoption() async throws {
            let scene = try await ContractScene(freshTwo: true)
            let (victim, attacker) = (try await Victim(scene), scene.two)
            let own = try await attacker.newUser("own@\(scene.domain)")
            let taken = Expected.invalid("Email has already been taken", "email")
            for spelling in [
                victim.email, victim.email.uppercased(), "  \(victim.email)\\n", "\\u0056" + victim.email.dropFirst(),
            ] {
                let sent = #"{"name":"Mine","email":"\#(spelling)","password":"Attacker1!"}"#
                try await attacker.row("claim it by creating", "POST /users", .json(sent), is: 422, taken)
                try await attacker.row("by a form", "POST /users?name=X", .form("email=\(victim.email)"), is: 422, taken)
                try await attacker.row("by renaming one's own", "PATCH /users/\(own)", .json(sent), is: 422, taken)
                try await attacker.row("by provisioning", "PUT /provision", .json(sent), is: 422, taken)
                try await attacker.row(
                    "with an external id", "PUT /provision", .json(#"{"external_id":"E",\#(sent.dropFirst())"#), is: 422, taken)
                let bulk = try await attacker.row("in bulk", "POST /bulk", .json("[\(sent)]"), is: 200)
                #expect((bulk.json["created"] as? Int) == 0 && (bulk.json["updated"] as? Int) == 0, "\(bulk)")
                for secret in victim.secrets { #expect(!bulk.body.contains(secret)) }
            }
            for line in [
                "GET /users/\(victim.id)", "POST /users/\(victim.id)/token", "GET /users/\(victim.id)/login",
                "POST /users/\(victim.id)/login", "DELETE /users/\(victim.id)", "GET /users/\(victim.id)/sessions",
            ] { try await attacker.row("what adoption would open", line, is: 401, .nonPermissible) }
            try await attacker.row(
                "what adoption would open", "PATCH /users/\(victim.id)", #"{"password":"Attacker1!"}"#, is: 401, .nonPermissible)
            try await attacker.row("found by its address", "GET /users?email=\(victim.email)", is: 200, "[]")
            try await victim.isUnharmed()
        }

        @Test("10.2 from a platform token to super admin") func superAdmin() async throws {
            let scene = try await ContractScene(freshTwo: true)
            let email = "root@\(scene.domain)"
            let made = try await scene.daemon.muster.muster(
                "admin", "create", email, "--password-stdin", "--json", input: "Anchor-7-Anchor\n")
            #expect(made.code == 0, "\(made.error)")
            let hash = "select count(*) from super_admins where email = '\(email)' and password_hash = '%'"
            let stored = try await scene.daemon.text("select password_hash from super_admins where email = '\(email)'")
            // Super admins are no users: the address makes a user who is nobody special.
            let mine = try await scene.two.row(
                "adopt and set the password", "POST /users",
                #"{"name":"Root","email":"\#(email)","password":"Attacker1!","type":"SuperAdmin","super_admin":true}"#, is: 200,
                Section2.plain("<id>", email, name: "Root"))
            let id = (mine.json["id"] as? NSNumber)?.int64Value ?? 0
            try await scene.two.row(
                "make oneself one", "PATCH /users/\(id)", #"{"type":"SuperAdmin","password":"Attacker2!"}"#, is: 200,
                Section2.plain("\(id)", email, name: "Root"))
            #expect(try await scene.daemon.count(hash.replacing("%", with: stored)) == 1, "the super admin's password is its own")
            #expect(try await scene.two.signIn(email, "Anchor-7-Anchor").status == 401, "and signs nobody in as a user")
            let session = try await scene.two.signIn(email, "Attacker2!")
            #expect(session.status == 200 && session.body.contains(#""type":null"#))
            for path in ["/super_admin", "/super_admin/sign_in", "/super_admin/platform_apps"] {
                let answer = try await scene.two.call("GET /platform/..\(path)", headers: session.sessionHeaders)
                #expect(answer.status == 404)
            }
        }

        @Test("10.3 account_users ignores who owns the user") func crossTenant() async throws {
            let scene = try await ContractScene(freshTwo: true)
            let (victim, attacker) = (try await Victim(scene), scene.two)
            let account = try await attacker.newAccount("Trap")
            var answers: Set<String> = []
            for id in [victim.id, 987_654_321, Int64.max] {
                for sent in [
                    #"{"user_id":\#(id)}"#, #"{"user_id":"\#(id)","role":"administrator"}"#, #"{"user_id":\#(id),"role":"bad"}"#,
                ] {
                    for path in ["", "/suspend", "/restore"] {
                        let answer = try await attacker.row(
                            "attach, enumerate", "POST /accounts/\(account)/account_users\(path)", .json(sent), is: 401,
                            .nonPermissible)
                        answers.insert("\(answer) \(answer.headers.keys.sorted())")
                    }
                    try await attacker.row(
                        "detach", "DELETE /accounts/\(account)/account_users", .json(sent), is: 401, .nonPermissible)
                    try await attacker.row(
                        "into another's account", "POST /accounts/\(victim.account)/account_users", .json(sent), is: 401,
                        .nonPermissible)
                }
            }
            #expect(answers.count == 1, "an id that exists looks like one that does not")
            let own = try await attacker.newUser("own@\(scene.domain)")
            try await attacker.row(
                "one's own user into another's account", "POST /accounts/\(victim.account)/account_users",
                #"{"user_id":\#(own),"role":"administrator"}"#, is: 401, .nonPermissible)
            try await attacker.row(
                "by provisioning", "PUT /provision",
                #"{"name":"O","email":"own@\#(scene.domain)","accounts":[{"account_id":\#(victim.account),"role":"administrator"}]}"#,
                is: 401, .nonPermissible)
            try await attacker.row("nobody came in", "GET /accounts/\(account)/account_users", is: 200, "[]")
            try await victim.isUnharmed()
        }

        @Test("10.4 a bot in a foreign account; avatar_url is fetched") func bots() async throws {
            let scene = try await ContractScene(freshTwo: true)
            let (victim, attacker) = (try await Victim(scene), scene.two)
            let bot = try await attacker.call("POST /agent_bots", #"{"name":"B"}"#)
            let id = (bot.json["id"] as? NSNumber)?.int64Value ?? 0
            for account in [victim.account, 987_654_321] {
                let sent = ContractClient.Content.json(#"{"name":"B","account_id":\#(account)}"#)
                for line in ["POST /agent_bots", "PATCH /agent_bots/\(id)", "PUT /agent_bots/\(id)"] {
                    try await attacker.row("place it", line, sent, is: 401, .nonPermissible)
                }
                try await attacker.row(
                    "by the query", "POST /agent_bots?account_id=\(account)", #"{"name":"B"}"#, is: 401, .nonPermissible)
            }
            try await attacker.row("it is where it was", "GET /agent_bots/\(id)", is: 200, Expected(bot.body))

            let trap = try Trap()
            for url in ["http://127.0.0.1:\(trap.port)/a.png", "http://[::ffff:127.0.0.1]:\(trap.port)/a.png"] {
                try await attacker.row("have it fetched", "PATCH /agent_bots/\(id)", #"{"avatar_url":"\#(url)"}"#, is: 200)
            }
            for url in ["file:///etc/passwd", "gopher://127.0.0.1/", "javascript:alert(1)"] {
                try await attacker.row("other schemes", "PATCH /agent_bots/\(id)", #"{"avatar_url":"\#(url)"}"#, is: 422)
            }
            #expect(
                try await scene.daemon.count("select count(*) from jobs j where j::text like '%\(trap.port)%'") == 0,
                "nothing is queued that would fetch it")
            try await attacker.row("nor when the avatar goes", "DELETE /agent_bots/\(id)/avatar", is: 204)
            #expect(!trap.wasVisited)
        }

        @Test("10.5 tokens in plain text, unscoped, for ever") func storedTokens() async throws {
            let scene = try await ContractScene()
            let (one, email) = (scene.one, "ada@\(scene.domain)")
            let ada = try await one.newUser(email, password: "Plain-Text-77")
            let user = try await one.call("GET /users/\(ada)")
            let session = try await one.redeem(email, try await one.linkToken(ada))
            let unused = try await one.linkToken(ada)
            let hook = try await one.call("POST /webhooks", #"{"url":"https://hooks.example/x","events":["*"]}"#)
            let keyed = try await one.call(
                "POST /users/\(ada)/token", headers: [("api_access_token", one.token ?? ""), ("Idempotency-Key", "k")])
            var secrets = [one.token, user.text("access_token"), user.text("pubsub_token"), keyed.text("access_token")]
            secrets += [session.headers["access-token"], unused, hook.text("secret"), "Plain-Text-77"]
            let held = try await scene.daemon.tables(holding: secrets.map { $0 ?? "" }.filter { !$0.isEmpty })
            #expect(secrets.allSatisfy { $0?.isEmpty == false || $0 == nil } && secrets.count { $0 != nil } >= 7)
            #expect(held == [], "a stolen database holds a secret that works")
            #expect(
                try await scene.daemon.tables(holding: [email]).contains { $0.hasPrefix("users:") },
                "the search finds what is there")

            // Scopes, expiry, rotation.
            let reader = try await scene.daemon.operate(
                "app", "token", "\(one.appID)", "--scope", "accounts:read", "--expires-in", "1h")
            let headers = [("api_access_token", try #require(reader["access_token"] as? String))]
            try await scene.nobody.row("scoped: what it is for", "GET /accounts", headers: headers, is: 200)
            try await scene.nobody.row(
                "scoped: nothing else", "GET /users/\(ada)", headers: headers, is: 403, #"{"error":"Insufficient scope"}"#)
            try await scene.nobody.row(
                "scoped: nothing else", "POST /accounts", #"{"name":"A"}"#, headers: headers, is: 403,
                #"{"error":"Insufficient scope"}"#)
            try await scene.daemon.execute(
                "update access_tokens set expires_at = now() where id = \(reader["token_id"] as? Int ?? 0)")
            try await scene.nobody.row("expired", "GET /accounts", headers: headers, is: 401, .invalidToken)
            let fresh = try await scene.daemon.operate("app", "rotate", "\(one.appID)", "--overlap", "1h")
            try await one.row("rotated: both live in the overlap", "GET /users/\(ada)", is: 200)
            try await scene.daemon.execute(
                "update access_tokens set expires_at = now() where owner_kind = 'platform_app' and owner_id = \(one.appID) and expires_at is not null"
            )
            try await one.row("rotated: the former one is over", "GET /users/\(ada)", is: 401, .invalidToken)
            try await scene.nobody.row(
                "rotated: the new one lives", "GET /users/\(ada)",
                headers: [("api_access_token", fresh["access_token"] as? String ?? "")], is: 200)
            let list = try await scene.daemon.muster.muster("app", "list", "--json")
            #expect(list.code == 0 && !list.out.contains("mst_"), "a token is shown once")
        }

        @Test("10.6 every user read returns the API token") func tokenInReads() async throws {
            let scene = try await ContractScene(freshTwo: true)
            let (victim, attacker) = (try await Victim(scene), scene.two)
            try await scene.daemon.grant("read,write,delete", on: "user", victim.id, to: attacker)
            for (line, content) in [
                ("GET /users/\(victim.id)", ContractClient.Content.none), ("PATCH /users/\(victim.id)", "{}"),
                ("GET /users", .none), ("GET /users?email=\(victim.email)", .none),
                ("GET /users/\(victim.id)?include=suspensions", .none),
                ("POST /users", .json(#"{"email":"\#(victim.email)"}"#)), ("GET /audit_events", .none),
                ("GET /audit_events?subject_kind=user&subject_id=\(victim.id)", .none),
                ("POST /users/\(victim.id)/suspend", .none), ("POST /users/\(victim.id)/restore", .none),
                ("PUT /provision", .json(#"{"email":"\#(victim.email)","name":"Victim"}"#)),
            ] {
                let answer = try await attacker.row("without the right to impersonate", line, content, is: 200)
                #expect(!answer.body.contains("_token"), "\(line): \(answer)")
            }
            for line in [
                "POST /users/\(victim.id)/token", "GET /users/\(victim.id)/login", "POST /users/\(victim.id)/login",
            ] { try await attacker.row("nor is it made or shown", line, is: 401, .nonPermissible) }
            let reader = try await scene.daemon.operate("app", "token", "\(scene.one.appID)", "--scope", "users:read")
            let read = try await scene.nobody.row(
                "a reading token of the owner itself", "GET /users/\(victim.id)",
                headers: [("api_access_token", try #require(reader["access_token"] as? String))], is: 200)
            #expect(!read.body.contains("_token"))
            try await scene.daemon.execute("update platform_apps set reveals_user_tokens = false where id = \(scene.one.appID)")
            let creation = try await scene.one.row("on creation only", "GET /users/\(victim.id)", is: 200)
            #expect(!creation.body.contains("_token"))
        }

        @Test("10.7 a password change leaves the API token alive") func passwordChange() async throws {
            // It does here too (design), and whoever wants to shut everybody out can: sessions end, rotation ends the token.
            let scene = try await ContractScene()
            let email = "ada@\(scene.domain)"
            let ada = try await scene.one.newUser(email, password: "Harbour1!")
            let thief = try await scene.one.signIn(email, "Harbour1!")
            let stolen = [("api_access_token", try #require(try await scene.one.call("GET /users/\(ada)").text("access_token")))]
            let link = try await scene.one.linkToken(ada)
            try await scene.nobody.row("stolen token", "GET /auth/validate_token", headers: stolen, is: 200)
            try await scene.one.row("the password changes", "PATCH /users/\(ada)", #"{"password":"Seaside2?"}"#, is: 200)
            try await scene.one.row("the token is rotated", "POST /users/\(ada)/token", #"{"rotate":true}"#, is: 200)
            try await scene.one.row("links are revoked", "DELETE /users/\(ada)/login", is: 200)
            try await scene.nobody.row("stolen session", "GET /auth/validate_token", headers: thief.sessionHeaders, is: 401)
            try await scene.nobody.row("stolen token", "GET /auth/validate_token", headers: stolen, is: 401)
            try await scene.nobody.row(
                "stolen token", "GET /auth/validate_token", headers: [("Authorization", "Bearer \(stolen[0].1)")], is: 401)
            #expect(try await scene.one.redeem(email, link).status == 401, "stolen link")
        }

        @Test("10.8 deleting a Platform App destroys what it owns") func appDeletion() async throws {
            let scene = try await ContractScene(freshTwo: true)
            let (victim, other) = (try await Victim(scene), scene.two)
            let bot = try await scene.one.call("POST /agent_bots", #"{"name":"B"}"#)
            let botID = (bot.json["id"] as? NSNumber)?.int64Value ?? 0
            for (kind, id) in [("user", victim.id), ("account", victim.account), ("agent_bot", botID)] {
                try await scene.daemon.grant("read,write,impersonate,delete", on: kind, id, to: other)
            }
            let before = try await other.call("GET /users/\(victim.id)").body
            try await scene.daemon.execute("delete from platform_apps where id = \(scene.one.appID)")
            try await scene.one.row("its token is dead", "GET /accounts", is: 401, .invalidToken)
            try await other.row("users live", "GET /users/\(victim.id)", is: 200, Expected(before))
            let members = try await other.row("accounts live", "GET /accounts/\(victim.account)/account_users", is: 200)
            #expect(members.list.count == 1)
            try await other.row("bots live", "GET /agent_bots/\(botID)", is: 200, Expected(bot.body))
            #expect(try await other.signIn(victim.email, "Harbour1!", from: "192.0.2.201").status == 200)
        }
    }
}
