// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Testing
import WebSurface

/// `Idempotency-Key` on POST /bulk, whose work is several transactions.
@Suite struct BulkKeyTests {
    private func bulk(
        _ app: APIClient, _ body: String, key: String, query: String = ""
    ) async throws -> Answer {
        try await app.call(
            "POST", "/bulk\(query)", .json(body), headers: [("api_access_token", app.token ?? ""), ("Idempotency-Key", key)])
    }

    @Test func sentAgainItIsAnsweredAgainAndNotCarriedOut() async throws {
        try await withInstallation { api in
            let (app, other) = (try await api.app("One"), try await api.app("Two"))
            let foreign = try await other.newAccount()
            _ = try await other.newUser("taken@example.org")
            let known = try await app.newUser("known@example.org")
            let body = """
                [{"email":"a@example.org","name":"A"},{"email":"taken@example.org","name":"B"},
                 {"email":"known@example.org","name":"Person"},{"email":"KNOWN@example.org","name":"Twice"},
                 {"email":"c@example.org","name":"C","accounts":[{"account_id":\(foreign)}]},{"name":"Nobody"},
                 {"email":"d@example.org","name":"D","external_id":"D"}]
                """
            let first = try await bulk(app, body, key: "k")
            #expect(first.status == 200, "\(first)")
            #expect(try first.json()["created"]?.integer == 2)
            // Others write in between: what was asked for then is not asked for again now.
            _ = try await app.patch("/users/\(known)", #"{"name":"Renamed since"}"#)
            let before = try await api.fingerprint()
            for _ in 0..<3 {
                let again = try await bulk(app, body, key: "k")
                #expect(again.hasSameFace(as: first) && again.body == first.body, "\(again)")
            }
            #expect(try await api.fingerprint() == before)
            #expect(try await api.count("select count(*) from runs") == 1)
            // Without the key it is asked for now.
            #expect(try await app.post("/bulk", body).json()["updated"]?.integer == 1)
        }
    }

    @Test func oneKeyIsOneCall() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let body = #"[{"email":"a@example.org","name":"A"}]"#
            _ = try await bulk(app, body, key: "k")
            let used = Body.invalid("Idempotency-Key has already been used for another request", "Idempotency-Key")
            for (body, query) in [(body + " ", ""), ("[]", ""), (body, "?atomic=true")] {
                #expect(try await bulk(app, body, key: "k", query: query).body == used, "\(body)\(query)")
            }
            let headers = [("api_access_token", app.token ?? ""), ("Idempotency-Key", "k")]
            #expect(try await app.call("POST", "/accounts", .json(#"{"name":"A"}"#), headers: headers).body == used)
            #expect(
                try await app.call("POST", "/accounts", .json(#"{"name":"A"}"#), headers: [headers[0], ("Idempotency-Key", "l")])
                    .status == 200)
            #expect(try await bulk(app, body, key: "l").body == used)
            // Over a day later keys are free again, for either kind of call.
            try await api.execute("update idempotency_keys set expires_at = now() - interval '1 second'")
            #expect(try await bulk(app, "[]", key: "l").status == 200)
            #expect(try await app.call("POST", "/accounts", .json(#"{"name":"B"}"#), headers: headers).status == 200)
            #expect(try await bulk(app, "[]", key: "l").body == bulk(app, "[]", key: "m").body)
        }
    }

