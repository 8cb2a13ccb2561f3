// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

/// `/audit_events`.
@Suite struct AuditEventTests {
    @Test func whoDidWhatWithBeforeAndAfter() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            let user = try await one.newUser("ada@example.org")
            let renamed = try await one.patch("/users/\(user)", #"{"name":"Ada","password":"Correct-Horse9"}"#)
            let events = try await one.get("/audit_events").json().elements
            // The newest first; the app's own making is its business too.
            #expect(events.map { $0["action"]?.string } == ["user.update", "user.create", "platform_app.create"])
            #expect(
                events[0].keys == [
                    "id", "created_at", "actor", "actor_id", "action", "subject_kind", "subject_id", "before", "after",
                    "request_id",
                ])
            #expect(events[0]["actor"]?.string == "platform_app" && events[0]["actor_id"]?.integer == one.appID)
            #expect(events[0]["subject_kind"]?.string == "user" && events[0]["subject_id"]?.integer == user)
            #expect(events[0]["before"]?["name"]?.string == "Person" && events[0]["after"]?["name"]?.string == "Ada")
            #expect(events[0]["request_id"]?.string == renamed.headers["x-request-id"])
            let body = try await one.get("/audit_events").body
            #expect(!body.contains("Correct-Horse9") && !body.contains("$2") && !body.contains("mst_"))
            #expect(try await two.get("/audit_events").json().elements.map { $0["action"]?.string } == ["platform_app.create"])
            #expect(try await api.stranger.get("/audit_events").body == Body.invalidToken)
        }
    }

    @Test func ofOneObjectWhoeverDidIt() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            let (user, account) = (try await one.newUser("ada@example.org"), try await one.newAccount())
            try await one.join(user, to: account)
            let path = "/audit_events?subject_kind=user&subject_id=\(user)"
            #expect(try await two.get(path).body == Body.nonPermissible)
            #expect(try await two.get("/audit_events?subject_kind=user&subject_id=900000").body == Body.nonPermissible)
            try await api.grant("user", user, to: two, rights: 3)
            _ = try await two.patch("/users/\(user)", #"{"name":"By two"}"#)
            let seen = try await one.get(path).json().elements
            #expect(seen.map { $0["action"]?.string } == ["user.update", "membership.write", "user.create"])
            #expect(seen.first?["actor_id"]?.integer == two.appID)
            // Two may not read the account, so the membership is none of its business.
            #expect(try await two.get(path).json().elements.map { $0["action"]?.string } == ["user.update", "user.create"])
            // Deleted, it is still there to be asked about.
            #expect(try await one.delete("/users/\(user)").status == 200)
            #expect(try await one.get(path).json().elements.first?["action"]?.string == "user.delete")
            for query in [
                "subject_kind=user", "subject_id=1", "subject_kind=secret&subject_id=1", "limit=0",
                "subject_kind=user&subject_id=x",
            ] {
                #expect(try await one.get("/audit_events?\(query)").status == 422, "\(query)")
            }
        }
    }

    @Test func inPagesThatNewEventsDoNotShift() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newUser("ada@example.org")
            for number in 1...6 { _ = try await app.patch("/users/\(user)", #"{"name":"N\#(number)"}"#) }
            var path = "/audit_events?subject_kind=user&subject_id=\(user)&limit=3"
            var names: [String?] = []
            while true {
                let page = try await app.get(path)
                names += try page.json().elements.map { $0["after"]?["name"]?.string }
                _ = try await app.patch("/users/\(user)", #"{"name":"Later \#(names.count)"}"#)
                guard let link = page.headers["link"] else { break }
                path = String(link.dropFirst().prefix { $0 != ">" })
            }
            #expect(names == ["N6", "N5", "N4", "N3", "N2", "N1", "Person"])
        }
    }
}
