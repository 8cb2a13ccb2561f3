// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// `muster user`, `muster account` and `muster bot`, run as the program they are.
@Suite(.serialized) struct ObjectCommandTests {
    static let user = """
        id name display_name email custom_attributes has_password sessions created_at updated_at suspensions owners memberships
        """

    @Test func usersByCommand() async throws {
        try await CommandDesk.with { desk in
            #expect(try await desk.run("user list") == "No user matches.\n")
            try await desk.object("user create Ada@Example.org --name Ada", keys: "done id")
            #expect(
                try await desk.run(
                    "user create bob@example.org --password-stdin --name", "Bob \u{1B}[31mred",
                    "--custom-attributes", #"{"region":"north"}"#, input: "Harbour-1-Harbour\n"
                ).hasPrefix("Created user 2, bob@example.org"))
            // What is wrong is said in one sentence, with a code for scripts, and changes nothing.
            try await desk.refused("user create ada@example.org --name Twice", "invalid")
            #expect(try await desk.run("user create ada@example.org --name X", code: 1).contains("Email has already been taken"))
            try await desk.refused("user create x@example.org --name X --custom-attributes [1]", "bad_json", code: 2)
            #expect(try await desk.run("user create", code: 2).contains("Usage:"))
            #expect(
                try await desk.run("user create y@example.org --name Y --password-stdin", code: 1, input: "weak\n").contains(
                    "too short"))

            let listed = try await desk.list(
                "user list", keys: "id name display_name email suspended memberships created_at")
            #expect(listed.map { $0["email"] as? String } == ["bob@example.org", "ada@example.org"])
            #expect(
                try await desk.list(
                    "user list --limit 1 --after 2", keys: "id name display_name email suspended memberships created_at"
                ).count == 1)
            #expect(try await !desk.run("user list").contains("\u{1B}"), "a name must not steer the terminal")
            #expect(try await desk.run("user list --limit 0", code: 2).contains("1 to 1000"))
            #expect(try await desk.run("user list --status gone", code: 2).contains("active or suspended"))

            let bob = try await desk.object("user show bob@example.org", keys: Self.user)
            #expect(bob["id"] as? Int == 2 && bob["has_password"] as? Bool == true)
            #expect((bob["custom_attributes"] as? [String: String]) == ["region": "north"])
            #expect((bob["owners"] as? [Any])?.isEmpty == true)
            #expect(try await desk.run("user show 1").contains("no app"))
            #expect(try await desk.run("user show nobody@example.org", code: 1).contains("`muster user list` finds users"))
            try await desk.refused("user show 99", "not_found")

            try await desk.run("user update 1 --email ada.king@example.org --display-name", "Countess")
            try await desk.run("user update 1 --display-name", "")
            let ada = try await desk.object("user show 1", keys: Self.user)
            #expect(
                ada["email"] as? String == "ada.king@example.org" && ada["display_name"] is NSNull
                    && ada["name"] as? String == "Ada")

            #expect(try await desk.run("user suspend 1 --reason", "left us").contains("Suspended user 1"))
            let suspended = try await desk.object("user show 1", keys: Self.user)
            let one = try #require((suspended["suspensions"] as? [[String: Any]])?.first)
            #expect(one["reason"] as? String == "left us" && one["by"] as? String == "command")
            #expect(
                try await desk.list(
                    "user list --status suspended", keys: "id name display_name email suspended memberships created_at"
                ).count == 1)
            #expect(try await desk.run("user restore 1") == "Restored user 1.\n")

            let token = try await desk.object("user token 1", keys: "id access_token expires_at")
            #expect(try await desk.run("user token 1") == "\(token["access_token"] as? String ?? "")\n")
            let rotated = try await desk.object("user token 1 --rotate", keys: "id access_token expires_at")
            #expect(rotated["access_token"] as? String != token["access_token"] as? String)
            let link = try await desk.object("user login-link 1", keys: "url expires_at")
            #expect((link["url"] as? String)?.contains("/app/login?email=ada.king") == true)
            #expect(try await desk.run("user sessions 1").contains("signed in nowhere"))

            #expect(try await desk.run("user delete 2", code: 2).contains("repeat it with --yes"))
            #expect(try await desk.run("user delete 2 --yes") == "Deleted user 2.\n")
            try await desk.refused("user delete 2 --yes", "not_found")
            #expect(try await desk.replicas.count("select count(*) from audit_events where actor = 'command'") > 8)
        }
    }

    @Test func accountsAndBotsByCommand() async throws {
        try await CommandDesk.with { desk in
            #expect(try await desk.run("account create Acme --locale de --domain acme.example").hasPrefix("Created account 1"))
            try await desk.object("account create", "Harbour & Vale", "--limits", #"{"agents": 2}"#, keys: "done id")
            #expect(try await desk.run("account create X --locale zz", code: 1).contains("Locale"))
            try await desk.refused("account create X --limits 5", "bad_json", code: 2)
            let listed = try await desk.list("account list", keys: "id name domain locale suspended created_at")
            #expect(listed.map { $0["name"] as? String } == ["Harbour & Vale", "Acme"])
            #expect(try await desk.list("account list acme", keys: "id name domain locale suspended created_at").count == 1)
            #expect(try await desk.run("account list --status shut", code: 2).contains("active or suspended"))

            try await desk.run("account update 1 --name Acme2 --domain", "")
            let keys = """
                id name domain support_email locale status members limits features custom_attributes created_at suspensions owners
                """
            let one = try await desk.object("account show 1", keys: keys)
            #expect(one["name"] as? String == "Acme2" && one["domain"] is NSNull && one["locale"] as? String == "de")

            try await desk.run("user create ada@example.org --name Ada")
            #expect(
                try await desk.run("account add-member 1 ada@example.org --role administrator").contains("is administrator in"))
            try await desk.refused("account add-member 1 1 --role boss", "bad_role", code: 2)
            try await desk.refused("account add-member 9 1", "not_found")
            let members = try await desk.list(
                "account members 1",
                keys: "account_id account_name user_id user_name user_email role custom_role_id availability suspensions")
            #expect(members.first?["role"] as? String == "administrator")
            try await desk.run("account remove-member 1 1")
            #expect(try await desk.run("account members 1").contains("has no members"))

            try await desk.run("account suspend 1 --reason", "not paid")
            #expect(try await desk.run("account show 1").contains("not paid"))
            try await desk.run("account restore 1")
            #expect(try await desk.object("account show 1", keys: keys)["status"] as? String == "active")
            #expect(try await desk.run("account delete 1", code: 2).contains("This deletes Acme2"))
            try await desk.run("account delete 1 --yes")
            try await desk.refused("account show 1", "not_found")

            try await desk.object(
                "bot create Greeter --outgoing-url https://bot.example/hook --account 2", keys: "done id")
            #expect(try await desk.run("bot create X --account 77", code: 1).contains("ccount"))
            try await desk.run("bot update 1 --description", "says hello", "--account", "0")
            let bot = try await desk.object("bot show 1", keys: "id name description account_id outgoing_url owners")
            #expect(bot["description"] as? String == "says hello" && bot["account_id"] is NSNull)
            #expect(bot["outgoing_url"] as? String == "https://bot.example/hook")
            #expect(try await desk.list("bot list", keys: "id name description account_id created_at").count == 1)
            #expect(try await desk.run("bot delete 1", code: 2).contains("--yes"))
            try await desk.run("bot delete 1 --yes")
            try await desk.refused("bot show 1", "not_found")
            #expect(try await desk.run("bot list") == "No agent bot matches.\n")
        }
    }
}
