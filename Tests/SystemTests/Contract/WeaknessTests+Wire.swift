// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

extension ContractTests {
    /// 10, the rest: login links, oracles, trails.
    @Suite("10 (9 to 13)") struct MoreWeaknesses {
        @Test("10.9 SSO links: in a query, not atomic, not revocable, minted by a GET") func loginLinks() async throws {
            let scene = try await ContractScene()
            let (one, email) = (scene.one, "ada@\(scene.domain)")
            let ada = try await one.newUser(email)
            let link = try await one.linkToken(ada)
            // That nothing of it reaches the log is asked of every secret when the suite ends.
            let wins = try await withThrowingTaskGroup(of: Int.self) { tasks in
                for number in 0..<40 { tasks.addTask { try await one.redeem(email, link, from: "198.51.100.\(number)").status } }
                return try await tasks.reduce(into: 0) { $0 += $1 == 200 ? 1 : 0 }
            }
            #expect(wins == 1, "redeemed \(wins) times")
            #expect(try await one.redeem(email, link).status == 401, "replayed")
            for (what, token) in [
                ("another's spelling", (try await one.linkToken(ada)).uppercased()),
                ("a part", String((try await one.linkToken(ada)).dropLast())),
                (
                    "its digest as the database has it",
                    try await scene.daemon.text(
                        "select encode(digest, 'hex') from login_links where user_id = \(ada) order by id desc limit 1")
                ),
                ("a pattern", "%"),
            ] {
                let answer = try await one.redeem(email, token)
                #expect(answer.status == 401 && answer.headers["access-token"] == nil, "\(what): \(answer)")
            }
            let revoked = try await one.linkToken(ada)
            try await one.row("revoke", "DELETE /users/\(ada)/login", is: 200)
            #expect(try await one.redeem(email, revoked).status == 401, "revoked")
            let minted = try await one.row("minted by POST as well, never stored by caches", "POST /users/\(ada)/login", is: 200)
            #expect(minted.headers["cache-control"] == "no-store")
            try await one.row("suspend", "POST /users/\(ada)/suspend", is: 200)
            let token = String(try #require(minted.text("url")?.split(separator: "=").last))
            #expect(try await one.redeem(email, token).status == 401, "of a suspended user")
            try await one.row(
                "none for a suspended user", "GET /users/\(ada)/login", is: 422, .invalid("User is suspended", "user"))
        }

        @Test("10.10 the 404/401 oracle") func oracle() async throws {
            let scene = try await ContractScene(freshTwo: true)
            let (one, attacker) = (scene.one, scene.two)
            let (user, account) = (try await one.newUser("ada@\(scene.domain)"), try await one.newAccount())
            let (goneUser, goneAccount) = (try await one.newUser("gone@\(scene.domain)"), try await one.newAccount())
            let bots = [try await one.call("POST /agent_bots", "{}"), try await one.call("POST /agent_bots", "{}")]
                .map { ($0.json["id"] as? NSNumber)?.int64Value ?? 0 }
            for path in ["/users/\(goneUser)", "/accounts/\(goneAccount)", "/agent_bots/\(bots[1])"] {
                try await one.row("delete", "DELETE \(path)", is: 200)
            }
            let never = Int64.random(in: 1 << 40..<1 << 41)
            for (noun, ids, rest) in [
                ("users", [user, goneUser, never], ["", "/login", "/token", "/sessions", "/suspend", "/restore"]),
                ("accounts", [account, goneAccount, never], ["", "/account_users", "/custom_roles", "/custom_roles/1"]),
                ("agent_bots", [bots[0], bots[1], never], ["", "/avatar"]),
                ("permissibles/user", [user, goneUser, never], [""]),
            ] {
                for tail in rest {
                    for verb in ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"] {
                        for content in [ContractClient.Content.none, "{", #"{"name":"x"}"#] {
                            var faces: Set<String> = []
                            for id in ids {
                                let answer = try await attacker.call("\(verb) /\(noun)/\(id)\(tail)", content)
                                let headers = answer.headers.filter { !["x-request-id", "date"].contains($0.key) }
                                faces.insert("\(answer) \(headers.sorted { $0.key < $1.key })")
                                #expect(answer.status == 401 || answer.status == 405, "\(verb) \(noun)\(tail): \(answer)")
                            }
                            #expect(faces.count == 1, "\(verb) \(noun)\(tail): \(faces)")
                        }
                    }
                }
            }
            for line in ["GET /users", "GET /accounts", "GET /agent_bots", "GET /permissibles"] {
                try await attacker.row("nor by a list", line, is: 200, "[]")
            }
            // With a user who is granted to the attacker: which of these accounts is the user in?
            let shared = try await one.newUser("shared@\(scene.domain)")
            try await one.join(shared, account)
            try await scene.daemon.grant("read,write,impersonate,delete", on: "user", shared, to: attacker)
            for id in [account, goneAccount, never] {
                let item = #"{"email":"shared@\#(scene.domain)","accounts":[{"account_id":\#(id),"role":"agent"}]}"#
                try await attacker.row("nor by provisioning what is so", "PUT /provision", .json(item), is: 401, .nonPermissible)
                try await attacker.row(
                    "nor in bulk", "POST /bulk", .json("[\(item)]"), is: 200,
                    Expected(
                        #"{"results":[{"index":0,"result":"failed","email":"shared@\#(scene.domain)","status":401,"#
                            + #""message":"Non permissible resource"}],"created":0,"updated":0,"unchanged":0,"failed":1,"#
                            + #""withdrawn":0}"#))
                try await attacker.row(
                    "nor by leaving it", "DELETE /accounts/\(id)/account_users?user_id=\(shared)", is: 401, .nonPermissible)
            }
            let seen = try await attacker.row("nor by the user's body", "GET /users/\(shared)", is: 200)
            #expect(seen.json["account_id"] is NSNull && (seen.json["accounts"] as? [Any])?.isEmpty == true)
            try await one.row("release", "DELETE /users/\(shared)", is: 200)
            for id in [user, goneUser, never] {
                try await attacker.row(
                    "nor by the audit trail", "GET /audit_events?subject_kind=user&subject_id=\(id)", is: 401, .nonPermissible)
                try await attacker.row("nor by finding", "GET /users?account_id=\(account)", is: 401, .nonPermissible)
            }
        }

        @Test("10.11 confirmed without proof, on strangers' accounts") func confirmation() async throws {
            let scene = try await ContractScene(freshTwo: true)
            let (one, email) = (scene.one, "ada@\(scene.domain)")
            let ada = try await one.newUser(email)
            try await scene.daemon.execute("update users set confirmed_at = null where id = \(ada)")
            for line in ["POST /users", "PUT /provision"] {
                try await scene.two.row(
                    "confirm a stranger", line, #"{"name":"X","email":"\#(email)","confirmed":true}"#, is: 422,
                    .invalid("Email has already been taken", "email"))
            }
            let seen = try await one.row("still unconfirmed", "GET /users/\(ada)", is: 200)
            #expect(seen.json["confirmed"] as? Bool == false)
        }

        @Test("10.12 no audit trail, no limit per token") func auditAndLimits() async throws {
            let scene = try await ContractScene(freshTwo: true)
            let (one, email) = (scene.one, "ada@\(scene.domain)")
            let ada = try await one.newUser(email)
            let account = try await one.newAccount()
            let calls: [(String, ContractClient.Content, String)] = [
                ("PATCH /users/\(ada)", #"{"password":"Harbour1!"}"#, "user.update"),
                ("POST /users/\(ada)/token", #"{"rotate":true}"#, "user.token"),
                ("GET /users/\(ada)/login", .none, "user.login_link"),
                ("POST /users/\(ada)/suspend", #"{"reason":"gone"}"#, "user.suspend"),
                ("POST /accounts/\(account)/account_users", .json(#"{"user_id":\#(ada)}"#), "membership.write"),
                ("DELETE /users/\(ada)", .none, "user.delete"),
            ]
            var requests: [String] = []
            for (line, content, _) in calls {
                requests.append(try await one.row("do", line, content, is: 200).headers["x-request-id"] ?? "-")
            }
            let trail = try await one.row("who did what", "GET /audit_events?limit=6", is: 200).list
            #expect(trail.reversed().map { $0["request_id"] as? String } == requests)
            for (event, call) in zip(trail.reversed(), calls) {
                #expect((event["action"] as? String)?.hasPrefix(call.2) == true, "\(event)")
                #expect(event["actor"] as? String == "platform_app" && event["actor_id"] as? Int64 == one.appID)
            }
            let other = try await scene.two.row("of others: nothing", "GET /audit_events", is: 200)
            #expect(!other.body.contains("\"subject_id\":\(ada),"))

            // A second daemon on the same database, with a limit: what is left of one token is not the other's.
            let limited = try await scene.daemon.replica(["MUSTER_TOKEN_LIMIT": "20"])
            var statuses: [Int] = []
            for _ in 0..<30 {
                let answer = try await limited.call(one, "GET /accounts")
                statuses.append(answer.status)
                let isRefused = answer.status == 429 && Int(answer.headers["retry-after"] ?? "") ?? 0 > 0
                #expect(
                    answer.status == 200 || (isRefused && answer.body == #"{"status":429,"error":"Too Many Requests"}"#),
                    "\(answer)")
            }
            #expect(statuses.contains(429) && statuses.first == 200, "\(statuses)")
            #expect(try await limited.call(scene.two, "GET /accounts").status == 200)
            _ = try await limited.running.end(SIGTERM)
        }

        @Test("10.13 accounts that nobody owns") func unowned() async throws {
            let scene = try await ContractScene()
            let name = "Nobody's \(scene.domain)"
            for broken in [
                #""features":{"warp":true}"#, #""status":"x""#, #""limits":{"seats":1}"#, #""locale":"xx""#,
                #""custom_attributes":{"a":1e999999}"#,
            ] {
                try await scene.one.row("break it half-way", "POST /accounts", .json(#"{"name":"\#(name)",\#(broken)}"#), is: 422)
            }
            #expect(
                try await scene.daemon.count("select count(*) from accounts where name = '\(name.replacing("'", with: "''"))'")
                    == 0)
            try await scene.one.row("what was made is owned", "POST /accounts", .json(#"{"name":"\#(name)"}"#), is: 200)
            #expect(
                try await scene.daemon.count(
                    """
                    select count(*) from accounts a join account_permissibles p on p.object_id = a.id and p.origin = 'created'
                    where p.platform_app_id = \(scene.one.appID)
                    """) == 1)
        }
    }
}
