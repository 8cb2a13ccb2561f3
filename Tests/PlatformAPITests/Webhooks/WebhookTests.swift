// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Testing
import WebSurface

/// `/webhooks` and the log of deliveries.
@Suite struct WebhookTests {
    @Test func lifeOfAWebhook() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            #expect(try await app.get("/webhooks").body == "[]")
            let created = try await app.post(
                "/webhooks", #"{"url":"https://hooks.example/in","events":["user.created","user.deleted"],"secret":"mine"}"#)
            let id = try created.id()
            #expect(
                try created.json().keys == ["id", "url", "events", "enabled", "created_at", "updated_at", "secret"])
            let secret = try #require(try created.json()["secret"]?.string)
            #expect(secret.hasPrefix("whsec_") && secret.count == 6 + 44)
            // Shown once.
            let shown = try await app.get("/webhooks/\(id).json")
            #expect(shown.status == 200 && !shown.body.contains("secret") && shown.body.contains(#""enabled":true"#))
            #expect(try await app.get("/webhooks").body == "[\(shown.body)]")
            let off = try await app.patch("/webhooks/\(id)", #"{"enabled":false}"#)
            #expect(off.body.contains(#""enabled":false"#) && off.body.contains(#""events":["user.created","user.deleted"]"#))
            let moved = try await app.call(
                "PUT", "/webhooks/\(id)", .json(#"{"url":"https://h.example/","enabled":"1","events":["account.created"]}"#))
            #expect(moved.body.contains(#""url":"https://h.example/","events":["account.created"],"enabled":true"#))
            #expect(try await app.patch("/webhooks/\(id)", "{}").body == moved.body)
            let all = try await app.post("/webhooks", #"{"url":"https://hooks.example/"}"#)
            #expect(try all.json()["events"]?.elements.count == 11)
            let gone = try await app.delete("/webhooks/\(id)")
            #expect(gone.status == 200 && gone.body.isEmpty)
            for answer in [
                try await app.get("/webhooks/\(id)"), try await app.delete("/webhooks/\(id)"),
                try await app.patch("/webhooks/\(id)", "{}"),
                try await app.patch("/webhooks/\(id)", #"{"enabled":true}"#), try await app.get("/webhooks/\(id)/deliveries"),
                try await app.call("POST", "/webhooks/\(id)/deliveries/1/redeliver"),
            ] { #expect(answer.status == 404 && answer.body == Body.notFound, "\(answer)") }
            #expect(try await app.get("/webhooks").json().elements.count == 1)
            #expect(try await api.count("select count(*) from audit_events where action like 'webhook.%'") == 5)
        }
    }

    @Test func refusals() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let id = try await app.post("/webhooks", #"{"url":"https://hooks.example/"}"#).id()
            let before = try await api.count("select count(*) from audit_events")
            let badURL = Body.invalid("Url is invalid", "url")
            let cases: [(String, Int, String)] = [
                (#"{"url":"http://u:p@h.example/"}"#, 422, badURL), (#"{"url":"ftp://h.example/"}"#, 422, badURL),
                (#"{"url":"h.example"}"#, 422, badURL), (#"{"url":"https://h.example/#x"}"#, 422, badURL),
                (#"{"url":null}"#, 422, Body.invalid("Url can't be blank", "url")),
                (#"{"url":{}}"#, 422, badURL),
                (
                    #"{"url":"https://h.example/","events":[]}"#, 422, Body.invalid("Events can't be blank", "events")
                ),
                (
                    #"{"url":"https://h.example/","events":["user.created","x"]}"#, 422,
                    Body.invalid("Events contain an unknown name", "events")
                ),
                (#"{"url":"https://h.example/","events":"user.created"}"#, 422, Body.invalid("Events is invalid", "events")),
                (#"{"url":"https://h.example/","enabled":"maybe"}"#, 422, Body.invalid("Enabled is invalid", "enabled")),
                ("[]", 400, Body.badRequest),
            ]
            for (json, status, body) in cases {
                for answer in [try await app.post("/webhooks", json), try await app.patch("/webhooks/\(id)", json)] {
                    #expect(answer.status == status && answer.body == body, "\(json): \(answer)")
                }
            }
            #expect(try await app.post("/webhooks", "{}").body == Body.invalid("Url can't be blank", "url"))
            for path in ["?limit=0", "?limit=1001", "?limit=x", "?cursor=x"] {
                #expect(try await app.get("/webhooks/\(id)/deliveries\(path)").status == 422)
            }
            #expect(try await api.count("select count(*) from audit_events") == before)
            for _ in 2...20 { _ = try await app.post("/webhooks", #"{"url":"https://hooks.example/"}"#).id() }
            #expect(
                try await app.post("/webhooks", #"{"url":"https://hooks.example/"}"#).body
                    == Body.invalid("Webhooks are too many (maximum is 20)", "base"))
        }
    }

    @Test func anotherSecretForTheOldOne() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let created = try await app.post("/webhooks", #"{"url":"https://hooks.example/in"}"#)
            let (id, first) = (try created.id(), try created.json()["secret"]?.string)
            let path = "/webhooks/\(id)/rotate_secret"
            let rotated = try await app.post(path, "")
            #expect(
                try rotated.json().keys == [
                    "id", "url", "events", "enabled", "created_at", "updated_at", "secret", "previous_secret_expires_at",
                ])
            let second = try rotated.json()["secret"]?.string
            #expect(second?.wholeMatch(of: /whsec_[A-Za-z0-9+\/]{43}=/) != nil && second != first)
            let span = "select extract(epoch from previous_until - updated_at)::bigint from webhooks where id = \(id)"
            #expect(try await api.count(span) == 86_400)
            // Shown once; that there is another one is no secret.
            let shown = try await app.get("/webhooks/\(id)")
            #expect(!shown.body.contains(#""secret""#) && shown.body.contains("previous_secret_expires_at"))
            #expect(try await app.get("/webhooks").body == "[\(shown.body)]")
            #expect(try await app.post(path, #"{"overlap":"60"}"#).status == 200)
            #expect(try await api.count(span) == 60)
            // Leaked: the old one ends at once.
            let third = try await app.post(path, #"{"overlap":0}"#)
            #expect(third.status == 200 && !third.body.contains("previous_secret"))
            #expect(try await api.count("select count(*) from webhooks where previous_nonce is not null") == 0)
            for (json, status, body) in [
                (#"{"overlap":-1}"#, 422, Body.invalid("Overlap must be between 0 and 604800", "overlap")),
                (#"{"overlap":604801}"#, 422, Body.invalid("Overlap must be between 0 and 604800", "overlap")),
                (#"{"overlap":"soon"}"#, 422, Body.invalid("Overlap is not a number", "overlap")), ("{", 400, Body.badRequest),
            ] {
                let answer = try await app.post(path, json)
                #expect(answer.status == status && answer.body == body, "\(json): \(answer)")
            }
            #expect(try await api.count("select count(*) from audit_events where action = 'webhook.rotate_secret'") == 3)
            let trail = try await app.get("/audit_events").body
            #expect(!trail.contains("whsec_") && trail.contains("previous_secret_expires_at"))
            // Under a key it is once; the secret is not kept, and so not shown again.
            let headers = [("api_access_token", app.token ?? ""), ("Idempotency-Key", "k")]
            let once = try await app.call("POST", path, .none, headers: headers)
            #expect(once.body.contains("whsec_"))
            let again = try await app.call("POST", path, .none, headers: headers)
            #expect(again.status == 200 && !again.body.contains("whsec_"))
            #expect(try await api.count("select count(*) from audit_events where action = 'webhook.rotate_secret'") == 4)
            let other = try await api.app("Two")
            for body in ["", "{", #"{"overlap":-1}"#] {
                #expect(try await other.post(path, body).body == Body.nonPermissible)
                #expect(try await api.stranger.post(path, body).body == Body.invalidToken)
            }
            _ = try await app.delete("/webhooks/\(id)")
            for body in ["", #"{"overlap":-1}"#] { #expect(try await app.post(path, body).body == Body.notFound) }
        }
    }

    @Test func aSecondAppReachesNothing() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            let mine = try await one.post("/webhooks", #"{"url":"https://hooks.example/"}"#).id()
            let theirs = try await two.post("/webhooks", #"{"url":"https://hooks.example/"}"#).id()
            _ = try await one.newUser("a@example.org")
            while try await api.world.directory.outbox.divide() {}
            let delivery = try #require(try await one.get("/webhooks/\(mine)/deliveries").json().elements.first?["id"]?.integer)
            let before = try await api.count("select count(*) from audit_events")
            for id in [mine, 900_000, Int64.max] {
                for answer in [
                    try await two.get("/webhooks/\(id)"), try await two.delete("/webhooks/\(id)"),
                    try await two.patch("/webhooks/\(id)", #"{"url":"https://evil.example/"}"#),
                    try await two.patch("/webhooks/\(id)", #"{"url":"bad"}"#), try await two.patch("/webhooks/\(id)", "{"),
                    try await two.get("/webhooks/\(id)/deliveries"), try await two.get("/webhooks/\(id)/deliveries?limit=0"),
                    try await two.call("POST", "/webhooks/\(id)/deliveries/\(delivery)/redeliver"),
                ] { #expect(answer.status == 401 && answer.body == Body.nonPermissible, "\(id): \(answer)") }
                #expect(try await api.stranger.get("/webhooks/\(id)").body == Body.invalidToken)
            }
            // Another app's delivery under one's own webhook.
            #expect(try await two.call("POST", "/webhooks/\(theirs)/deliveries/\(delivery)/redeliver").status == 404)
            #expect(try await two.get("/webhooks/\(theirs)/deliveries").body == "[]")
            #expect(try await two.get("/webhooks").json().elements.map { $0["id"]?.integer } == [theirs])
            #expect(try await api.count("select count(*) from audit_events") == before)
        }
    }

    @Test func theLogInPagesAndRedelivery() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let id = try await app.post("/webhooks", #"{"url":"https://hooks.example/"}"#).id()
            for number in 1...5 { _ = try await app.newUser("p\(number)@example.org") }
            while try await api.world.directory.outbox.divide() {}
            var path = "/webhooks/\(id)/deliveries?limit=2"
            var seen: [Int64] = []
            while true {
                let page = try await app.get(path)
                #expect(page.status == 200)
                seen += try page.json().elements.compactMap { $0["id"]?.integer }
                guard let link = page.headers["link"] else { break }
                #expect(link.hasPrefix("<") && link.hasSuffix(#">; rel="next""#))
                path = String(link.dropFirst().prefix { $0 != ">" })
            }
            #expect(seen.count == 5 && seen == seen.sorted(by: >))
            let entry = try #require(try await app.get("/webhooks/\(id)/deliveries").json().elements.first)
            #expect(
                entry.keys == [
                    "id", "message_id", "type", "state", "attempts", "last_status", "last_error", "last_attempt_at",
                    "next_attempt_at", "delivered_at", "created_at", "payload",
                ])
            #expect(entry["payload"]?["data"]?["after"]?["email"]?.string == "p5@example.org")
            try await api.execute("update deliveries set state = 'failed', attempts = 7, last_error = 'timeout'")
            let again = try await app.call("POST", "/webhooks/\(id)/deliveries/\(seen[0])/redeliver")
            #expect(again.status == 200 && again.body.contains(#""state":"pending","attempts":0"#))
            #expect(try await app.call("POST", "/webhooks/\(id)/deliveries/999999/redeliver").status == 404)
            #expect(try await api.count("select count(*) from deliveries where state = 'pending'") == 1)
        }
    }
}
