// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

/// What a user looks like on the wire (contract sections 2.2 and 2.7), byte for byte.
@Suite struct UserBodyTests {
    @Test func userWithoutAnything() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let created = try await app.post("/users", #"{"name":"Ada","email":"ada@example.org"}"#)
            let json = try created.json()
            let id = try created.id()
            let token = try #require(json["access_token"]?.string)
            let pubsub = try #require(json["pubsub_token"]?.string)
            #expect(token.hasPrefix("mst_usr_") && !pubsub.isEmpty && pubsub != token)
            let body = """
                {"access_token":"\(token)","account_id":null,"available_name":"Ada","avatar_url":"","confirmed":true,\
                "display_name":null,"message_signature":null,"email":"ada@example.org","id":\(id),"name":"Ada","provider":"email",\
                "pubsub_token":"\(pubsub)","role":null,"ui_settings":{},"uid":"ada@example.org","accounts":[]}
                """
            #expect(created.status == 200 && created.body == body)
            for (method, content) in [
                ("GET", Content.none), ("PATCH", .json("{}")), ("PUT", .none), ("PUT", .json(#"{"role":"x","id":5}"#)),
            ] {
                let answer = try await app.call(method, "/users/\(id)", content)
                #expect(answer.status == 200 && answer.body == body, "\(method): \(answer)")
            }
            let minted = try await app.call("POST", "/users/\(id)/token")
            #expect(
                minted.body == """
                    {"access_token":"\(token)","expiry":null,"user":{"id":\(id),"name":"Ada","display_name":null,\
                    "email":"ada@example.org","pubsub_token":"\(pubsub)"}}
                    """)
            #expect(minted.status == 200)
            #expect(try await app.call("POST", "/users/\(id)/token", .json(#"{"ignored":1}"#)).body == minted.body)
        }
    }

