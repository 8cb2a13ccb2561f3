// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

extension ContractTests {
    /// 3. Accounts.
    @Suite("3") struct Section3 {
        /// What the installation gives a new account; our list, in the order of the body.
        static let defaultFeatures: [String] = [
            "agent_bots", "agent_management", "auto_resolve_conversations", "automations", "campaigns",
            "canned_responses", "channel_email", "channel_facebook", "channel_instagram", "channel_tiktok",
            "channel_website", "chatwoot_v4", "contact_chatwoot_support_team", "crm", "custom_attributes", "help_center",
            "inbox_management", "inbox_view", "integrations", "labels", "macros", "mobile_v2", "report_v4", "reports",
            "team_management", "voice_recorder",
        ]

        /// An account's body (3.2); what is not said is as a new account has it.
        static func body(
            _ id: String = "<id>", name: String, locale: String = "en", domain: String = "null",
            support: String = ContractDaemon.senderAddress, features: [String] = defaultFeatures, attributes: String = "{}",
            limits: String = "{}", status: String = "active"
        ) -> Expected {
            let enabled = features.sorted().map { #""\#($0)":true"# }.joined(separator: ",")
            return Expected(
                """
                {"id":\(id),"name":"\(name)","locale":"\(locale)","domain":\(domain),"support_email":"\(support)",\
                "enabled_features":{\(enabled)},"custom_attributes":\(attributes),"limits":\(limits),"status":"\(status)"}
                """)
        }

        @Test("3 the table of methods and paths") func routes() async throws {
            let one = try await ContractScene().one
            let made = try await one.row("create", "POST /accounts", #"{"name":"A"}"#, is: 200, Self.body(name: "A"))
            let id = try #require((made.json["id"] as? NSNumber)?.int64Value)
            try await one.row("show", "GET /accounts/\(id)", is: 200, Expected(made.body))
            try await one.row("list owned accounts", "GET /accounts", is: 200, Expected("[\(made.body)]"))
            try await one.row("update", "PATCH /accounts/\(id)", "{}", is: 200, Expected(made.body))
            try await one.row("update", "PUT /accounts/\(id)", #"{"name":"B"}"#, is: 200, Self.body("\(id)", name: "B"))
            try await one.row("delete", "DELETE /accounts/\(id)", is: 200, .empty)
        }

        @Test("3.1 parameters", arguments: ["POST", "PATCH", "PUT"]) func parameters(_ verb: String) async throws {
            let one = try await ContractScene().one
            let account = try await one.newAccount("A")
            let line = verb == "POST" ? "POST /accounts" : "\(verb) /accounts/\(account)"
            func taken(_ fact: Comment, _ fields: String, _ body: Expected, sourceLocation: SourceLocation = #_sourceLocation)
                async throws
            {
                // For the updates everything is put back, so that each row begins with a new account's values.
                let features = Self.defaultFeatures.map { #""\#($0)":true"# } + [#""sla":false"#]
                _ = try await one.call(
                    "PATCH /accounts/\(account)",
                    .json(
                        #"{"name":"A","locale":"en","domain":null,"support_email":null,"status":"active","limits":{},"#
                            + #""custom_attributes":{},"features":{\#(features.joined(separator: ","))}}"#))
                try await one.row(fact, line, .json(#"{"name":"A",\#(fields)}"#), is: 200, body, sourceLocation: sourceLocation)
            }
            func refused(
                _ fact: Comment, _ fields: String, _ message: String, _ attribute: String,
                sourceLocation: SourceLocation = #_sourceLocation
            ) async throws {
                try await one.row(
                    fact, line, .json("{\(fields)}"), is: 422, .invalid(message, attribute), sourceLocation: sourceLocation)
            }
            let long = String(repeating: "x", count: 101)

            try await refused("name: required", #""name":null"#, "Name can't be blank", "name")
            try await refused("name: required", #""name":"  ""#, "Name can't be blank", "name")
            if verb == "POST" { try await refused("name: required", "", "Name can't be blank", "name") }
            try await taken("locale: a known code", #""locale":"pt_BR""#, Self.body(name: "A", locale: "pt_BR"))
            try await refused(
                "locale: unknown (section 9)", #""name":"A","locale":"xx""#, "Locale is not included in the list", "locale")
            let hundred = String(long.dropLast())
            try await taken("domain: 100", #""domain":"\#(hundred)""#, Self.body(name: "A", domain: "\"\(hundred)\""))
            try await refused(
                "domain: 101", #""name":"A","domain":"\#(long)""#, "Domain is too long (maximum is 100 characters)", "domain")
            try await taken("support_email", #""support_email":"h@x.example""#, Self.body(name: "A", support: "h@x.example"))
            try await taken("support_email: unset", #""support_email":null"#, Self.body(name: "A"))
            try await taken("support_email: blank is unset", #""support_email":"""#, Self.body(name: "A"))
            try await refused(
                "support_email: 100", #""name":"A","support_email":"\#(long)@x.example""#,
                "Support email is too long (maximum is 100 characters)", "support_email")
            try await refused(
                "support_email: format", #""name":"A","support_email":"x""#, "Support email is not an email", "support_email")
            try await taken("status: suspended", #""status":"suspended""#, Self.body(name: "A", status: "suspended"))
            for bad in ["frozen", "Active", ""] {
                try await refused(
                    "status: unknown (section 9)", #""name":"A","status":"\#(bad)""#, "Status is not included in the list",
                    "status")
            }
            let without = Self.defaultFeatures.filter { $0 != "macros" }
            for off in ["false", "null", #""""#, #""false""#, "0", #""0""#] {
                try await taken(
                    "features: false, null, blank disable; as a person reads them (design)", #""features":{"macros":\#(off)}"#,
                    Self.body(name: "A", features: without))
            }
            for on in ["true", #""true""#, "1", #""1""#] {
                try await taken(
                    "features: present enables", #""features":{"sla":\#(on)}"#,
                    Self.body(name: "A", features: Self.defaultFeatures + ["sla"]))
            }
            try await refused(
                "features: unknown (section 9)", #""name":"A","features":{"warp":true}"#,
                "Features contain an unknown name: warp", "features")
            let five = #"{"agents":1,"emails":5,"inboxes":2,"captain_documents":4,"captain_responses":3.5}"#
            try await taken("limits: the five names", #""limits":\#(five)"#, Self.body(name: "A", limits: five))
            for bad in [#"{"seats":1}"#, #"{"agents":"1"}"#, #"{"agents":null}"#, "[]", "7"] {
                try await refused(
                    "limits: anything else", #""name":"A","limits":\#(bad)"#, "Limits : Invalid data", "limits")
            }
            try await taken(
                "custom_attributes: any", #""custom_attributes":{"a":[1,{"b":null}]}"#,
                Self.body(name: "A", attributes: #"{"a":[1,{"b":null}]}"#))
            try await taken("custom_attributes: a non-object is ignored", #""custom_attributes":7"#, Self.body(name: "A"))
        }

        @Test("3.1 create") func create() async throws {
            let scene = try await ContractScene()
            let one = scene.one
            try await one.row(
                "one transaction: nothing is left of a refused create", "POST /accounts",
                #"{"name":"Unowned \#(scene.domain)","features":{"warp":true}}"#, is: 422)
            #expect(
                try await scene.daemon.count("select count(*) from accounts where name = 'Unowned \(scene.domain)'") == 0)
            try await one.row(
                "features on top of the installation's defaults", "POST /accounts",
                #"{"name":"A","features":{"sla":true,"macros":false}}"#, is: 200,
                Self.body(name: "A", features: Self.defaultFeatures.filter { $0 != "macros" } + ["sla"]))
            let again = try await one.row("idempotence: none", "POST /accounts", #"{"name":"A"}"#, is: 200, Self.body(name: "A"))
            let third = try await one.row("idempotence: none", "POST /accounts", #"{"name":"A"}"#, is: 200, Self.body(name: "A"))
            #expect(again.body != third.body)
            let id = (third.json["id"] as? NSNumber)?.int64Value ?? 0
            try await one.row("no user attached", "GET /accounts/\(id)/account_users", is: 200, "[]")
        }

        @Test("3.1 update") func update() async throws {
            let one = try await ContractScene().one
            let id = try await one.newAccount("A")
            let line = "PATCH /accounts/\(id)"
            _ = try await one.call(
                line, #"{"limits":{"agents":1,"emails":2},"custom_attributes":{"plan":"gold","n":1},"features":{"sla":true}}"#)
            let on = Self.defaultFeatures + ["sla"]
            try await one.row(
                "features: merged", line, #"{"features":{"macros":false}}"#, is: 200,
                Self.body(
                    "\(id)", name: "A", features: on.filter { $0 != "macros" }, attributes: #"{"n":1,"plan":"gold"}"#,
                    limits: #"{"agents":1,"emails":2}"#))
            try await one.row(
                "limits and custom_attributes: replaced whole", line,
                #"{"features":{"macros":true},"limits":{"inboxes":3},"custom_attributes":{"b":2}}"#, is: 200,
                Self.body("\(id)", name: "A", features: on, attributes: #"{"b":2}"#, limits: #"{"inboxes":3}"#))
            try await one.row(
                "sending {} empties them", line, #"{"limits":{},"custom_attributes":{},"features":{}}"#, is: 200,
                Self.body("\(id)", name: "A", features: on))
            try await one.row(
                "absent keys: unchanged", line, #"{"domain":"in.example"}"#, is: 200,
                Self.body("\(id)", name: "A", domain: #""in.example""#, features: on))
        }

        @Test("3.1 suspended") func suspended() async throws {
            let scene = try await ContractScene()
            let one = scene.one
            let ada = try await one.newUser("ada@\(scene.domain)")
            let (open, closed) = (try await one.newAccount("Open"), try await one.newAccount("Closed"))
            try await one.join(ada, open)
            try await one.join(ada, closed)
            let token = try #require(try await one.call("GET /users/\(ada)").text("access_token"))
            try await one.row("suspend", "PATCH /accounts/\(closed)", #"{"status":"suspended"}"#, is: 200)
            let seen = try await one.row(
                "members are kept out of it, and of it only (issue); their tokens stay", "GET /auth/validate_token",
                headers: [("api_access_token", token)], is: 200)
            let accounts = (seen.json["data"] as? [String: Any])?["accounts"] as? [[String: Any]] ?? []
            #expect(accounts.map { ($0["id"] as? NSNumber)?.int64Value } == [open])
            let members = try await one.row("memberships stay", "GET /accounts/\(closed)/account_users", is: 200)
            #expect(members.list.count == 1)
            let lifted = try await one.row("active again", "PATCH /accounts/\(closed)", #"{"status":"active"}"#, is: 200)
            #expect(lifted.text("status") == "active")
        }

        @Test("3.3 list, show, delete") func listShowDelete() async throws {
            let scene = try await ContractScene()
            let (one, two) = (scene.one, scene.two)
            try await one.row("an app without accounts gets []", "GET /accounts", is: 200, "[]")
            let (a, b) = (try await one.newAccount("A"), try await one.newAccount("B"))
            let foreign = try await two.newAccount("Foreign")
            let list = try await one.row("only the caller's, a bare array", "GET /accounts", is: 200)
            #expect(list.body.hasPrefix("[{") && list.ids.sorted() == [a, b].sorted())
            try await one.row("show: 200", "GET /accounts/\(a)", is: 200, Self.body("\(a)", name: "A"))
            try await one.row("show: 401", "GET /accounts/\(foreign)", is: 401, .nonPermissible)
            try await one.row("show: 404", "GET /accounts/x", is: 404, .notFound)
            let ada = try await one.newUser("ada@\(scene.domain)")
            try await one.join(ada, a)
            try await one.row("delete: 200, empty", "DELETE /accounts/\(a)", is: 200, .empty)
            try await one.row(
                "users of it are not deleted", "GET /users/\(ada)", is: 200, Section2.plain("\(ada)", "ada@\(scene.domain)"))
            try await one.row("gone at once (issue), so the second is 404", "DELETE /accounts/\(a)", is: 404, .notFound)
            try await one.row("after: 404", "GET /accounts/\(a)", is: 404, .notFound)
            try await one.row("after: 404", "GET /accounts/\(a)/account_users", is: 404, .notFound)
            try await one.row("after", "GET /accounts", is: 200, Expected("[\(try await one.call("GET /accounts/\(b)").body)]"))
            try await two.row("delete: 401", "DELETE /accounts/\(b)", is: 401, .nonPermissible)
        }
    }
}