    @Test func whatWasRefusedMayBeTriedAgain() async throws {
        try await withInstallation { api in
            let (app, other) = (try await api.app("One"), try await api.app("Two"))
            let taken = try await other.newUser("taken@example.org")
            let body = #"[{"email":"a@example.org","name":"A"},{"email":"taken@example.org","name":"B"}]"#
            for _ in 0..<2 { #expect(try await bulk(app, body, key: "k", query: "?atomic=true").status == 422) }
            #expect(try await bulk(app, "[", key: "k").status == 400)
            #expect(try await bulk(app, "[7]", key: "k").status == 400)
            #expect(try await api.count("select count(*) from idempotency_keys") == 0)
            _ = try await other.delete("/users/\(taken)")
            let done = try await bulk(app, body, key: "k", query: "?atomic=true")
            #expect(done.status == 200)
            #expect(try await bulk(app, body, key: "k", query: "?atomic=true").body == done.body)
            // A token out of scope, or dead, neither gets an answer nor leaves a key.
            let scoped = try await api.world.directory.tokens.issue(
                to: app.appID, scopes: [.usersRead], by: .command)
            let reader = APIClient(port: api.port, token: scoped.accessToken, appID: app.appID)
            #expect(try await bulk(reader, body, key: "n").status == 403)
            #expect(try await bulk(reader, body, key: "k", query: "?atomic=true").status == 403)
            try await api.execute("update platform_apps set disabled_at = now() where name = 'One'")
            for key in ["k", "n", ""] { #expect(try await bulk(app, body, key: key).body == Body.invalidToken) }
            #expect(try await api.count("select count(*) from idempotency_keys") == 1)
        }
    }

    @Test func manySendersOfOneKeyAreOneCall() async throws {
        try await withInstallation(connections: 8) { api in
            let app = try await api.app("One")
            for round in 0..<3 {
                let people = (0..<40).map { #"{"email":"p\#($0)r\#(round)@example.org","name":"P"}"# }.joined(separator: ",")
                let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                    for _ in 0..<12 { group.addTask { try await bulk(app, "[\(people)]", key: "r\(round)") } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                let done = answers.filter { $0.status == 200 }
                #expect(!done.isEmpty && Set(done.map(\.body)).count == 1)
                #expect(try done.first?.json()["created"]?.integer == 40)
                #expect(done.count + answers.filter { $0.status == 409 && $0.headers["retry-after"] == "1" }.count == 12)
                #expect(try await api.count("select count(*) from runs") == round + 1)
            }
        }
    }

    @Test func afterACrashItIsCarriedOutAgainWhenTheLeaseHasRunOut() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let body = #"[{"email":"a@example.org","name":"A"}]"#
            let id = try await bulk(app, body, key: "k").json()["results"]?.elements.first?["id"]?.integer
            // Killed after its last transaction, before the answer was noted.
            try await api.execute(
                """
                update idempotency_keys
                set answer = null, lease = gen_random_uuid(), leased_until = now() + interval '1 minute'
                """)
            #expect(try await bulk(app, body, key: "k").status == 409)
            #expect(try await bulk(app, "[]", key: "k").status == 422)
            try await api.execute("update idempotency_keys set leased_until = now() - interval '1 second'")
            #expect(try await bulk(app, "[]", key: "k").status == 422)
            let again = try await bulk(app, body, key: "k")
            #expect(try again.json()["unchanged"]?.integer == 1)
            #expect(try again.json()["results"]?.elements.first?["id"]?.integer == id)
            #expect(try await bulk(app, body, key: "k").body == again.body)
            #expect(try await api.count("select count(*) from idempotency_keys where answer is not null and lease is null") == 1)
        }
    }

    @Test func thousandsAreKeptInLittleAndWithoutWhatTheyAre() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let people = (0..<5_000).map { number in
                #"{"email":"p\#(number)@example.org","name":"\#(number % 2 == 0 ? "Peculiar" : "")"}"#
            }
            let body = "[\(people.joined(separator: ","))]"
            let first = try await bulk(app, body, key: "k")
            #expect(try first.json()["created"]?.integer == 2_500 && first.json()["failed"]?.integer == 2_500)
            #expect(try await bulk(app, body, key: "k").body == first.body)
            #expect(try await api.count("select pg_column_size(answer) from idempotency_keys") < 100_000)
            #expect(try await api.count("select count(*) from idempotency_keys k where k::text ~ 'Peculiar|example'") == 0)
        }
    }
}
