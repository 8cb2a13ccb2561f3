// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

extension ContractTests {
    /// 2. Users.
    @Suite("2") struct Section2 {
        /// A user that has an e-mail and a name only (2.2).
        static func plain(_ id: String, _ email: String, name: String = "Ada") -> Expected {
            Expected(
                """
                {"access_token":"<token>","account_id":null,"available_name":"\(name)","avatar_url":"","confirmed":true,\
                "display_name":null,"message_signature":null,"email":"\(email)","id":\(id),"name":"\(name)","provider":"email",\
                "pubsub_token":"<token>","role":null,"ui_settings":{},"uid":"\(email)","accounts":[]}
                """)
        }

        @Test("2 the table of methods and paths") func routes() async throws {
            let scene = try await ContractScene()
            let one = scene.one
            let made = try await one.row(
                "create", "POST /users", #"{"email":"ada@\#(scene.domain)","name":"Ada"}"#, is: 200,
                Self.plain("<id>", "ada@\(scene.domain)"))
            let id = try #require((made.json["id"] as? NSNumber)?.int64Value)
            try await one.row("show", "GET /users/\(id)", is: 200, Expected(made.body))
            try await one.row("update", "PATCH /users/\(id)", "{}", is: 200, Expected(made.body))
            try await one.row("update", "PUT /users/\(id)", "{}", is: 200, Expected(made.body))
            try await one.row("mint an SSO link", "GET /users/\(id)/login", is: 200)
            try await one.row("read the user's API token", "POST /users/\(id)/token", is: 200)
            try await one.row("GET /users: routed here (issue)", "GET /users", is: 200, Expected("[\(made.body)]"))
            try await one.row("delete", "DELETE /users/\(id)", is: 200, .empty)
        }

