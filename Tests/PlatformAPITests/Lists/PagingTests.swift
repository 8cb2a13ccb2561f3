// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Testing
import WebSurface

/// Pages of every list: bare arrays as before, the next one in `Link`.
@Suite struct PagingTests {
    /// The address behind rel="next".
    static func next(_ answer: Answer) throws -> String? {
        guard let link = answer.headers["link"] else { return nil }
        try #require(link.hasPrefix("</platform/api/v1/") && link.hasSuffix(#">; rel="next""#), "\(link)")
        return String(link.dropFirst().dropLast(#">; rel="next""#.count))
    }

    /// Follows the links from a first page to the end.
    static func walk(_ app: APIClient, _ path: String, meanwhile: (Int) async throws -> Void = { _ in }) async throws -> [[Int64]]
    {
        var pages: [[Int64]] = []
        var path: String? = path
        while let at = path {
            let answer = try await app.get(at)
            try #require(answer.status == 200, "\(at): \(answer)")
            pages.append(try answer.json().elements.compactMap { $0["id"]?.integer })
            path = try next(answer)
            try #require(pages.count < 50)
            try await meanwhile(pages.count)
        }
        return pages
    }

    @Test func everyListInPages() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            var (users, accounts, members, roles): ([Int64], [Int64], [Int64], [Int64]) = ([], [], [], [])
            for number in 1...7 {
                users.append(try await one.newUser("p\(number)@x.org"))
                accounts.append(try await one.newAccount())
                _ = try await two.newUser("q\(number)@x.org")
            }
            for (number, user) in users.enumerated().reversed() {
                let path = "/accounts/\(accounts[0])"
                members.append(try await one.post(path + "/account_users", #"{"user_id":\#(user)}"#).id())
                roles.append(try await one.post(path + "/custom_roles", #"{"name":"Role \#(number)"}"#).id())
            }
            var (bots, webhooks): ([Int64], [Int64]) = ([], [])
            for number in 1...7 {
                bots.append(try await one.post("/agent_bots", #"{"name":"Bot \#(number)"}"#).id())
                webhooks.append(try await one.post("/webhooks", #"{"url":"https://hooks.example/"}"#).id())
                _ = try await two.post("/agent_bots", #"{"name":"Theirs"}"#)
                _ = try await two.post("/webhooks", #"{"url":"https://hooks.example/"}"#)
            }
            for (path, all) in [
                ("/users", users), ("/accounts", accounts), ("/agent_bots", bots), ("/webhooks", webhooks),
                ("/accounts/\(accounts[0])/account_users", members), ("/accounts/\(accounts[0])/custom_roles", roles),
                ("/users?account_id=\(accounts[0])", Array(users.reversed())), ("/users?status=active&q=x.org", users),
                ("/permissibles?kind=user", users), ("/permissibles", accounts + users + bots),
            ] {
                let mark = path.contains("?") ? "&" : "?"
                let plain = try await one.get(path)
                #expect(
                    try plain.json().elements.compactMap { $0["id"]?.integer } == all && plain.headers["link"] == nil, "\(path)")
                for limit in [1, 3, 7, 1000] {
                    let pages = try await Self.walk(one, "\(path)\(mark)limit=\(limit)")
                    #expect(Array(pages.joined()) == all, "\(path) by \(limit): \(pages)")
                    #expect(pages.allSatisfy { $0.count <= limit && !$0.isEmpty }, "\(path) by \(limit)")
                    // The last page knows that it is the last.
                    #expect(pages.count == (all.count + limit - 1) / limit, "\(path) by \(limit): \(pages)")
                }
            }
        }
    }

    @Test func logsInPagesTheNewestFirst() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let webhook = try await app.post("/webhooks", #"{"url":"https://hooks.example/"}"#).id()
            let user = try await app.newUser("a@x.org")
            for number in 1...6 { _ = try await app.patch("/users/\(user)", #"{"name":"N\#(number)"}"#) }
            while try await api.world.directory.outbox.divide() {}
            for path in [
                "/audit_events?", "/audit_events?subject_kind=user&subject_id=\(user)&", "/webhooks/\(webhook)/deliveries?",
            ] {
                let plain = try await app.get(path)
                let all = try plain.json().elements.compactMap { $0["id"]?.integer }
                #expect(all.count >= 7 && all == all.sorted(by: >) && plain.headers["link"] == nil, "\(path)")
                for limit in [1, 3, 7, 1000] {
                    let pages = try await Self.walk(app, "\(path)limit=\(limit)")
                    #expect(Array(pages.joined()) == all, "\(path) by \(limit): \(pages)")
                    #expect(pages.count == (all.count + limit - 1) / limit, "\(path) by \(limit): \(pages)")
                }
            }
            // A page of one log does not continue in another.
            let cursor = try #require(try Self.next(await app.get("/audit_events?limit=1"))).split(separator: "=").last ?? ""
            for path in ["/audit_events?subject_kind=user&subject_id=\(user)&", "/webhooks/\(webhook)/deliveries?"] {
                #expect(try await app.get("\(path)cursor=\(cursor)").body == Body.invalid("Cursor is invalid", "cursor"))
            }
            // What else was asked for comes along, and cannot break out of the header.
            let link = try #require(try await app.get("/audit_events?limit=1&x=a>;b\"c&y=%3E").headers["link"])
            #expect(link.hasPrefix("</platform/api/v1/audit_events?limit=1&x=a%3E;b%22c&y=%3E&cursor="), "\(link)")
        }
    }

    @Test func withoutLimitAnOriginalListAnswersEverythingAndOursAHundred() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let account = try await app.newAccount()
            try await api.execute(
                """
                insert into users (name, email) select 'P', 'p' || n || '@x.org' from generate_series(1, 130) n;
                """)
            try await api.execute(
                """
                insert into platform_app_permissibles (kind, platform_app_id, object_id, origin, rights)
                select 'user', \(app.appID), id, 'created', 15 from users
                """)
            try await api.execute("insert into account_users (account_id, user_id) select \(account), id from users")
            #expect(try await app.get("/accounts/\(account)/account_users").json().elements.count == 130)
            let users = try await app.get("/users")
            #expect(try users.json().elements.count == 100)
            #expect(try await Self.walk(app, "/users").map(\.count) == [100, 30])
            #expect(try await Self.walk(app, "/users?limit=1000").map(\.count) == [130])
        }
    }

    @Test func cursorsAreGoodForTheirListOnly() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (here, there) = (try await app.newAccount(), try await app.newAccount())
            for number in 1...3 { try await app.join(try await app.newUser("p\(number)@x.org"), to: here) }
            let link = try #require(try Self.next(await app.get("/users?q=x&limit=1")))
            let cursor = String(try #require(link.split(separator: "=").last))
            #expect(link == "/platform/api/v1/users?q=x&limit=1&cursor=\(cursor)")
            #expect(try await app.get("/users.json?q=x&cursor=\(cursor)").status == 200)
            // Another page size is the same list; an older cursor is replaced in the next link.
            let second = try #require(try Self.next(await app.get("/users?cursor=\(cursor)&limit=1&q=x")))
            #expect(second.hasPrefix("/platform/api/v1/users?limit=1&q=x&cursor=") && !second.contains(cursor))
            for path in [
                "/users", "/users?q=y", "/users?q=x&status=active", "/accounts", "/permissibles",
                "/accounts/\(here)/account_users",
            ] {
                let answer = try await app.get("\(path)\(path.contains("?") ? "&" : "?")cursor=\(cursor)")
                #expect(answer.status == 422 && answer.body == Body.invalid("Cursor is invalid", "cursor"), "\(path): \(answer)")
            }
            let members = try #require(try Self.next(await app.get("/accounts/\(here)/account_users?limit=1")))
            #expect(try await app.get(members.replacing("/\(here)/", with: "/\(there)/")).status == 422)
            // Any change of any digit is noticed.
            for at in cursor.indices {
                var digits = Array(cursor)
                let position = cursor.distance(from: cursor.startIndex, to: at)
                digits[position] = digits[position] == "0" ? "1" : "0"
                #expect(try await app.get("/users?q=x&cursor=\(String(digits))").status == 422, "digit \(position)")
            }
            #expect(try await app.get("/users?q=x&cursor=\(cursor.uppercased())x").status == 422)
        }
    }

    @Test func whatIsThereAllAlongIsSeenOnceWhateverOthersWrite() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            var users: [Int64] = []
            for number in 1...12 { users.append(try await app.newUser("p\(number)@x.org")) }
            let doomed = Set([users[1], users[6], users[10]])
            let pages = try await Self.walk(app, "/users?limit=2") { page in
                // Deleting before and behind, renaming, and adding at the end.
                if page == 2 { for id in doomed { _ = try await app.delete("/users/\(id)") } }
                if page == 3 { _ = try await app.patch("/users/\(users[0])", #"{"name":"Z","email":"zz@x.org"}"#) }
                if page < 4 { _ = try await app.newUser("new\(page)@x.org") }
            }
            let seen = Array(pages.joined())
            #expect(Set(seen).count == seen.count, "\(pages)")
            #expect(Set(seen).isSuperset(of: Set(users).subtracting(doomed)), "\(pages)")
        }
    }

    @Test func nothingBreaksOutOfTheHeader() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            for number in 1...2 { _ = try await app.newUser("p\(number)@x.org") }
            let answer = try await app.get("/users?limit=1&x=%3E%3B&y=a>;b\"c&q=x,org")
            let link = try #require(answer.headers["link"])
            #expect(link.hasPrefix("</platform/api/v1/users?limit=1&x=%3E%3B&y=a%3E;b%22c&q=x,org&cursor="), "\(link)")
            #expect(link.filter { $0 == ">" }.count == 1)
        }
    }
}
