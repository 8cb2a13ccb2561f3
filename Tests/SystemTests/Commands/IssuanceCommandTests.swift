// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// `muster app`, `muster token`, `muster grant` and `muster audit`, run as the program they are.
@Suite(.serialized) struct IssuanceCommandTests {
    static let app = """
        id name disabled users accounts agent_bots counts_are_bounds live_tokens reveals_user_tokens login_link_seconds created_at
        """

    @Test func appsAndTokensByCommand() async throws {
        try await CommandDesk.with { desk in
            // The fixture made the app 1, "Load".
            let two = try await desk.object(
                "app create Desk --scope users:read --expires-in 7d", keys: "id name token_id access_token")
            let secret = try #require(two["access_token"] as? String)
            try await desk.refused("app create Desk", "invalid")
            try await desk.refused("app create X --scope users:fly", "bad_scope", code: 2)
            try await desk.refused("app create X --expires-in soon", "bad_time", code: 2)
            #expect(try await desk.list("app list", keys: Self.app, isPaged: false).map { $0["id"] as? Int } == [2, 1])
            #expect(try await desk.list("app list --search desk", keys: Self.app, isPaged: false).count == 1)
            try await desk.run("app rename 2", "Help Desk")
            try await desk.run("app set 2 --calls-per-minute 90 --reveals-user-tokens no --login-links 30s")
            try await desk.refused("app set 2", "nothing_to_set", code: 2)
            let shown = try await desk.object("app show 2", keys: Self.app + " calls_per_minute webhooks sources")
            #expect(shown["name"] as? String == "Help Desk" && shown["calls_per_minute"] as? Int == 90)
            #expect(shown["reveals_user_tokens"] as? Bool == false && shown["login_link_seconds"] as? Int == 30)
            try await desk.refused("app show 9", "not_found")
            try await desk.run("app disable 2")
            #expect(try await desk.run("app list").contains("Help Desk (disabled)"))
            try await desk.run("app enable 2")

            // Tokens: listed without the secret, shown when asked for, replaced, ended.
            let keys = "id owner begins_with state created_at"
            let token = try #require(two["token_id"] as? Int)
            let listed = try await desk.list(
                "token list --owner platform_app:2", keys: keys + " scopes expires_at", isPaged: false)
            #expect(listed.count == 1 && listed[0]["scopes"] as? [String] == ["users:read"])
            #expect(try await !desk.run("token list").contains(secret))
            #expect(try await desk.run("token show \(secret.prefix(30))").contains("platform_app 2"))
            #expect(try await desk.run("token reveal \(token)").contains(secret))
            let third = try await desk.object("token issue 2 --scope accounts:*", keys: "token_id access_token")
            let fourth = try await desk.object("token rotate \(token) --overlap 30s", keys: "token_id access_token")
            #expect(fourth["access_token"] as? String != secret)
            let replaced = try await desk.object("token show \(token)", keys: keys + " scopes expires_at replaced_by")
            #expect(replaced["state"] as? String == "live" && replaced["replaced_by"] as? Int == fourth["token_id"] as? Int)
            try await desk.refused("token rotate \(token) --overlap later", "bad_time", code: 2)
            let ended = try #require(third["token_id"] as? Int)
            try await desk.run("token revoke \(ended)")
            let revoked = try await desk.object("token show \(ended)", keys: keys + " scopes revoked_at")
            #expect(revoked["state"] as? String == "revoked")
            #expect(try await desk.run("token list --state revoked").contains("revoked"))
            try await desk.refused("token list --state dead", "bad_state", code: 2)
            try await desk.refused("token list --owner people", "bad_owner", code: 2)
            try await desk.refused("token show what", "bad_token", code: 2)
            try await desk.refused("token revoke 999", "not_found")
        }
    }

    @Test func grantsAndTheAuditTrailByCommand() async throws {
        try await CommandDesk.with { desk in
            try await desk.run("app create Desk")
            try await desk.run("user create ada@example.org --name Ada")
            try await desk.run("account create Acme")
            #expect(try await desk.run("grant add 2 user 1 --rights write").contains("may read, write user 1"))
            try await desk.object("grant add 1 account 1", keys: "done")
            let granted = try await desk.list(
                "grant list 2 user", keys: "kind id name email origin rights created_at", isPaged: false)
            #expect(
                granted.first?["origin"] as? String == "granted" && granted.first?["rights"] as? [String] == ["read", "write"])
            #expect(try await desk.run("grant list 2 agent_bot").contains("reaches no agent_bot"))
            try await desk.refused("grant add 2 person 1", "bad_kind", code: 2)
            try await desk.refused("grant add 2 user 1 --rights own", "bad_right", code: 2)
            try await desk.refused("grant add 2 user 77", "not_found")
            try await desk.refused("grant add 9 user 1", "not_found")
            // To another app, one object and then all; then the app goes and nothing with it.
            try await desk.run("app transfer 2 1 --only user:1")
            #expect(try await desk.run("grant list 2 user").contains("reaches no user"))
            try await desk.refused("app transfer 2 1 --only thing", "bad_object", code: 2)
            let handover = try await desk.object("app transfer 1 2", keys: "done users accounts agent_bots")
            #expect(handover["users"] as? Int == 1 && handover["accounts"] as? Int == 1)
            try await desk.run("grant revoke 2 account 1")
            try await desk.refused("grant revoke 2 account 1", "not_found")
            #expect(try await desk.run("app delete 2", code: 2).contains("1 users, 0 accounts"))
            try await desk.object("app delete 2 --release", keys: "done users accounts agent_bots")
            #expect(try await desk.run("user show 1").contains("no app"))

            // Who did it all is written down, and comes out as lists and files.
            #expect(try await desk.run("audit --object user:1").contains("user.create"))
            #expect(try await desk.run("audit --action permissible --limit 1").contains("older ones"))
            let events = try JSONSerialization.jsonObject(
                with: Data(try await desk.run("audit --actor command --action user.create --format json").utf8))
            let event = try #require((events as? [[String: Any]])?.first)
            #expect((event["actor"] as? [String: Any])?["kind"] as? String == "command" || event["actor"] as? String == "command")
            let lines = try await desk.run("audit --format ndjson").split(separator: "\n")
            for line in lines { _ = try JSONSerialization.jsonObject(with: Data(line.utf8)) }
            #expect(lines.count > 6)
            // A name that a table would run as a formula is text in it.
            try await desk.run("app create", "=cmd()")
            let csv = try await desk.run("audit --object platform_app:3 --format csv")
            #expect(csv.contains("'=cmd()") && !csv.contains(",=cmd"), "\(csv)")
            #expect(try await desk.run("audit --format xml", code: 2).contains("csv, json or ndjson"))
            #expect(try await desk.run("audit --object user", code: 2).contains("id is needed"))
            #expect(try await desk.run("audit --from tomorrow", code: 2).contains("2026-01-31"))
            #expect(try await desk.run("audit --from 2099-01-01") == "There is no such event.\n")
        }
    }
}