        @Test("2.1 parameters") func parameters() async throws {
            let scene = try await ContractScene()
            let one = scene.one
            let email = "p@\(scene.domain)"
            let long = String(repeating: "x", count: 256)
            func refused(
                _ fact: Comment, _ fields: String, _ message: String, _ attribute: String,
                sourceLocation: SourceLocation = #_sourceLocation
            ) async throws {
                try await one.row(
                    fact, "POST /users", .json("{\(fields)}"), is: 422, .invalid(message, attribute),
                    sourceLocation: sourceLocation)
            }

            try await refused("email: required", #""name":"A""#, "Email can't be blank", "email")
            try await refused("email: required", #""name":"A","email":null"#, "Email can't be blank", "email")
            try await refused("email: required", #""name":"A","email":" ""#, "Email can't be blank", "email")
            for bad in ["a@localhost", "a", "a@b.c", "@b.example", "a b@c.example", "a@b..example", "a@b@c.example"] {
                try await refused("email: local@label.tld", #""name":"A","email":"\#(bad)""#, "Email is not an email", "email")
            }
            try await refused("email: a JSON number (section 9)", #""name":"A","email":7"#, "Email is not an email", "email")
            try await one.row(
                "email: lower-cased and trimmed", "POST /users", #"{"name":"Ada","email":" Trim.ME@\#(scene.domain)\t"}"#,
                is: 200,
                Self.plain("<id>", "trim.me@\(scene.domain)"))
            try await refused("name: absent (section 9)", #""email":"\#(email)""#, "Name can't be blank", "name")
            try await refused("name: null (section 9)", #""email":"\#(email)","name":null"#, "Name can't be blank", "name")
            try await refused(
                "name: 255 at most", #""email":"\#(email)","name":"\#(long)""#, "Name is too long (maximum is 255 characters)",
                "name")
            try await refused(
                "display_name: 255 at most", #""email":"\#(email)","name":"A","display_name":"\#(long)""#,
                "Display name is too long (maximum is 255 characters)", "display_name")
            let shown = try await one.row(
                "display_name: free, default null", "POST /users",
                #"{"email":"shown@\#(scene.domain)","name":"A","display_name":"The \"A\" <1>"}"#, is: 200)
            #expect(shown.text("display_name") == #"The "A" <1>"# && shown.text("available_name") == #"The "A" <1>"#)
            for ignored in ["null", "[]", "7", #""x""#, "true", "{}"] {
                try await one.row(
                    "custom_attributes: a non-object is ignored", "POST /users",
                    #"{"email":"c@\#(scene.domain)","name":"Ada","custom_attributes":\#(ignored)}"#, is: 200,
                    Self.plain("<id>", "c@\(scene.domain)"))
            }
            try await one.row(
                "anything else is ignored", "POST /users",
                #"""
                {"email":"e@\#(scene.domain)","name":"Ada","role":"administrator","account_id":1,"availability":"busy",
                "confirmed":false,"locale":"xx","phone_number":"1","provider":"saml","avatar":"x","type":"SuperAdmin","id":1,
                "uid":"x","access_token":"x","pubsub_token":"x","ui_settings":{"a":1},"message_signature":"x"}
                """#, is: 200, Self.plain("<id>", "e@\(scene.domain)"))
        }

        @Test("2.1 password") func password() async throws {
            let scene = try await ContractScene()
            let one = scene.one
            func refused(_ fact: Comment, _ password: String, _ message: String) async throws {
                try await one.row(
                    fact, "POST /users", #"{"name":"A","email":"x@\#(scene.domain)","password":\#(password)}"#, is: 422,
                    .invalid(message, "password"))
            }
            func lacks(_ kind: String) -> String { "Password must contain at least 1 \(kind) character" }

            try await one.row(
                "absent: signs in by link only (design)", "POST /users", #"{"name":"Ada","email":"a@\#(scene.domain)"}"#, is: 200)
            try await refused("null (design)", "null", "Password can't be blank")
            try await refused("empty (design)", #""""#, "Password can't be blank")
            try await refused("6 at least", #""aB3$x""#, "Password is too short (minimum is 6 characters)")
            let longest = "aB3$" + String(repeating: "x", count: 68)
            let padding = String(repeating: "x", count: 57)
            try await refused("128 at most", #""\#(longest + padding)""#, "Password is too long (maximum is 128 characters)")
            try await refused(
                "what bcrypt does not see (issue)", #""\#(longest)x""#, "Password is too long (maximum is 72 bytes)")
            try await refused("an upper", #""harbour1!""#, lacks("uppercase"))
            try await refused("a lower", #""HARBOUR1!""#, lacks("lowercase"))
            try await refused("a digit", #""Harbour!""#, lacks("number"))
            try await refused("a special", #""Harbour1""#, lacks("special"))
            try await refused(
                "all at once", #""      ""#, ["uppercase", "lowercase", "number", "special"].map(lacks).joined(separator: ", "))
            for special in #"!@#$%^&*()_+-=[]{}|'"# {
                // The one complaint is about the class that is missing; the character itself is a special one.
                try await refused("the documented specials: \(special)", #""harbour1\#(special)""#, lacks("uppercase"))
            }
            for (name, good) in [("six", "aB3$xy"), ("longest", longest)] {
                _ = try await one.newUser("\(name)@\(scene.domain)", password: good)
                let signedIn = try await one.signIn("\(name)@\(scene.domain)", good)
                #expect(signedIn.status == 200, "\(name): \(signedIn)")
                #expect(try await one.signIn("\(name)@\(scene.domain)", String(good.dropLast())).status == 401)
            }
        }

        @Test("2.1 what create does, and idempotence") func create() async throws {
            let scene = try await ContractScene()
            let one = scene.one
            let first = try await one.row(
                "not found: a new user, uid = e-mail, confirmed, with its token", "POST /users",
                #"{"name":"Ada","email":"ada@\#(scene.domain)"}"#, is: 200, Self.plain("<id>", "ada@\(scene.domain)"))
            let same = Expected(first.body)
            try await one.row(
                "found: nothing of the payload is written", "POST /users",
                #"{"name":"X","display_name":"X","email":"ADA@\#(scene.domain)","password":"Harbour1!","custom_attributes":{"a":1}}"#,
                is: 200, same)
            try await one.row(
                "nor looked at", "POST /users", #"{"email":"ada@\#(scene.domain)","name":null,"password":"x"}"#, is: 200, same)
            #expect(try await one.signIn("ada@\(scene.domain)", "Harbour1!").status == 401)
            try await one.row("same e-mail, same app", "POST /users", #"{"email":"ada@\#(scene.domain)"}"#, is: 200, same)
            try await one.row(
                "with blanks around it is the same (design)", "POST /users", #"{"email":"  ada@\#(scene.domain) "}"#, is: 200,
                same)
            try await scene.two.row(
                "of whoever else: taken (section 9)", "POST /users", #"{"name":"A","email":"ada@\#(scene.domain)"}"#, is: 422,
                .invalid("Email has already been taken", "email"))
            try await one.row(
                "no e-mail at all", "POST /users", #"{"name":"A"}"#, is: 422, .invalid("Email can't be blank", "email"))
            let id = try #require((first.json["id"] as? NSNumber)?.int64Value)
            // No account membership, no mail, one ownership row.
            #expect(first.json["account_id"] is NSNull && (first.json["accounts"] as? [Any])?.isEmpty == true)
            try await one.row(
                "the ownership row of the calling app", "GET /permissibles?kind=user", is: 200,
                """
                [{"kind":"user","id":\(id),"origin":"created","rights":["read","write","impersonate","delete"],\
                "created_at":"<date>"}]
                """)
        }

        @Test("2.2 the user body") func body() async throws {
            let scene = try await ContractScene()
            let one = scene.one
            let ada = try await one.newUser("ada@\(scene.domain)")
            let (older, newer) = (try await one.newAccount("Older"), try await one.newAccount("Newer"))
            try await one.join(ada, older, role: "agent")
            try await one.join(ada, newer, role: "administrator")
            try await one.row(
                "display_name, custom_attributes", "PATCH /users/\(ada)",
                #"{"display_name":"Ada L","custom_attributes":{"team":"Quay","n":1.50}}"#, is: 200)
            for (account, time) in [(older, "2026-01-30T08:00:00Z"), (newer, "2026-01-31T09:15:00.5Z")] {
                try await scene.daemon.execute(
                    "update account_users set active_at = '\(time)' where user_id = \(ada) and account_id = \(account)")
            }
            try await one.row(
                "every field, in its order", "GET /users/\(ada)", is: 200,
                """
                {"access_token":"<token>","account_id":\(newer),"available_name":"Ada L","avatar_url":"","confirmed":true,\
                "display_name":"Ada L","message_signature":null,"email":"ada@\(scene.domain)","id":\(ada),"name":"Ada",\
                "provider":"email","pubsub_token":"<token>","custom_attributes":{"n":1.50,"team":"Quay"},"role":"administrator",\
                "ui_settings":{},"uid":"ada@\(scene.domain)","accounts":[\
                {"id":\(newer),"name":"Newer","active_at":"2026-01-31T09:15:00.500Z","role":"administrator"},\
                {"id":\(older),"name":"Older","active_at":"2026-01-30T08:00:00.000Z","role":"agent"}]}
                """)
            try await scene.daemon.execute(
                "update account_users set active_at = '2026-02-01T00:00:00Z' where user_id = \(ada) and account_id = \(older)")
            let moved = try await one.row("account_id, role: the most recent active_at", "GET /users/\(ada)", is: 200)
            #expect((moved.json["account_id"] as? NSNumber)?.int64Value == older && moved.text("role") == "agent")
            let keys = Set(moved.json.keys)
            for absent in ["type", "availability", "custom_role", "created_at", "updated_at", "phone_number", "teams", "inboxes"]
            {
                #expect(!keys.contains(absent), "not in the platform body: \(absent)")
            }
        }

        @Test("2.3 GET /users/:id") func show() async throws {
            let scene = try await ContractScene()
            let ada = try await scene.one.newUser("ada@\(scene.domain)")
            let body = Self.plain("\(ada)", "ada@\(scene.domain)")
            try await scene.one.row("200, no condition on membership", "GET /users/\(ada)", is: 200, body)
            try await scene.two.row("401", "GET /users/\(ada)", is: 401, .nonPermissible)
            try await scene.nobody.row("401", "GET /users/\(ada)", is: 401, .invalidToken)
            try await scene.one.row("404", "GET /users/0", is: 404, .notFound)
        }

        @Test("2.4 PATCH and PUT", arguments: ["PATCH", "PUT"]) func update(_ verb: String) async throws {
            let scene = try await ContractScene()
            let one = scene.one
            let ada = try await one.newUser("ada@\(scene.domain)")
            let line = "\(verb) /users/\(ada)"
            func body(_ name: String, _ display: String, _ email: String, _ attributes: String) -> Expected {
                let available = display == "null" ? "\"\(name)\"" : display
                return Expected(
                    """
                    {"access_token":"<token>","account_id":null,"available_name":\(available),"avatar_url":"","confirmed":true,\
                    "display_name":\(display),"message_signature":null,"email":"\(email)@\(scene.domain)","id":\(ada),\
                    "name":"\(name)","provider":"email","pubsub_token":"<token>",\(attributes)"role":null,"ui_settings":{},\
                    "uid":"\(email)@\(scene.domain)","accounts":[]}
                    """)
            }
            try await one.row("empty body: no change", line, is: 200, body("Ada", "null", "ada", ""))
            try await one.row("empty body: no change", line, "{}", is: 200, body("Ada", "null", "ada", ""))
            try await one.row("name", line, #"{"name":"Bo"}"#, is: 200, body("Bo", "null", "ada", ""))
            try await one.row("display_name", line, #"{"display_name":"B"}"#, is: 200, body("Bo", #""B""#, "ada", ""))
            try await one.row("display_name: null", line, #"{"display_name":null}"#, is: 200, body("Bo", "null", "ada", ""))
            try await one.row(
                "email: at once, uid follows", line, #"{"email":" BO@\#(scene.domain)"}"#, is: 200, body("Bo", "null", "bo", ""))
            for (given, kept) in [
                (#"{"a":{"x":1},"b":2}"#, #"{"a":{"x":1},"b":2}"#), (#"{"a":{"y":2}}"#, #"{"a":{"y":2},"b":2}"#),
                (#"{"b":null}"#, #"{"a":{"y":2},"b":null}"#), ("null", #"{"a":{"y":2},"b":null}"#),
                ("[1]", #"{"a":{"y":2},"b":null}"#), ("{}", #"{"a":{"y":2},"b":null}"#),
            ] {
                try await one.row(
                    "custom_attributes: shallow merge; null is a value, a non-object ignored", line,
                    #"{"custom_attributes":\#(given)}"#, is: 200, body("Bo", "null", "bo", #""custom_attributes":\#(kept),"#))
            }
            _ = try await one.newUser("taken@\(scene.domain)")
            for (given, message, attribute) in [
                (#""email":"""#, "Email can't be blank", "email"), (#""email":null"#, "Email can't be blank", "email"),
                (#""email":"x""#, "Email is not an email", "email"),
                (#""email":"taken@\#(scene.domain)""#, "Email has already been taken", "email"),
                (#""name":"""#, "Name can't be blank", "name"), (#""password":"""#, "Password can't be blank", "password"),
                (#""password":"harbour1!""#, "Password must contain at least 1 uppercase character", "password"),
            ] {
                try await one.row("refused, nothing changed", line, .json("{\(given)}"), is: 422, .invalid(message, attribute))
            }
            try await one.row(
                "nothing changed", "GET /users/\(ada)", is: 200,
                body("Bo", "null", "bo", #""custom_attributes":{"a":{"y":2},"b":null},"#))
        }

        @Test("2.4 password") func changePassword() async throws {
            let scene = try await ContractScene()
            let one = scene.one
            let email = "ada@\(scene.domain)"
            let ada = try await one.newUser(email, password: "Harbour1!")
            let before = try await one.call("GET /users/\(ada)")
            let session = try await one.signIn(email, "Harbour1!")
            #expect(session.status == 200)
            try await one.row(
                "no current password asked; the API token survives", "PATCH /users/\(ada)", #"{"password":"Seaside2?"}"#, is: 200,
                Expected(before.body))
            try await one.row(
                "sessions are dropped, the newest too (issue: safer)", "GET /auth/validate_token",
                headers: session.sessionHeaders,
                is: 401, #"{"success":false,"errors":["Invalid login credentials"]}"#)
            #expect(try await one.signIn(email, "Harbour1!").status == 401)
            #expect(try await one.signIn(email, "Seaside2?").status == 200)
            try await one.row("idempotent", "PATCH /users/\(ada)", #"{"password":"Seaside2?"}"#, is: 200, Expected(before.body))
        }

        @Test("2.5 DELETE /users/:id") func delete() async throws {
            let scene = try await ContractScene()
            let (one, two) = (scene.one, scene.two)
            let email = "ada@\(scene.domain)"
            let ada = try await one.newUser(email, password: "Harbour1!")
            let accounts = [try await one.newAccount(), try await one.newAccount()]
            for account in accounts { try await one.join(ada, account) }
            try await scene.daemon.grant("read", on: "user", ada, to: two)
            let session = try await one.signIn(email, "Harbour1!")
            let token = try #require(try await one.call("GET /users/\(ada)").text("access_token"))

            let deleted = try await one.row("200, empty body, no job id", "DELETE /users/\(ada)", is: 200, .empty)
            #expect(deleted.headers["location"] == nil)
            try await one.row("gone at once (issue), so twice is 404", "DELETE /users/\(ada)", is: 404, .notFound)
            try await one.row("after: 404", "GET /users/\(ada)", is: 404, .notFound)
            try await two.row("for all apps", "GET /users/\(ada)", is: 404, .notFound)
            for account in accounts {
                try await one.row("for all accounts", "GET /accounts/\(account)/account_users", is: 200, "[]")
            }
            try await one.row("sessions end", "GET /auth/validate_token", headers: session.sessionHeaders, is: 401)
            try await one.row("its token ends", "GET /auth/validate_token", headers: [("api_access_token", token)], is: 401)
            #expect(try await one.signIn(email, "Harbour1!").status == 401)
            let again = try await one.newUser(email)
            #expect(again != ada, "the e-mail is free, the id is not")
        }

        @Test("2.6 GET /users/:id/login") func login() async throws {
            let scene = try await ContractScene()
            let ada = try await scene.one.newUser("ada@\(scene.domain)")
            try await scene.one.row(
                "200 with the URL", "GET /users/\(ada)/login", is: 200,
                #"{"url":"\#(ContractDaemon.publicURL)/app/login?email=ada%40\#(scene.domain)&sso_auth_token=<hex64>"}"#)
            try await scene.two.row("owner only", "GET /users/\(ada)/login", is: 401, .nonPermissible)
            try await scene.one.row("404", "GET /users/x/login", is: 404, .notFound)
        }

        @Test("2.7 POST /users/:id/token") func token() async throws {
            let scene = try await ContractScene()
            let ada = try await scene.one.newUser("ada@\(scene.domain)")
            let user = try await scene.one.call("GET /users/\(ada)")
            let body = Expected(
                """
                {"access_token":"\(user.text("access_token") ?? "")","expiry":null,"user":{"id":\(ada),"name":"Ada",\
                "display_name":null,"email":"ada@\(scene.domain)","pubsub_token":"\(user.text("pubsub_token") ?? "")"}}
                """)
            try await scene.one.row("reads the existing token", "POST /users/\(ada)/token", is: 200, body)
            try await scene.one.row("mints nothing, rotates nothing; idempotent", "POST /users/\(ada)/token", is: 200, body)
            try await scene.one.row("takes no parameters of the original's", "POST /users/\(ada)/token", "{}", is: 200, body)
            try await scene.two.row("401", "POST /users/\(ada)/token", is: 401, .nonPermissible)
            try await scene.nobody.row("401", "POST /users/\(ada)/token", is: 401, .invalidToken)
            try await scene.one.row("404", "POST /users/0/token", is: 404, .notFound)
            let expiring = try await scene.one.row(
                "expiry in Unix seconds where asked for (design)", "POST /users/\(ada)/token",
                #"{"rotate":true,"expires_in":3600}"#, is: 200,
                """
                {"access_token":"<token>","expiry":<seconds>,"user":{"id":\(ada),"name":"Ada","display_name":null,\
                "email":"ada@\(scene.domain)","pubsub_token":"\(user.text("pubsub_token") ?? "")"}}
                """)
            #expect(expiring.text("access_token") != user.text("access_token"))
            for bad in ["0", "-1", #""soon""#] {
                try await scene.one.row(
                    "0, negative, not a number (design)", "POST /users/\(ada)/token", #"{"expires_in":\#(bad)}"#, is: 422)
            }
        }
    }
}
