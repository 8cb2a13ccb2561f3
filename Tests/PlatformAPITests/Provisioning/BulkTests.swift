// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

/// POST /bulk: thousands of people in one call, each by itself or all together.
@Suite struct BulkTests {
    private func results(_ answer: Answer) throws -> [String] {
        try answer.json()["results"]?.elements.map { $0["result"]?.string ?? "" } ?? []
    }

    @Test func eachStandsByItself() async throws {
        try await withInstallation { api in
            let (app, other) = (try await api.app("One"), try await api.app("Two"))
            let account = try await app.newAccount()
            let foreign = try await other.newAccount()
            _ = try await other.newUser("taken@example.org")
            let known = try await app.newUser("known@example.org")
            let answer = try await app.post(
                "/bulk",
                """
                [{"email":"a@example.org","name":"A","accounts":[{"account_id":\(account)}]},
                 {"email":"taken@example.org","name":"B"},
                 {"email":"known@example.org","name":"Person"},
                 {"email":"KNOWN@example.org","name":"Twice"},
                 {"email":"c@example.org","name":"C","accounts":[{"account_id":\(foreign)}]},
                 {"name":"Nobody"},
                 {"email":"d@example.org","name":"D","external_id":"D","accounts":[{"account_id":\(account),"role":"administrator"}]}]
                """)
            #expect(answer.status == 200)
            #expect(
                try results(answer) == ["created", "failed", "unchanged", "failed", "failed", "failed", "created"], "\(answer)")
            let rows = try answer.json()["results"]?.elements ?? []
            #expect(rows[2]["id"]?.integer == known)
            #expect(rows.map { $0["status"]?.integer } == [nil, 422, nil, 422, 401, 422, nil])
            #expect(rows[1]["message"]?.string == "Email has already been taken")
            #expect(rows[1].keys == ["index", "result", "email", "status", "message", "attributes"])
            #expect(try answer.json()["created"]?.integer == 2)
            #expect(try answer.json()["failed"]?.integer == 4)
            #expect(try await api.count("select count(*) from account_users where account_id = \(account)") == 2)
            #expect(try await api.count("select count(*) from users where email = 'c@example.org'") == 0)
            #expect(!answer.body.contains("mst_"))
        }
    }

    @Test func allOrNone() async throws {
        try await withInstallation { api in
            let (app, other) = (try await api.app("One"), try await api.app("Two"))
            let (account, foreign) = (try await app.newAccount(), try await other.newAccount())
            let good = #"{"email":"a@example.org","name":"A","accounts":[{"account_id":\#(account)}]}"#
            let before = try await api.fingerprint()
            for bad in [
                #"{"email":"b@example.org","name":"B","accounts":[{"account_id":\#(foreign)}]}"#,
                #"{"email":"b@example.org"}"#, #"{"email":"b","name":"B"}"#,
            ] {
                let answer = try await app.post("/bulk?atomic=true", "[\(good),\(bad)]")
                #expect(answer.status == 422)
                #expect(try results(answer) == ["withdrawn", "failed"], "\(answer)")
                #expect(try await api.fingerprint() == before)
            }
            #expect(try await api.count("select count(*) from runs") == 0)
            #expect(try await results(app.post("/bulk?atomic=1", "[\(good)]")) == ["created"])
        }
    }

    @Test func linesAndWhatIsNoBulk() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let lines = (0..<50).map { #"{"email":"n\#($0)@example.org","name":"N"}"# }.joined(separator: "\r\n")
            let answer = try await app.call("POST", "/bulk", .other(type: "application/x-ndjson", lines + "\n"))
            #expect(try results(answer) == Array(repeating: "created", count: 50))
            #expect(try await app.post("/bulk", "[]").body.hasPrefix(#"{"results":[],"created":0"#))
            for body in ["", "7", "[1]", #""x""#, "[{]", #"{"email":"a@example.org"}\#n[1]"#, #"{"email"}"#] {
                #expect(try await app.call("POST", "/bulk", .other(type: nil, body)).status == 400, "\(body)")
            }
            #expect(try await app.post("/bulk?atomic=perhaps", "[]").status == 422)
            let many = Array(repeating: "{}", count: 10_001).joined(separator: ",")
            #expect(try await app.post("/bulk", "[\(many)]").status == 422)
            #expect(try await api.stranger.post("/bulk", "[").status == 401)
        }
    }

    /// Addresses swapped within one call are two updates.
    @Test func addressesSwap() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let one = #"{"external_id":"1","email":"a@example.org","name":"A"}"#
            let two = #"{"external_id":"2","email":"b@example.org","name":"B"}"#
            _ = try await app.post("/bulk", "[\(one),\(two)]")
            let swapped = try await app.post(
                "/bulk", #"[{"external_id":"1","email":"b@example.org"},{"external_id":"2","email":"a@example.org"}]"#)
            #expect(try results(swapped) == ["updated", "updated"], "\(swapped)")
            #expect(try await api.count("select count(*) from users") == 2)
        }
    }

    /// A process that died between plan and apply leaves a run that the next start finishes.
    @Test func whatWasPlannedIsFinished() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            try await api.execute(
                "create function fail() returns trigger language plpgsql as $$ begin raise exception 'gone' using errcode = '57P01'; end $$"
            )
            try await api.execute("create trigger fail before insert on users for each row execute function fail()")
            let wish = #"[{"email":"a@example.org","name":"Ada"}]"#
            let answer = try await app.exchange(
                "POST /platform/api/v1/bulk HTTP/1.1\r\nHost: x\r\nConnection: close\r\napi_access_token: \(app.token ?? "")\r\n"
                    + "Content-Length: \(wish.utf8.count)\r\n\r\n\(wish)")
            #expect(answer.status == 503)
            #expect(try await api.count("select count(*) from runs where state = 'applying'") == 1)
            try await api.execute("drop trigger fail on users")
            #expect(try await results(app.post("/bulk", wish)) == ["created"])
        }
    }
}
