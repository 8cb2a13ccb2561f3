// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

extension ContractTests {
    /// 9. What a drop-in keeps is in sections 1 to 7; here is what this one adds, row by row of "safe to improve".
    @Suite("9") struct Section9 {
        @Test("9 find and pages") func find() async throws {
            let scene = try await ContractScene()
            let one = scene.one
            var ids: [Int64] = []
            for number in 0..<5 { ids.append(try await one.newUser("u\(number)@\(scene.domain)")) }
            let found = try await one.row("GET /users?email=", "GET /users?email=%20U3@\(scene.domain)", is: 200)
            #expect(found.ids == [ids[3]])
            try await one.row("GET /users?email=: none", "GET /users?email=none@\(scene.domain)", is: 200, "[]")
            var (line, seen): (String?, [Int64]) = ("GET /users?limit=2", [])
            while let next = line {
                let page = try await one.row("cursor paging, a bare array", next, is: 200)
                seen += page.ids
                line = page.headers["link"]?.firstMatch(of: /<[^>]*?(\/platform[^>]*)>; rel="next"/).map { "GET \($0.1)" }
            }
            #expect(seen == ids)
        }

        @Test("9 bulk") func bulk() async throws {
            let scene = try await ContractScene()
            let account = try await scene.one.newAccount()
            let answer = try await scene.one.row(
                "bulk upsert, a result for each", "POST /bulk",
                """
                [{"email":"a@\(scene.domain)","name":"A","external_id":"1","accounts":[{"account_id":\(account),"role":"agent"}]},\
                {"email":"nobody","name":"B"}]
                """, is: 200)
            #expect((answer.json["results"] as? [[String: Any]])?.map { $0["result"] as? String } == ["created", "failed"])
            let again = try await scene.one.row(
                "the same again", "PUT /provision",
                #"{"email":"a@\#(scene.domain)","name":"A","external_id":"1","accounts":[{"account_id":\#(account)}]}"#, is: 200)
            #expect((again.json["account_id"] as? NSNumber)?.int64Value == account)
        }

        @Test("9 Idempotency-Key and preconditions") func idempotency() async throws {
            let scene = try await ContractScene()
            let one = scene.one
            let headers = [("api_access_token", one.token ?? ""), ("Idempotency-Key", "once")]
            let first = try await one.row("first", "POST /accounts", #"{"name":"A"}"#, headers: headers, is: 200)
            try await one.row("again", "POST /accounts", #"{"name":"A"}"#, headers: headers, is: 200, Expected(first.body))
            try await one.row(
                "another body", "POST /accounts", #"{"name":"B"}"#, headers: headers, is: 422,
                .invalid("Idempotency-Key has already been used for another request", "Idempotency-Key"))
            let list = try await one.row("one account", "GET /accounts", is: 200)
            #expect(list.list.count == 1)
            let id = list.ids[0]
            let tag = try #require(try await one.call("GET /accounts/\(id)").headers["etag"])
            func with(_ name: String) -> [(String, String)] { [("api_access_token", one.token ?? ""), (name, tag)] }
            try await one.row("If-None-Match", "GET /accounts/\(id)", headers: with("If-None-Match"), is: 304, .empty)
            try await one.row("If-Match", "PATCH /accounts/\(id)", #"{"name":"C"}"#, headers: with("If-Match"), is: 200)
            try await one.row(
                "If-Match, stale", "PATCH /accounts/\(id)", #"{"name":"D"}"#, headers: with("If-Match"), is: 412,
                #"{"status":412,"error":"Precondition Failed"}"#)
        }

        @Test("9 ownership rows are clean after a delete") func ownershipRows() async throws {
            let scene = try await ContractScene()
            let one = scene.one
            let (user, account) = (try await one.newUser("ada@\(scene.domain)"), try await one.newAccount())
            let bot = (try await one.call("POST /agent_bots", "{}").json["id"] as? NSNumber)?.int64Value ?? 0
            for path in ["/users/\(user)", "/accounts/\(account)", "/agent_bots/\(bot)"] {
                try await one.row("delete", "DELETE \(path)", is: 200, .empty)
            }
            for line in ["GET /users", "GET /accounts", "GET /agent_bots", "GET /permissibles"] {
                try await one.row("no list meets a missing object", line, is: 200, "[]")
            }
        }
    }
}
