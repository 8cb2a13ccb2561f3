// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import HTTPTypes
import Hummingbird
import Postgres
import Testing
import WebSurface

@testable import PlatformAPI

/// `Idempotency-Key` on every POST.
@Suite struct IdempotencyTests {
    private func post(
        _ app: APIClient, _ path: String, _ body: String, key: String, allowsConflict: Bool = false
    ) async throws -> Answer {
        try await app.call(
            "POST", path, .json(body), headers: [("api_access_token", app.token ?? ""), ("Idempotency-Key", key)])
    }

    @Test func whatWasCarriedOutIsNotCarriedOutAgain() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newUser("ada@example.org")
            let account = try await app.newAccount()
            let calls = [
                ("/accounts", #"{"name":"Twice"}"#), ("/users", #"{"name":"B","email":"b@example.org"}"#),
                ("/users", #"{"name":"C","email":"c@example.org","password":"Correct-Horse9"}"#),
                ("/accounts/\(account)/account_users", #"{"user_id":\#(user),"role":"administrator"}"#),
                ("/users/\(user)/token", ""),
            ]
            for (number, (path, body)) in calls.enumerated() {
                let first = try await post(app, path, body, key: "k\(number)")
                #expect(first.status == 200, "\(path): \(first)")
                let before = try await api.fingerprint()
                for _ in 0..<3 {
                    let again = try await post(app, path, body, key: "k\(number)")
                    #expect(again.hasSameFace(as: first) && again.body == first.body, "\(path): \(again)")
                }
                #expect(try await api.fingerprint() == before, "\(path)")
            }
            #expect(try await api.count("select count(*) from accounts where name = 'Twice'") == 1)
            #expect(try await api.count("select count(*) from idempotency_keys") == calls.count)
        }
    }

    @Test func aTokenNeedsNoMoreForTheKeyThanForTheCall() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (user, account) = (try await app.newUser("ada@example.org"), try await app.newAccount())
            func client(_ scopes: String...) async throws -> APIClient {
                let scopes = try scopes.map { try #require(Scope($0)) }
                let token = try await api.world.directory.tokens.issue(to: app.appID, scopes: scopes, by: .command)
                return APIClient(port: api.port, token: token.accessToken, appID: app.appID)
            }
            let at = "/accounts/\(account)"
            let calls = [
                ("/users", #"{"name":"N","email":"n@example.org"}"#, "users"),
                ("/users/\(user)/suspend", "{}", "users"), ("/users/\(user)/restore", "{}", "users"),
                ("/accounts", #"{"name":"A"}"#, "accounts"),
                ("\(at)/account_users", #"{"user_id":\#(user)}"#, "account_users"),
                ("\(at)/account_users/suspend", #"{"user_id":\#(user)}"#, "account_users"),
                ("\(at)/custom_roles", #"{"name":"R"}"#, "custom_roles"),
                ("/agent_bots", #"{"name":"B"}"#, "agent_bots"),
                ("/webhooks", #"{"url":"https://hooks.example/"}"#, "webhooks"),
            ]
            for (number, (path, body, noun)) in calls.enumerated() {
                let writer = try await client("\(noun):write")
                let first = try await post(writer, path, body, key: "k\(number)")
                #expect(first.status == 200, "\(path): \(first)")
                let again = try await post(writer, path, body, key: "k\(number)")
                let (one, two) = (try first.id(), try again.id())
                #expect(again.status == 200 && one == two, "\(path): \(again)")
                // Nor is it a way around the scope of the call.
                let reader = try await client("\(noun):read")
                for key in ["k\(number)", "other\(number)"] {
                    #expect(try await post(reader, path, body, key: key).status == 403, "\(path)")
                }
            }
            let token = try await client("users:impersonate")
            for _ in 0..<2 { #expect(try await post(token, "/users/\(user)/token", "", key: "t").status == 200) }
        }
    }

    @Test func theAnswerShowsTheObjectAsItIsNow() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let body = #"{"name":"First"}"#
            let id = try await post(app, "/accounts", body, key: "a").id()
            _ = try await app.patch("/accounts/\(id)", #"{"name":"Second"}"#)
            #expect(try await post(app, "/accounts", body, key: "a").json()["name"] == .string("Second"))
            _ = try await app.delete("/accounts/\(id)")
            #expect(try await post(app, "/accounts", body, key: "a").body == Body.notFound)
            #expect(try await api.count("select count(*) from accounts") == 1)
        }
    }

    @Test func oneKeyIsOneCall() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            _ = try await post(app, "/accounts", #"{"name":"A"}"#, key: "k")
            let used = Body.invalid("Idempotency-Key has already been used for another request", "Idempotency-Key")
            for (path, body) in [
                ("/accounts", #"{"name":"B"}"#), ("/accounts", #"{"name":"A"} "#), ("/accounts?x=1", #"{"name":"A"}"#),
                ("/users", #"{"name":"A"}"#),
            ] {
                let answer = try await post(app, path, body, key: "k")
                #expect(answer.status == 422 && answer.body == used, "\(path) \(body): \(answer)")
            }
            // Another spelling of the same path is the same call.
            #expect(try await post(app, "/accounts.json", #"{"name":"A"}"#, key: "k").status == 200)
            // Keys belong to an app, not to its token.
            let other = try await api.app("Two")
            #expect(try await post(other, "/accounts", #"{"name":"B"}"#, key: "k").json()["name"] == .string("B"))
            #expect(try await api.count("select count(*) from accounts") == 2)
            for bad in ["", String(repeating: "k", count: 256)] {
                let answer = try await post(app, "/accounts", #"{"name":"C"}"#, key: bad)
                #expect(answer.status == 422 && answer.body.contains("1 to 255"), "\(answer)")
            }
            #expect(try await api.count("select count(*) from accounts") == 2)
        }
    }

    @Test func whatFailedMayBeTriedAgain() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let other = try await api.app("Two")
            let id = try await other.newUser("taken@example.org")
            let body = #"{"name":"N","email":"taken@example.org"}"#
            for _ in 0..<2 { #expect(try await post(app, "/users", body, key: "k").status == 422) }
            #expect(try await post(app, "/users", "{", key: "m").status == 400)
            #expect(try await other.delete("/users/\(id)").status == 200)
            #expect(try await post(app, "/users", body, key: "k").status == 200)
            #expect(try await api.count("select count(*) from idempotency_keys") == 1)
            // A dead token neither gets an answer nor leaves a key.
            try await api.execute("update platform_apps set disabled_at = now() where name = 'One'")
            for key in ["k", "new", ""] {
                #expect(try await post(app, "/users", body, key: key).body == Body.invalidToken)
            }
            #expect(try await api.count("select count(*) from idempotency_keys") == 1)
        }
    }

    @Test func manySendersOfOneKeyAreOneCall() async throws {
        try await withInstallation(connections: 8) { api in
            let app = try await api.app("One")
            for round in 0..<5 {
                let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                    for _ in 0..<40 {
                        group.addTask { try await post(app, "/accounts", #"{"name":"R\#(round)"}"#, key: "r\(round)") }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                let done = answers.filter { $0.status == 200 }
                let waiting = answers.filter { $0.status == 409 }
                #expect(!done.isEmpty && done.count + waiting.count == 40 && Set(done.map(\.body)).count == 1)
                for answer in waiting {
                    #expect(answer.headers["retry-after"] == "1")
                    #expect(answer.body == #"{"error":"A request with this Idempotency-Key is still being processed"}"#)
                }
                #expect(try await api.count("select count(*) from accounts where name = 'R\(round)'") == 1)
            }
        }
    }

    @Test func theSecondOfTwoAtOnceIsToldToComeBack() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            // The first is held up inside its own write, by a lock that the test holds.
            try await api.execute("create table gate ()")
            try await api.execute(
                """
                create function wait_at_gate() returns trigger language plpgsql as
                $$ begin lock table gate in access share mode; return new; end $$
                """)
            try await api.execute("create trigger gate before insert on accounts for each row execute function wait_at_gate()")
            try await withThrowingTaskGroup(of: Answer.self) { group in
                try await api.world.postgres.withTransaction { connection in
                    _ = try await connection.execute("lock table gate in access exclusive mode")
                    group.addTask { try await post(app, "/accounts", #"{"name":"A"}"#, key: "k") }
                    let waiting = "select count(*) from pg_locks where not granted and relation = 'gate'::regclass"
                    while try await api.count(waiting) == 0 {}
                    #expect(try await post(app, "/accounts", #"{"name":"A"}"#, key: "k").status == 409)
                    // Another key is another call, and is not held up by the first one's.
                    #expect(try await post(app, "/users", #"{"name":"A","email":"a@example.org"}"#, key: "l").status == 200)
                }
                #expect(try await group.next()?.status == 200)
            }
            #expect(try await post(app, "/accounts", #"{"name":"A"}"#, key: "k").status == 200)
            #expect(try await api.count("select count(*) from accounts") == 1)
        }
    }

    @Test func theCallAndItsNoteAreOneTransaction() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            // The note cannot be written: then the call has not happened either.
            try await api.execute("alter table idempotency_keys add constraint no_more check (key is null) not valid")
            let raw = try await app.exchange(
                "POST /platform/api/v1/accounts HTTP/1.1\r\nHost: x\r\nConnection: close\r\napi_access_token: \(app.token ?? "")\r\n"
                    + "Idempotency-Key: k\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"name\":\"A\"}")
            #expect(raw.status == 500)
            #expect(try await api.count("select count(*) from accounts") == 0)
            #expect(try await api.count("select count(*) from audit_events where action = 'account.create'") == 0)
            try await api.execute("alter table idempotency_keys drop constraint no_more")
            #expect(try await post(app, "/accounts", #"{"name":"A"}"#, key: "k").status == 200)
        }
    }

    @Test func keysExpireAndGoAway() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            for number in 0..<25 { _ = try await post(app, "/accounts", #"{"name":"A"}"#, key: "k\(number)") }
            try await api.execute("update idempotency_keys set expires_at = now() - interval '1 second'")
            // Expired: the key is new again, for whatever call.
            #expect(try await post(app, "/accounts", #"{"name":"B"}"#, key: "k0").json()["name"] == .string("B"))
            #expect(try await api.count("select count(*) from idempotency_keys") == 15)
            for number in 0..<2 { _ = try await post(app, "/accounts", #"{"name":"C"}"#, key: "n\(number)") }
            #expect(try await api.count("select count(*) from idempotency_keys where expires_at < now()") == 0)
            #expect(
                try await api.count(
                    "select count(*) from idempotency_keys where expires_at between now() + '23 hours' and now() + '24 hours'")
                    == 3)
        }
    }

    @Test func noSecretIsKept() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let password = "Correct-Horse9"
            let answer = try await post(
                app, "/users", #"{"name":"N","email":"n@example.org","password":"\#(password)"}"#, key: "key-of-the-call")
            let token = try #require(try answer.json()["access_token"]?.string)
            for secret in [password, token, "key-of-the-call"] {
                #expect(
                    try await api.count("select count(*) from idempotency_keys k where k::text like '%\(secret)%'") == 0)
            }
        }
    }

    @Test func everyPostTakesAKey() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (user, account) = (try await app.newUser("ada@example.org"), try await app.newAccount())
            let web = WebRouter()
            PlatformAPI(directory: api.world.directory, senderAddress: "x@example.org", publicURL: "").addRoutes(to: web)
            let posts = web.routes.routes.filter { $0.method == .post }.map(\.path.description)
            #expect(posts.count >= 4)
            let exempt = [
                "/users/{id}/login": "only a digest of a link is kept, so that it cannot be shown again",
                "/redeliver": "asked for twice it is one sending",
            ]
            for template in posts
            where !exempt.keys.contains(where: { template.hasSuffix($0) || template.hasSuffix($0.replacing("{id}", with: ":id")) }
            ) {
                let segments = template.split(separator: "/").map { segment in
                    guard segment.hasPrefix("{") || segment.hasPrefix(":") else { return String(segment) }
                    return String(template.contains("/users/") ? user : account)
                }
                let answer = try await post(
                    app, "/" + segments.joined(separator: "/"), "{}", key: String(repeating: "k", count: 256))
                #expect(answer.status == 422 && answer.body.contains("Idempotency-Key"), "\(template) does not go through `once`")
            }
        }
    }
}
