// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

/// Accounts (contract section 3).
@Suite struct AccountTests {
    /// What a new account has, as the vocabulary says, in the order of the names.
    static let defaults = """
        {"agent_bots":true,"agent_management":true,"auto_resolve_conversations":true,"automations":true,"campaigns":true,\
        "canned_responses":true,"channel_email":true,"channel_facebook":true,"channel_instagram":true,"channel_tiktok":true,\
        "channel_website":true,"chatwoot_v4":true,"contact_chatwoot_support_team":true,"crm":true,"custom_attributes":true,\
        "help_center":true,"inbox_management":true,"inbox_view":true,"integrations":true,"labels":true,"macros":true,\
        "mobile_v2":true,"report_v4":true,"reports":true,"team_management":true,"voice_recorder":true}
        """

    @Test func bodyByteForByte() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            #expect(try await app.get("/accounts").body == "[]")
            let plain = try await app.post("/accounts", #"{"name":"Acme"}"#)
            let id = try plain.id()
            let plainBody = """
                {"id":\(id),"name":"Acme","locale":"en","domain":null,"support_email":"care@muster.example",\
                "enabled_features":\(Self.defaults),"custom_attributes":{},"limits":{},"status":"active"}
                """
            #expect(plain.status == 200 && plain.body == plainBody)
            let full = try await app.post(
                "/accounts",
                """
                {"name":"Ümläut","locale":"pt_BR","domain":"mail.example.org","support_email":"help@example.org","status":"suspended",\
                "features":{"sla":true,"macros":false},"limits":{"agents":5,"emails":2.5},"custom_attributes":{"plan":"gold","n":[1,2]},"id":1}
                """)
            let other = try full.id()
            let features = Self.defaults.replacing("\"macros\":true,", with: "").replacing(
                "\"team_management\"", with: "\"sla\":true,\"team_management\"")
            let fullBody = """
                {"id":\(other),"name":"Ümläut","locale":"pt_BR","domain":"mail.example.org","support_email":"help@example.org",\
                "enabled_features":\(features),"custom_attributes":{"n":[1,2],"plan":"gold"},"limits":{"agents":5,"emails":2.5},"status":"suspended"}
                """
            #expect(full.body == fullBody)
            #expect(try await app.get("/accounts/\(other)").body == fullBody)
            #expect(try await app.call("PUT", "/accounts/\(id)").body == plainBody)
            let list = try await app.get("/accounts")
            #expect(list.status == 200 && list.body == "[\(plainBody),\(fullBody)]")
            // Nothing unique in an account: the same again is another one.
            #expect(try await app.newAccount("Acme") != id)
        }
    }

    @Test func updateReplacesAndMerges() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let id = try await app.post(
                "/accounts",
                #"{"name":"A","domain":"d.example","support_email":"s@example.org","limits":{"agents":1,"inboxes":2},"custom_attributes":{"a":1,"b":2}}"#
            ).id()
            func after(_ json: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> JSONValue {
                let answer = try await app.patch("/accounts/\(id)", json, sourceLocation: sourceLocation)
                #expect(answer.status == 200, "\(json): \(answer)", sourceLocation: sourceLocation)
                return try answer.json(sourceLocation: sourceLocation)
            }
            #expect(try await after(#"{"limits":{"emails":9}}"#)["limits"] == .object(["emails": .integer(9)]))
            #expect(try await after(#"{"custom_attributes":{"c":3}}"#)["custom_attributes"] == .object(["c": .integer(3)]))
            let kept = try await after(#"{"features":{"sla":true}}"#)
            #expect(kept["limits"] == .object(["emails": .integer(9)]) && kept["domain"] == .string("d.example"))
            #expect(kept["enabled_features"]?["sla"] == .bool(true) && kept["enabled_features"]?["macros"] == .bool(true))
            let fewer = try await after(#"{"features":{"macros":false},"limits":{},"custom_attributes":{}}"#)
            #expect(fewer["enabled_features"]?["macros"] == nil && fewer["enabled_features"]?["sla"] == .bool(true))
            #expect(fewer["limits"] == .object([:]) && fewer["custom_attributes"] == .object([:]))
            let cleared = try await after(#"{"domain":null,"support_email":null}"#)
            #expect(cleared["domain"] == .null && cleared["support_email"] == .string(LiveInstallation.senderAddress))
            #expect(try await after(#"{"support_email":""}"#)["support_email"] == .string(LiveInstallation.senderAddress))
            #expect(try await after(#"{"status":"suspended"}"#)["status"] == .string("suspended"))
            #expect(try await after(#"{"name":"B"}"#)["status"] == .string("suspended"))
            #expect(try await after(#"{"status":"active"}"#)["status"] == .string("active"))
            // What is no object is ignored where the contract has it so.
            for ignored in ["null", "[]", "7"] {
                #expect(try await after(#"{"custom_attributes":\#(ignored)}"#)["custom_attributes"] == .object([:]))
            }
            #expect(try await after(#"{"limits":null,"features":null}"#)["limits"] == .object([:]))
        }
    }

    @Test func switchesAreReadAsAPersonWould() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let id = try await app.newAccount()
            for (value, on) in [
                ("true", true), ("false", false), (#""true""#, true), (#""false""#, false), ("1", true), ("0", false),
                (#""1""#, true),
                (#""0""#, false), (#""""#, false), ("null", false),
            ] {
                for start in [true, false] {
                    _ = try await app.patch("/accounts/\(id)", #"{"features":{"sla":\#(start)}}"#)
                    let answer = try await app.patch("/accounts/\(id)", #"{"features":{"sla":\#(value)}}"#)
                    #expect(try answer.json()["enabled_features"]?["sla"] == (on ? .bool(true) : nil), "\(value): \(answer)")
                }
            }
            let form = try await app.call("PATCH", "/accounts/\(id)", .form("features%5Bsla%5D=true&features[macros]=false"))
            #expect(
                try form.json()["enabled_features"]?["sla"] == .bool(true) && form.json()["enabled_features"]?["macros"] == nil)
        }
    }

    @Test func refusesWhatIsNoAccount() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let id = try await app.newAccount()
            let long = String(repeating: "x", count: 101)
            let cases: [(String, String)] = [
                (#"{"name":null}"#, Body.invalid("Name can't be blank", "name")),
                (
                    #"{"name":"\#(String(repeating: "x", count: 256))"}"#,
                    Body.invalid("Name is too long (maximum is 255 characters)", "name")
                ),
                (#"{"name":"A","locale":"xx"}"#, Body.invalid("Locale is not included in the list", "locale")),
                (#"{"name":"A","locale":null}"#, Body.invalid("Locale is not included in the list", "locale")),
                (#"{"name":"A","status":"paused"}"#, Body.invalid("Status is not included in the list", "status")),
                (#"{"name":"A","status":null}"#, Body.invalid("Status is not included in the list", "status")),
                (#"{"name":"A","domain":"\#(long)"}"#, Body.invalid("Domain is too long (maximum is 100 characters)", "domain")),
                (
                    #"{"name":"A","support_email":"\#(long)"}"#,
                    Body.invalid("Support email is too long (maximum is 100 characters)", "support_email")
                ),
                (#"{"name":"A","support_email":"no address"}"#, Body.invalid("Support email is not an email", "support_email")),
                (
                    #"{"name":"A","features":{"teleport":true}}"#,
                    Body.invalid("Features contain an unknown name: teleport", "features")
                ),
                (
                    #"{"name":"A","features":{"sla":"maybe"}}"#,
                    Body.invalid("Features contain a value that is no switch: sla", "features")
                ),
                (#"{"name":"A","features":["sla"]}"#, Body.invalid("Features is invalid", "features")),
                (#"{"name":"A","limits":{"seats":1}}"#, Body.invalid("Limits : Invalid data", "limits")),
                (#"{"name":"A","limits":{"agents":"1"}}"#, Body.invalid("Limits : Invalid data", "limits")),
                (#"{"name":"A","limits":{"agents":null}}"#, Body.invalid("Limits : Invalid data", "limits")),
                (#"{"name":"A","limits":7}"#, Body.invalid("Limits : Invalid data", "limits")),
                (#"{"name":"A","limits":[]}"#, Body.invalid("Limits : Invalid data", "limits")),
                (#"{"name":"A\u0000"}"#, Body.invalid("Name contains a null character or a number out of range", "name")),
                (
                    #"{"name":"A","custom_attributes":{"a\u0000":1}}"#,
                    Body.invalid("Custom attributes contains a null character or a number out of range", "custom_attributes")
                ),
                (
                    #"{"name":" ","locale":"xx","status":"x"}"#,
                    Body.invalid(
                        "Status is not included in the list, Name can't be blank, Locale is not included in the list", "status",
                        "name", "locale")
                ),
            ]
            let before = try await api.fingerprint()
            for (json, body) in cases {
                for (method, path) in [("POST", "/accounts"), ("PATCH", "/accounts/\(id)"), ("PUT", "/accounts/\(id)")] {
                    let answer = try await app.call(method, path, .json(json))
                    #expect(answer.status == 422 && answer.body == body, "\(method) \(json.prefix(100)): \(answer)")
                }
            }
            let absent = try await app.post("/accounts", "{}")
            #expect(absent.status == 422 && absent.body == Body.invalid("Name can't be blank", "name"))
            #expect(try await api.fingerprint() == before)
        }
    }

    @Test func everyOwnerLiftsItsOwnSuspensionOnly() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            let id = try await one.newAccount()
            try await api.grant("account", id, to: two, rights: 3)
            #expect(try await one.patch("/accounts/\(id)", #"{"status":"suspended"}"#).json()["status"] == .string("suspended"))
            #expect(try await two.patch("/accounts/\(id)", #"{"status":"active"}"#).json()["status"] == .string("suspended"))
            #expect(try await two.patch("/accounts/\(id)", #"{"status":"suspended"}"#).json()["status"] == .string("suspended"))
            #expect(try await one.patch("/accounts/\(id)", #"{"status":"active"}"#).json()["status"] == .string("suspended"))
            #expect(try await two.patch("/accounts/\(id)", #"{"status":"active"}"#).json()["status"] == .string("active"))
            #expect(try await one.get("/accounts/\(id)").json()["status"] == .string("active"))
        }
    }

    @Test func deletedIsGoneAndItsMembersStay() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (user, account) = (try await app.newUser("ada@example.org"), try await app.newAccount())
            try await app.join(user, to: account)
            let deleted = try await app.delete("/accounts/\(account)")
            #expect(deleted.status == 200 && deleted.body.isEmpty)
            for (method, path, content) in [
                ("GET", "/accounts/\(account)", Content.none), ("PATCH", "/accounts/\(account)", .json(#"{"name":"X"}"#)),
                ("PUT", "/accounts/\(account)", .json("{}")), ("PUT", "/accounts/\(account)", .json(#"{"status":"x"}"#)),
                ("DELETE", "/accounts/\(account)", .none), ("GET", "/accounts/\(account)/account_users", .none),
                ("POST", "/accounts/\(account)/account_users", .json(#"{"user_id":\#(user)}"#)),
                ("POST", "/accounts/\(account)/account_users", .none),
                ("DELETE", "/accounts/\(account)/account_users", .json(#"{"user_id":\#(user)}"#)),
                ("DELETE", "/accounts/\(account)/account_users", .none),
            ] {
                let answer = try await app.call(method, path, content)
                #expect(answer.status == 404 && answer.body == Body.notFound, "\(method) \(path): \(answer)")
            }
            #expect(try await app.get("/accounts").body == "[]")
            let member = try await app.get("/users/\(user)").json()
            #expect(member["accounts"] == .array([]) && member["account_id"] == .null && member["role"] == .null)
        }
    }
}
