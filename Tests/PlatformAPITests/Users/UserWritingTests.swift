// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

/// Creating, changing and deleting users (contract sections 2.1, 2.4 and 2.5).
@Suite struct UserWritingTests {
    @Test func createRefusesWhatIsNoUser() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let long = String(repeating: "ä", count: 256)
            let weak =
                "Password must contain at least 1 uppercase character, Password must contain at least 1 number character, "
                + "Password must contain at least 1 special character"
            let cases: [(String, String)] = [
                ("{}", Body.invalid("Email can't be blank, Name can't be blank", "email", "name")),
                (#"{"name":"A"}"#, Body.invalid("Email can't be blank", "email")),
                (#"{"name":"A","email":null}"#, Body.invalid("Email can't be blank", "email")),
                (#"{"name":"A","email":" "}"#, Body.invalid("Email can't be blank", "email")),
                (#"{"name":"A","email":"a@localhost"}"#, Body.invalid("Email is not an email", "email")),
                (#"{"name":"A","email":7}"#, Body.invalid("Email is not an email", "email")),
                (#"{"name":"A","email":["a@example.org"]}"#, Body.invalid("Email is invalid", "email")),
                (#"{"email":"a@example.org"}"#, Body.invalid("Name can't be blank", "name")),
                (#"{"email":"a@example.org","name":null}"#, Body.invalid("Name can't be blank", "name")),
                (#"{"email":"a@example.org","name":" \t"}"#, Body.invalid("Name can't be blank", "name")),
                (#"{"email":"a@example.org","name":{}}"#, Body.invalid("Name is invalid", "name")),
                (
                    #"{"email":"a@example.org","name":"\#(long)"}"#,
                    Body.invalid("Name is too long (maximum is 255 characters)", "name")
                ),
                (
                    #"{"email":"a@example.org","name":"A","display_name":"\#(long)"}"#,
                    Body.invalid("Display name is too long (maximum is 255 characters)", "display_name")
                ),
                (
                    #"{"email":"\#(long)@example.org","name":"A"}"#,
                    Body.invalid("Email is too long (maximum is 255 characters)", "email")
                ),
                (#"{"email":"a@example.org","name":"A","password":null}"#, Body.invalid("Password can't be blank", "password")),
                (#"{"email":"a@example.org","name":"A","password":""}"#, Body.invalid("Password can't be blank", "password")),
                (#"{"email":"a@example.org","name":"A","password":"lettersonly"}"#, Body.invalid(weak, "password")),
                (
                    #"{"email":"a@example.org","name":"A","password":"aB3$"}"#,
                    Body.invalid("Password is too short (minimum is 6 characters)", "password")
                ),
                (
                    #"{"email":"a@example.org","name":"A","password":"aB3$\#(String(repeating: "x", count: 125))"}"#,
                    Body.invalid("Password is too long (maximum is 128 characters)", "password")
                ),
                (
                    #"{"user":{"email":"a@example.org","name":"A"}}"#,
                    Body.invalid("Email can't be blank, Name can't be blank", "email", "name")
                ),
                (
                    #"{"email":"a@example.org","name":"A\u0000B"}"#,
                    Body.invalid("Name contains a null character or a number out of range", "name")
                ),
                (
                    #"{"email":"a@example.org","name":"A","custom_attributes":{"a":{"b\u0000":1}}}"#,
                    Body.invalid("Custom attributes contains a null character or a number out of range", "custom_attributes")
                ),
                (
                    #"{"email":"a@example.org","name":"A","custom_attributes":{"a":1e99999}}"#,
                    Body.invalid("Custom attributes contains a null character or a number out of range", "custom_attributes")
                ),
                (
                    #"{"email":"a\u0000@example.org","name":"A"}"#,
                    Body.invalid("Email contains a null character or a number out of range", "email")
                ),
            ]
            let before = try await api.fingerprint()
            for (json, body) in cases {
                let answer = try await app.post("/users", json)
                #expect(answer.status == 422 && answer.body == body, "\(json.prefix(120)): \(answer)")
            }
            #expect(try await api.fingerprint() == before)
            // 255 characters are not too many, whatever they take in bytes; a key that is not read may hold anything.
            let name = String(repeating: "😀", count: 255)
            #expect(
                try await app.post("/users", #"{"email":"a@example.org","name":"\#(name)","other":"\u0000"}"#).json()["name"]
                    == .string(name))
        }
    }

    @Test func addressesAreOneInWhateverSpelling() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let first = try await app.post("/users", #"{"name":"Ada","email":"\t Ada.L@Example.ORG \n"}"#)
            let id = try first.id()
            #expect(
                try first.json()["email"] == .string("ada.l@example.org") && first.json()["uid"] == .string("ada.l@example.org"))
            for email in ["ada.l@example.org", "ADA.L@EXAMPLE.ORG", "  ada.L@example.org"] {
                let again = try await app.post(
                    "/users", #"{"name":"Other","email":"\#(email)","password":"Correct-Horse9","custom_attributes":{"a":1}}"#)
                #expect(again.body == first.body && again.status == 200)
            }
            // Found by its address, nothing of the body is written, so nothing of it can be wrong.
            #expect(try await app.post("/users", #"{"email":"ada.l@example.org","password":"weak"}"#).body == first.body)
            #expect(try await app.newUser("other@example.org") != id)
        }
    }

    @Test func addressOfSomebodyElse() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            _ = try await one.newUser("ada@example.org")
            let own = try await two.newUser("own@example.org")
            let taken = Body.invalid("Email has already been taken", "email")
            for json in [
                #"{"name":"X","email":" ADA@example.org"}"#,
                #"{"name":"X","email":"ada@example.org","password":"Correct-Horse9"}"#,
            ] {
                let answer = try await two.post("/users", json)
                #expect(answer.status == 422 && answer.body == taken, "\(answer)")
            }
            let answer = try await two.patch("/users/\(own)", #"{"email":"Ada@example.org"}"#)
            #expect(answer.status == 422 && answer.body == taken, "\(answer)")
            // One's own address is no clash, and a deleted user's address is free.
            #expect(try await two.patch("/users/\(own)", #"{"email":" OWN@example.org "}"#).status == 200)
            #expect(try await two.delete("/users/\(own)").status == 200)
            #expect(try await one.newUser("own@example.org") != own)
        }
    }

    @Test func updateChangesWhatIsGivenOnly() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let id = try await app.post(
                "/users", #"{"name":"Ada","email":"ada@example.org","display_name":"A","custom_attributes":{"a":1,"b":{"x":1}}}"#
            ).id()
            func expect(_ json: String, _ field: String, _ value: JSONValue, sourceLocation: SourceLocation = #_sourceLocation)
                async throws
            {
                let answer = try await app.patch("/users/\(id)", json, sourceLocation: sourceLocation)
                #expect(try answer.json()[field] == value, "\(json): \(answer)", sourceLocation: sourceLocation)
            }
            try await expect(#"{"name":"Ada L"}"#, "name", .string("Ada L"))
            try await expect("{}", "display_name", .string("A"))
            try await expect(#"{"display_name":null}"#, "display_name", .null)
            try await expect(#"{"display_name":"B"}"#, "available_name", .string("B"))
            try await expect(#"{"email":" NEW@example.org"}"#, "uid", .string("new@example.org"))
            // Merged at the top level; null is a value, and what is no object is ignored.
            try await expect(
                #"{"custom_attributes":{"b":2,"c":null}}"#, "custom_attributes",
                .object(["a": .integer(1), "b": .integer(2), "c": .null]))
            for ignored in ["null", "[]", "7", #""x""#, "{}"] {
                try await expect(
                    #"{"custom_attributes":\#(ignored)}"#, "custom_attributes",
                    .object(["a": .integer(1), "b": .integer(2), "c": .null]))
            }
            let put = try await app.call("PUT", "/users/\(id)", .json(#"{"name":"Put"}"#))
            #expect(try put.json()["name"] == .string("Put") && put.json()["display_name"] == .string("B"))
            for (json, body) in [
                (#"{"name":null}"#, Body.invalid("Name can't be blank", "name")),
                (#"{"name":""}"#, Body.invalid("Name can't be blank", "name")),
                (#"{"email":null}"#, Body.invalid("Email can't be blank", "email")),
                (#"{"email":"no"}"#, Body.invalid("Email is not an email", "email")),
                (#"{"password":null}"#, Body.invalid("Password can't be blank", "password")),
                (#"{"password":""}"#, Body.invalid("Password can't be blank", "password")),
                (#"{"name":[1],"email":"","password":"short"}"#, nil),
            ] as [(String, String?)] {
                let answer = try await app.patch("/users/\(id)", json)
                #expect(answer.status == 422, "\(json): \(answer)")
                if let body { #expect(answer.body == body, "\(json)") }
            }
            #expect(try await app.get("/users/\(id)").body == put.body)
        }
    }

    @Test func passwordIsStoredHashedAndTheTokenSurvives() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let created = try await app.post("/users", #"{"name":"Ada","email":"ada@example.org"}"#)
            let id = try created.id()
            #expect(try await api.count("select count(*) from users where password_hash is not null") == 0)
            let changed = try await app.patch("/users/\(id)", #"{"password":"Correct-Horse9"}"#)
            #expect(changed.body == created.body)
            #expect(try await api.count("select count(*) from users where password_hash like '$2b$%'") == 1)
            let secret = "Correct-Horse9"
            #expect(try await api.count("select count(*) from audit_events e where e::text like '%\(secret)%'") == 0)
        }
    }

    @Test func deletedIsGone() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (user, account) = (try await app.newUser("ada@example.org"), try await app.newAccount())
            try await app.join(user, to: account)
            let deleted = try await app.delete("/users/\(user)")
            #expect(deleted.status == 200 && deleted.body.isEmpty && deleted.headers["content-length"] == "0")
            for (method, path, content) in [
                ("GET", "/users/\(user)", Content.none), ("PATCH", "/users/\(user)", .json(#"{"name":"X"}"#)),
                ("PUT", "/users/\(user)", .json("{}")),
                ("PATCH", "/users/\(user)", .json(#"{"name":null}"#)), ("DELETE", "/users/\(user)", .none),
                ("POST", "/users/\(user)/token", .none),
                ("POST", "/accounts/\(account)/account_users", .json(#"{"user_id":\#(user)}"#)),
                ("DELETE", "/accounts/\(account)/account_users", .json(#"{"user_id":\#(user)}"#)),
            ] {
                let answer = try await app.call(method, path, content)
                #expect(answer.status == 404 && answer.body == Body.notFound, "\(method) \(path): \(answer)")
            }
            #expect(try await app.get("/accounts/\(account)/account_users").body == "[]")
        }
    }
}
