// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// `muster admin`, beside a daemon that runs.
@Suite(.serialized) struct AdminCommandTests {
    @Test func superAdminsByCommand() async throws {
        try await MusterFixture.withMuster { muster in
            let daemon = try await muster.serve()
            func admin(_ words: String..., code: Int32 = 0, input: String = "") async throws -> String {
                let answer = try await muster.muster(["admin"] + words, input: input)
                #expect(answer.code == code, "\(words) \(answer.out)\(answer.error)")
                return code == 0 ? answer.out : answer.error
            }
            func json(_ words: String...) async throws -> [String: Any] {
                let answer = try await muster.muster(["admin"] + words + ["--json"])
                let object = try JSONSerialization.jsonObject(with: Data(answer.out.utf8))
                let last = (object as? [[String: Any]])?.last
                return try #require(last ?? (object as? [String: Any]))
            }

            #expect(try await admin("list").hasPrefix("There is no super admin yet"))
            let one = try await json("create", "One@Example.org")
            #expect((one["password"] as? String)?.utf8.count ?? 0 > 20)
            #expect(try await admin("disable", "one@example.org", code: 1).contains("last super admin who is enabled"))
            #expect(try await admin("disable", "nobody@example.org", code: 1).contains("there is no super admin"))
            _ = try await admin("create", "two@example.org", "--password-stdin", input: "Anchor-7-Anchor\n")
            #expect(try await admin("disable", " TWO@example.org").contains("is disabled"))
            #expect(try await json("list")["disabled"] as? Bool == true)
            #expect(try await admin("token", "create", "2", code: 1).contains("is disabled"))
            _ = try await admin("enable", "2")
            #expect(try await json("list")["disabled"] as? Bool == false)
            #expect(try await admin("list").contains("two@example.org"))

            let reset = try await json("reset-password", "2")
            #expect(reset["email"] as? String == "two@example.org" && reset["password"] as? String != nil)
            #expect(try await admin("reset-password", "2", "--password-stdin", code: 1, input: "weak\n").contains("too short"))
            #expect(try await admin("reset-totp", "2").contains("has no authenticator"))
            #expect(try await admin("sessions") == "No super admin is signed in.\n")
            #expect(try await admin("sessions", "end", "2") == "Ended 0 sessions.\n")
            #expect(try await admin("sessions", "end", "2", "--session", "7", code: 1).contains("there is no such"))

            let issued = try await json("token", "create", "2", "--scope", "users:read", "--expires-in", "1h")
            let token = try #require(issued["access_token"] as? String)
            #expect(token.hasPrefix("mst_adm_"))
            #expect(try await admin("token", "create", "2", "--scope", "users:fly", code: 2).contains("is no scope"))
            let id = try #require(issued["token_id"] as? Int)
            let listed = try await json("token", "list", "two@example.org")
            #expect(listed["id"] as? Int == id && listed["scopes"] as? String == "users:read")
            #expect(listed["revoked_at"] is NSNull && listed["expires_at"] is String)
            #expect(try await admin("token", "revoke", "2", "\(id)") == "Token \(id) is revoked.\n")
            _ = try await admin("token", "revoke", "2", "\(id)", code: 1)
            #expect(try await !admin("token", "list", "2").contains(token))
            #expect(try await daemon.end(SIGTERM) == 0)
        }
    }
}