    @Test func expiryIsInUnixSeconds() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let id = try await app.newUser("ada@example.org")
            let first = try await app.post("/users/\(id)/token", "{}").json()
            try await api.execute("update access_tokens set expires_at = '2100-01-01T00:00:00.9Z' where owner_kind = 'user'")
            let expiring = try await app.post("/users/\(id)/token", "{}").json()
            #expect(expiring["expiry"] == .integer(4_102_444_800) && expiring["access_token"] == first["access_token"])
            // A token that is dead is not shown again: there is a new one.
            try await api.execute("update access_tokens set expires_at = now() where owner_kind = 'user'")
            let fresh = try await app.post("/users/\(id)/token", "{}").json()
            #expect(fresh["expiry"] == .null && fresh["access_token"] != first["access_token"])
            #expect(fresh["user"]?["pubsub_token"] == first["user"]?["pubsub_token"])
            #expect(try await app.get("/users/\(id)").json()["access_token"] == fresh["access_token"])
        }
    }

    @Test func userWithEverything() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let created = try await app.post(
                "/users",
                #"{"name":"Zoë \"Z\" 😀","display_name":"Z\\o","email":"zoe@example.org","custom_attributes":{"site":"K\u00f6ln","n":1.50,"deep":{"a":[1,null,"x, y: z"]},"esc":"a\" : b\\"}}"#
            )
            let id = try created.id()
            let (first, second) = (try await app.newAccount("First & Co"), try await app.newAccount("Second"))
            try await app.join(id, to: first, role: "agent")
            try await app.join(id, to: second, role: "administrator")
            try await api.execute(
                "update account_users set active_at = '2026-01-31T09:15:00.123456Z' where user_id = \(id) and account_id = \(second)"
            )
            let json = try created.json()
            let (token, pubsub) = (try #require(json["access_token"]?.string), try #require(json["pubsub_token"]?.string))
            let answer = try await app.get("/users/\(id)")
            #expect(
                answer.body == """
                    {"access_token":"\(token)","account_id":\(second),"available_name":"Z\\\\o","avatar_url":"","confirmed":true,\
                    "display_name":"Z\\\\o","message_signature":null,"email":"zoe@example.org","id":\(id),"name":"Zoë \\"Z\\" 😀",\
                    "provider":"email","pubsub_token":"\(pubsub)",\
                    "custom_attributes":{"n":1.50,"esc":"a\\" : b\\\\","deep":{"a":[1,null,"x, y: z"]},"site":"Köln"},\
                    "role":"administrator","ui_settings":{},"uid":"zoe@example.org","accounts":[\
                    {"id":\(second),"name":"Second","active_at":"2026-01-31T09:15:00.123Z","role":"administrator"},\
                    {"id":\(first),"name":"First & Co","active_at":null,"role":"agent"}]}
                    """)
        }
    }

    @Test func blankDisplayNameIsNoAvailableName() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let answer = try await app.post("/users", #"{"name":"Ada","email":"a@example.org","display_name":""}"#)
            #expect(try answer.json()["available_name"]?.string == "Ada")
        }
    }

    @Test func secretsNeedTheRightToImpersonate() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            let id = try await one.newUser("ada@example.org")
            try await api.grant("user", id, to: two, rights: 3)
            let body = """
                {"account_id":null,"available_name":"Person","avatar_url":"","confirmed":true,"display_name":null,\
                "message_signature":null,"email":"ada@example.org","id":\(id),"name":"Person","provider":"email","role":null,\
                "ui_settings":{},"uid":"ada@example.org","accounts":[]}
                """
            #expect(try await two.get("/users/\(id)").body == body)
            #expect(try await two.patch("/users/\(id)", "{}").body == body)
            #expect(try await two.post("/users", #"{"name":"X","email":"ada@example.org"}"#).body == body)
            // What lets one act as the user is refused, and so is deleting: rights 3 are read and write.
            for (method, path, content) in [
                ("POST", "/users/\(id)/token", Content.none), ("PATCH", "/users/\(id)", .json(#"{"password":"Correct-Horse9"}"#)),
                ("PATCH", "/users/\(id)", .json(#"{"email":"evil@example.org"}"#)), ("DELETE", "/users/\(id)", .none),
            ] {
                let answer = try await two.call(method, path, content)
                #expect(answer.status == 401 && answer.body == Body.nonPermissible, "\(method) \(path): \(answer)")
            }
            #expect(try await two.patch("/users/\(id)", #"{"name":"Ada L"}"#).json()["name"] == .string("Ada L"))
            let seen = try await one.get("/users/\(id)").json()
            #expect(seen["email"] == .string("ada@example.org") && seen["name"] == .string("Ada L"))
        }
    }

    @Test func readOnlyGrantReadsOnly() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            let (user, account) = (try await one.newUser("ada@example.org"), try await one.newAccount())
            let own = try await two.newUser("own@example.org")
            try await api.grant("user", user, to: two, rights: 1)
            try await api.grant("account", account, to: two, rights: 1)
            for path in ["/users/\(user)", "/accounts/\(account)", "/accounts/\(account)/account_users"] {
                #expect(try await two.get(path).status == 200, "\(path)")
            }
            let before = try await api.fingerprint()
            for (method, path, content) in [
                ("PATCH", "/users/\(user)", Content.json(#"{"name":"X"}"#)), ("PATCH", "/users/\(user)", .json("{}")),
                ("DELETE", "/users/\(user)", .none),
                ("PUT", "/accounts/\(account)", .json(#"{"name":"X"}"#)), ("DELETE", "/accounts/\(account)", .none),
                ("POST", "/accounts/\(account)/account_users", .json(#"{"user_id":\#(own)}"#)),
                ("DELETE", "/accounts/\(account)/account_users", .json(#"{"user_id":\#(own)}"#)),
            ] {
                let answer = try await two.call(method, path, content)
                #expect(answer.status == 401 && answer.body == Body.nonPermissible, "\(method) \(path): \(answer)")
            }
            #expect(try await api.fingerprint() == before)
        }
    }

    @Test func appThatShowsTokensOnCreationOnly() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            try await api.execute("update platform_apps set reveals_user_tokens = false where id = \(app.appID)")
            let draft = #"{"name":"Ada","email":"ada@example.org"}"#
            let created = try await app.post("/users", draft)
            let id = try created.id()
            #expect(try created.json()["access_token"] != nil)
            #expect(try await app.post("/users/\(id)/token", "{}").json()["access_token"] == created.json()["access_token"])
            // Creating what is there creates nothing.
            for answer in [
                try await app.get("/users/\(id)"), try await app.patch("/users/\(id)", #"{"name":"Ada L"}"#),
                try await app.post("/users", draft),
                try await app.post("/users", #"{"email":"ada@example.org"}"#),
            ] {
                #expect(try answer.id() == id)
                #expect(try answer.json()["access_token"] == nil && answer.json()["pubsub_token"] == nil, "\(answer)")
            }
        }
    }
}
