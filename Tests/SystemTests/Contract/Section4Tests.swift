// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

extension ContractTests {
    /// 4. Account users (membership).
    @Suite("4") struct Section4 {
        /// A membership's body: all columns of the row.
        private static func body(
            _ account: Int64, _ user: Int64, id: String = "<id>", role: String = "agent", availability: String = "online",
            autoOffline: Bool = true, customRole: String = "null"
        ) -> Expected {
            Expected(
                """
                {"id":\(id),"account_id":\(account),"user_id":\(user),"role":"\(role)","inviter_id":null,"created_at":"<date>",\
                "updated_at":"<date>","active_at":null,"availability":"\(availability)","auto_offline":\(autoOffline),\
                "custom_role_id":\(customRole),"agent_capacity_policy_id":null}
                """)
        }

        @Test("4 the table of methods and paths") func routes() async throws {
            let scene = try await ContractScene()
            let one = scene.one
            let (ada, account) = (try await one.newUser("ada@\(scene.domain)"), try await one.newAccount())
            let path = "/accounts/\(account)/account_users"
            try await one.row("list", "GET \(path)", is: 200, "[]")
            let made = try await one.row("upsert", "POST \(path)", #"{"user_id":\#(ada)}"#, is: 200, Self.body(account, ada))
            try await one.row("list: a bare array", "GET \(path)", is: 200, Expected("[\(made.body)]"))
            for verb in ["PATCH", "PUT", "GET"] {
                let id = (made.json["id"] as? NSNumber)?.int64Value ?? 0
                try await one.row("\(verb) one: not routed", "\(verb) \(path)/\(id)", is: 404, .notFound)
            }
            try await one.row("there is no /:id path", "DELETE \(path)/\(ada)", is: 404, .notFound)
            try await one.row("PATCH of the list: 405 (design)", "PATCH \(path)", "{}", is: 405, .methodNotAllowed)
            try await one.row("remove by user_id in the query", "DELETE \(path)?user_id=\(ada)", is: 200, .empty)
        }

        @Test("4 ownership") func ownership() async throws {
            // The original looks at the account only; here the user must be the app's too (section 9, design).
            let scene = try await ContractScene()
            let (one, two) = (scene.one, scene.two)
            let (account, foreignAccount) = (try await one.newAccount(), try await two.newAccount())
            let (own, foreign, gone) = (
                try await one.newUser("own@\(scene.domain)"), try await two.newUser("foreign@\(scene.domain)"),
                try await one.newUser("gone@\(scene.domain)")
            )
            try await one.row("gone", "DELETE /users/\(gone)", is: 200)
            for (user, status, body) in [
                (foreign, 401, Expected.nonPermissible), (987_654_321, 401, .nonPermissible), (0, 401, .nonPermissible),
                (-1, 401, .nonPermissible), (gone, 404, .notFound),
            ] {
                let (path, sent) = ("/accounts/\(account)/account_users", #"{"user_id":\#(user)}"#)
                try await one.row("user_id: never permitted 401, deleted 404", "POST \(path)", .json(sent), is: status, body)
                try await one.row("DELETE likewise", "DELETE \(path)", .json(sent), is: status, body)
            }
            for line in ["GET", "POST", "DELETE"] {
                try await one.row(
                    "the account", "\(line) /accounts/\(foreignAccount)/account_users", #"{"user_id":\#(own)}"#, is: 401,
                    .nonPermissible)
            }
        }

        @Test("4 user_id and role") func userAndRole() async throws {
            let scene = try await ContractScene()
            let one = scene.one
            let (ada, account) = (try await one.newUser("ada@\(scene.domain)"), try await one.newAccount())
            let path = "/accounts/\(account)/account_users"
            for sent in ["{}", #"{"user_id":null}"#, #"{"user_id":""}"#, #"{"user_id":"x"}"#, #"{"role":"agent"}"#] {
                try await one.row(
                    "user_id: absent on POST, or no id", "POST \(path)", .json(sent), is: 422, .invalid("User must exist", "user")
                )
            }
            try await one.row("user_id: absent on DELETE: nothing done", "DELETE \(path)", is: 200, .empty)
            let first = try await one.row(
                "role: agent for a new row; a quoted id (design)", "POST \(path)", #"{"user_id":"\#(ada)"}"#, is: 200,
                Self.body(account, ada))
            let id = "\((first.json["id"] as? NSNumber)?.int64Value ?? 0)"
            try await one.row(
                "repeat, same role: unchanged", "POST \(path)", #"{"user_id":\#(ada)}"#, is: 200, Expected(first.body))
            try await one.row(
                "repeat, other role: same id", "POST \(path)", #"{"user_id":\#(ada),"role":"administrator"}"#, is: 200,
                Self.body(account, ada, id: id, role: "administrator"))
            try await one.row(
                "role omitted: unchanged", "POST \(path)", .form("user_id=\(ada)"), is: 200,
                Self.body(account, ada, id: id, role: "administrator"))
            for bad in ["null", #""owner""#, #""Agent""#, "1", #""""#] {
                try await one.row(
                    "role: null (design), unknown (section 9)", "POST \(path)", #"{"user_id":\#(ada),"role":\#(bad)}"#, is: 422,
                    .invalid("Role is not included in the list", "role"))
            }
            let role = try await one.call(
                "POST /accounts/\(account)/custom_roles", #"{"name":"Crew","permissions":["conversation_manage"]}"#)
            let roleID = "\((role.json["id"] as? NSNumber)?.int64Value ?? 0)"
            try await one.row(
                "custom_role_id, availability, auto_offline: settable here (section 9)", "POST \(path)",
                #"{"user_id":\#(ada),"role":"agent","custom_role_id":\#(roleID),"availability":"busy","auto_offline":false}"#,
                is: 200,
                Self.body(account, ada, id: id, role: "agent", availability: "busy", autoOffline: false, customRole: roleID))
            try await one.row(
                "inviter_id, agent_capacity_policy_id: not settable", "POST \(path)",
                #"{"user_id":\#(ada),"inviter_id":\#(ada),"agent_capacity_policy_id":1,"id":1,"account_id":1}"#, is: 200,
                Self.body(account, ada, id: id, role: "agent", availability: "busy", autoOffline: false, customRole: roleID))
        }

        @Test("4 limits, side effects, delete") func limitsAndDelete() async throws {
            let scene = try await ContractScene()
            let one = scene.one
            let (ada, bo) = (try await one.newUser("ada@\(scene.domain)"), try await one.newUser("bo@\(scene.domain)"))
            let account = try await one.newAccount()
            let path = "/accounts/\(account)/account_users"
            try await one.row("one seat", "PATCH /accounts/\(account)", #"{"limits":{"agents":1}}"#, is: 200)
            try await one.row("the first", "POST \(path)", #"{"user_id":\#(ada)}"#, is: 200)
            try await one.row(
                "the account's limit is enforced (issue)", "POST \(path)", #"{"user_id":\#(bo)}"#, is: 422,
                .invalid("Account has no seat left: its limit of agents is reached", "account"))
            try await one.row("who is in may be written again", "POST \(path)", #"{"user_id":\#(ada),"role":"agent"}"#, is: 200)
            let user = try await one.row("the user shows the account", "GET /users/\(ada)", is: 200)
            #expect((user.json["account_id"] as? NSNumber)?.int64Value == account)
            try await one.row("delete, by body", "DELETE \(path)", #"{"user_id":\#(ada)}"#, is: 200, .empty)
            try await one.row("at once", "GET \(path)", is: 200, "[]")
            try await one.row("twice: 200 both times", "DELETE \(path)", #"{"user_id":\#(ada)}"#, is: 200, .empty)
            try await one.row("twice: by form", "DELETE \(path)", .form("user_id=\(ada)"), is: 200, .empty)
            try await one.row("the user stays", "GET /users/\(ada)", is: 200, Section2.plain("\(ada)", "ada@\(scene.domain)"))
            try await one.row("the seat is free", "POST \(path)", #"{"user_id":\#(bo)}"#, is: 200, Self.body(account, bo))
        }

        @Test("4 race on create") func race() async throws {
            let scene = try await ContractScene()
            let (ada, account) = (try await scene.one.newUser("ada@\(scene.domain)"), try await scene.one.newAccount())
            let bodies = try await withThrowingTaskGroup(of: String.self) { tasks in
                for _ in 0..<16 {
                    tasks.addTask {
                        try await scene.one.row(
                            "no 500", "POST /accounts/\(account)/account_users", #"{"user_id":\#(ada)}"#, is: 200,
                            Self.body(account, ada)
                        ).body
                    }
                }
                return try await tasks.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(bodies.count == 1)
        }
    }
}
