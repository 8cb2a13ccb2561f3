// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

/// GET /users: what the original lacks.
@Suite struct UserFindTests {
    private static func ids(_ answer: Answer) throws -> [Int64] {
        try #require(answer.status == 200, "\(answer)")
        return try answer.json().elements.compactMap { $0["id"]?.integer }
    }

    @Test func everyFilter() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            func person(_ name: String, _ email: String, by app: APIClient) async throws -> Int64 {
                try await app.post("/users", #"{"name":"\#(name)","email":"\#(email)"}"#).id()
            }
            let ada = try await person("Ada King", "ada.king@example.org", by: one)
            let bob = try await person("Bob O'Brien", "bob@example.org", by: one)
            let cid = try await person("Çid Été", "cid@elsewhere.net", by: one)
            let foreign = try await person("Ada Foreign", "ada@foreign.org", by: two)
            let granted = try await person("Dora Granted", "dora@foreign.org", by: two)
            let gone = try await person("Ada Gone", "gone@example.org", by: one)
            #expect(try await one.delete("/users/\(gone)").status == 200)
            try await api.grant("user", granted, to: one, rights: 1)
            let account = try await one.newAccount()
            for user in [bob, ada] { try await one.join(user, to: account) }
            #expect(try await one.post("/users/\(cid)/suspend", "{}").status == 200)
            for (query, expected) in [
                ("", [ada, bob, cid, granted]),
                ("?email=bob@example.org", [bob]), ("?email=%20BOB@Example.org%20", [bob]), ("?email=ada@foreign.org", []),
                ("?email=gone@example.org", []), ("?email=dora@foreign.org", [granted]), ("?email=nobody", []),
                ("?email=", [ada, bob, cid, granted]),
                ("?q=ada", [ada]), ("?q=KIN", [ada]), ("?q=king+ada", [ada]), ("?q=example.org", [ada, bob]),
                ("?q=ada.king@example", [ada]), ("?q=o'brien", [bob]), ("?q=bri", [bob]), ("?q=rien", []), ("?q=exam+bob", [bob]),
                ("?q=%C3%89t%C3%A9", []), ("?q=gone", []), ("?q=foreign", [granted]), ("?q=%25", []), ("?q=':*", []),
                ("?q=%5C", []), ("?q=a&email=ada.king@example.org", [ada]),
                ("?status=suspended", [cid]), ("?status=active", [ada, bob, granted]), ("?status=active&q=cid", []),
                ("?account_id=\(account)", [bob, ada]), ("?account_id=\(account)&q=ada", [ada]),
                ("?account_id=\(account)&status=suspended", []), ("?external_id=nobody", []),
            ] as [(String, [Int64])] {
                // A database of locale C knows upper and lower case of ASCII only.
                if query.contains("%C3") { continue }
                #expect(try Self.ids(await one.get("/users" + query)) == expected, "\(query)")
            }
            #expect(try Self.ids(await two.get("/users?q=ada")) == [foreign])
            // The body is a user's, secrets by right.
            let found = try await one.get("/users?q=ada").json().elements
            #expect(found.first == (try await one.get("/users/\(ada)").json()))
            #expect(try await one.get("/users?q=dora").json().elements[0]["access_token"] == nil)
            let included = try await one.get("/users?include=suspensions&status=suspended").json().elements[0]
            #expect(included.keys.suffix(2) == ["status", "suspensions"] && included["status"] == .string("suspended"))
        }
    }

    @Test func externalIDsAreThoseOfTheAppsOwnSources() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            let users = [try await one.newUser("a@x.org"), try await one.newUser("b@x.org"), try await one.newUser("c@x.org")]
            let keys = ["\\x034537", "\\x01" + "00112233445566778899aabbccddeeff", "\\x04deadbeef"]
            for app in [one, two] {
                try await api.execute("insert into sources (platform_app_id, name) values (\(app.appID), 'S')")
            }
            for (user, key) in zip(users, keys) {
                try await api.execute(
                    """
                    insert into links (source_id, kind, external_key, object_id, policy)
                    select id, 'user', '\(key)', \(user), 'p' from sources where platform_app_id = \(one.appID)
                    """)
            }
            // A source of another app has a link to the user as well, under another name.
            try await api.grant("user", users[0], to: two, rights: 1)
            try await api.execute(
                """
                insert into links (source_id, kind, external_key, object_id, policy)
                select id, 'user', '\\x03777777', \(users[0]), 'p' from sources where platform_app_id = \(two.appID)
                """)
            for (id, expected) in [
                ("E7", [users[0]]), ("00112233-4455-6677-8899-aabbccddeeff", [users[1]]),
                ("%7B00112233-4455-6677-8899-AABBCCDDEEFF%7D", [users[1]]), ("deadbeef", [users[2]]), ("www", []),
            ] as [(String, [Int64])] {
                #expect(try Self.ids(await one.get("/users?external_id=\(id)")) == expected, "\(id)")
            }
            #expect(try Self.ids(await two.get("/users?external_id=E7")) == [])
            #expect(try Self.ids(await two.get("/users?external_id=www")) == [users[0]])
        }
    }

    @Test func refusals() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            let (own, foreign) = (try await one.newAccount(), try await two.newAccount())
            let closed = try await one.newAccount()
            #expect(try await one.delete("/accounts/\(closed)").status == 200)
            let tooLong = String(repeating: "x", count: 256)
            for (query, status, body) in [
                ("account_id=\(foreign)", 401, Body.nonPermissible), ("account_id=0", 401, Body.nonPermissible),
                ("account_id=\(foreign)&limit=0", 401, Body.nonPermissible), ("account_id=\(closed)", 404, Body.notFound),
                ("account_id=\(closed)&status=x", 404, Body.notFound),
                ("account_id=x", 422, Body.invalid("Account is not a number", "account_id")),
                ("status=no", 422, Body.invalid("Status is not included in the list", "status")),
                ("q=\(tooLong)", 422, Body.invalid("Q is too long (maximum is 255 characters)", "q")),
                ("limit=0", 422, Body.invalid("Limit must be between 1 and 1000", "limit")),
                ("limit=1001&account_id=\(own)", 422, Body.invalid("Limit must be between 1 and 1000", "limit")),
                ("limit=many", 422, Body.invalid("Limit is not a number", "limit")),
                ("cursor=1", 422, Body.invalid("Cursor is invalid", "cursor")),
                ("cursor=", 422, Body.invalid("Cursor is invalid", "cursor")),
                ("include=all", 422, Body.invalid("Include is not included in the list", "include")),
                ("q=%00", 422, Body.invalid("Q contains a null character or a number out of range", "q")),
            ] as [(String, Int, String)] {
                let answer = try await one.get("/users?\(query)")
                #expect(answer.status == status && answer.body == body, "\(query): \(answer)")
            }
            #expect(try await api.stranger.get("/users?limit=0").body == Body.invalidToken)
        }
    }
}
