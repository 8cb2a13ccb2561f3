// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

/// `ETag`, `If-None-Match` and `If-Match` on users and accounts.
@Suite struct EntityTagTests {
    private func tag(_ answer: Answer, sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
        let tag = try #require(answer.headers["etag"], "\(answer.headers)", sourceLocation: sourceLocation)
        #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""), sourceLocation: sourceLocation)
        return tag
    }

    private func call(
        _ app: APIClient, _ method: String, _ path: String, _ body: String? = nil, _ name: String, _ value: String
    ) async throws -> Answer {
        try await app.call(
            method, path, body.map(Content.json) ?? .none, headers: [("api_access_token", app.token ?? ""), (name, value)])
    }

    @Test(arguments: ["users", "accounts"]) func whoHasTheBodyIsNotSentItAgain(_ noun: String) async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let id = noun == "users" ? try await app.newUser("ada@example.org") : try await app.newAccount()
            let path = "/\(noun)/\(id)"
            let first = try await app.get(path)
            let tag = try tag(first)
            for known in [tag, "W/\(tag)", "\"x\", \(tag)", "*", "\"a,b\",\(tag)"] {
                for method in ["GET", "HEAD"] {
                    let again = try await call(app, method, path, nil, "If-None-Match", known)
                    #expect(again.status == 304 && again.body.isEmpty && again.headers["etag"] == tag, "\(known): \(again)")
                    #expect(again.headers["content-type"] == nil)
                }
            }
            for unknown in ["\"x\"", "", "x", tag.replacing("\"", with: "")] {
                #expect(try await call(app, "GET", path, nil, "If-None-Match", unknown).status == 200, "\(unknown)")
            }
            let changed = try await app.patch(path, #"{"name":"Other"}"#)
            #expect(try self.tag(changed) != tag)
            #expect(try await call(app, "GET", path, nil, "If-None-Match", tag).body == changed.body)
            // A write that changes nothing is no new version.
            #expect(try self.tag(try await app.patch(path, #"{"name":"Other"}"#)) == self.tag(changed))
        }
    }

    @Test func theTagOfAUserFollowsEverythingItsBodyShows() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (user, account) = (try await app.newUser("ada@example.org"), try await app.newAccount("Place"))
            var tags: Set<String> = []
            func remember(_ what: String) async throws {
                let tag = try tag(try await app.get("/users/\(user)"))
                #expect(tags.insert(tag).inserted, "\(what)")
            }
            try await remember("new")
            try await app.join(user, to: account)
            try await remember("joined")
            try await app.join(user, to: account, role: "administrator")
            try await remember("another role")
            // No version of the user's moves here: its body does.
            _ = try await app.patch("/accounts/\(account)", #"{"name":"Other place"}"#)
            try await remember("the account was renamed")
            #expect(try await app.delete("/accounts/\(account)/account_users?user_id=\(user)").status == 200)
            try await remember("parted")
            // Another app sees another body.
            let other = try await api.app("Two")
            try await api.grant("user", user, to: other, rights: 1)
            #expect(!tags.contains(try tag(try await other.get("/users/\(user)"))))
        }
    }

    @Test(arguments: ["users", "accounts"]) func onlyTheVersionThatIsKnownIsWritten(_ noun: String) async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let id = noun == "users" ? try await app.newUser("ada@example.org") : try await app.newAccount()
            let path = "/\(noun)/\(id)"
            let first = try tag(try await app.get(path))
            for method in ["PATCH", "PUT"] {
                let tag = try tag(try await app.get(path))
                let done = try await call(app, method, path, #"{"name":"\#(method)"}"#, "If-Match", tag)
                #expect(done.status == 200 && done.headers["etag"] != tag)
            }
            let before = try await api.fingerprint()
            let current = try tag(try await app.get(path))
            for stale in [first, "W/\(current)", "\"x\"", "\"\"", "x", "", "\"-1-x\"", "\"99999999999999999999-1\""] {
                for (method, body) in [
                    ("PATCH", #"{"name":"Lost"}"#), ("PUT", #"{}"#), ("PATCH", #"{"name":""}"#), ("DELETE", nil),
                ] {
                    let answer = try await call(app, method, path, body, "If-Match", stale)
                    #expect(answer.status == 412, "\(stale) \(method): \(answer)")
                    #expect(answer.body == #"{"status":412,"error":"Precondition Failed"}"#)
                }
            }
            #expect(try await api.fingerprint() == before)
            #expect(try await call(app, "PATCH", path, #"{"name":""}"#, "If-Match", current).status == 422)
            #expect(try await call(app, "PATCH", path, #"{"name":"A"}"#, "If-Match", "\"1-x\", \(current)").status == 200)
            #expect(try await call(app, "PATCH", path, #"{"name":"B"}"#, "If-Match", "*").status == 200)
            // Ownership is asked first, and an object that is gone is gone.
            let other = try await api.app("Two")
            #expect(try await call(other, "PATCH", path, #"{"name":"C"}"#, "If-Match", first).body == Body.nonPermissible)
            #expect(try await call(app, "DELETE", path, nil, "If-Match", try tag(try await app.get(path))).status == 200)
            for (method, body) in [("PATCH", #"{"name":"D"}"#), ("DELETE", nil)] {
                #expect(try await call(app, method, path, body, "If-Match", "*").status == 404)
                #expect(try await call(app, method, path, body, "If-Match", current).status == 404)
            }
        }
    }

    @Test(arguments: ["users", "accounts"]) func ofManyWritersOfOneVersionOneWins(_ noun: String) async throws {
        try await withInstallation(connections: 8) { api in
            let app = try await api.app("One")
            let id = noun == "users" ? try await app.newUser("ada@example.org") : try await app.newAccount()
            for round in 0..<5 {
                let tag = try tag(try await app.get("/\(noun)/\(id)"))
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<20 {
                        group.addTask {
                            try await call(app, "PATCH", "/\(noun)/\(id)", #"{"name":"\#(round).\#(number)"}"#, "If-Match", tag)
                                .status
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(statuses.filter { $0 == 200 }.count == 1 && statuses.filter { $0 == 412 }.count == 19, "\(statuses)")
            }
        }
    }
}
