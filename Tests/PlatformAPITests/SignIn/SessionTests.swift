// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Foundation
import Postgres
import Testing
import WebSurface

@testable import PlatformAPI

/// Sessions: what they authenticate, and what ends them.
@Suite struct SessionTests {
    @Test func headersBearerAndAccessTokenAuthenticate() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newUser("ada@example.org")
            let session = try await app.redeem("ada@example.org", try await app.linkToken(user))
            let body = session.body
            let token = try #require(try session.json()["data"]?["access_token"]?.string)
            let good: [[(String, String)]] = [
                session.sessionHeaders, [("Authorization", session.headers["authorization"] ?? "")],
                [("api_access_token", token)], [("Authorization", "bearer \(token)")],
            ]
            for headers in good {
                let answer = try await app.call("GET", "/auth/validate_token", headers: headers)
                #expect(answer.status == 200 && answer.body == body, "\(headers): \(answer)")
            }
            let (secret, client) = (session.headers["access-token"] ?? "", session.headers["client"] ?? "")
            func headers(_ secret: String, _ client: String, _ uid: String) -> [(String, String)] {
                [("access-token", secret), ("client", client), ("uid", uid)]
            }
            let bad: [[(String, String)]] = [
                [], headers(secret, client, "eve@example.org"), headers(String(secret.reversed()), client, "ada@example.org"),
                headers(secret, String(client.reversed()), "ada@example.org"), headers(client, client, "ada@example.org"),
                headers("", client, "ada@example.org"), [("access-token", secret), ("client", client)],
                [("Authorization", "Bearer e30=")], [("Authorization", "Bearer \(secret)")],
                [("api_access_token", app.token ?? "")], [("Authorization", "Bearer \(app.token ?? "")")],
            ]
            for headers in bad {
                for (method, path) in [
                    ("GET", "/auth/validate_token"), ("GET", "/auth/sessions"), ("DELETE", "/auth/sessions/1"),
                ] {
                    let answer = try await app.call(method, path, headers: headers)
                    #expect(answer.status == 401 && answer.body == Body.invalidSession, "\(headers): \(answer)")
                }
                let answer = try await app.call("DELETE", "/auth/sign_out", headers: headers)
                #expect(answer.status == 404, "\(answer)")
            }
            // A session is no Platform App.
            #expect(try await app.call("GET", "/users/\(user)", headers: session.sessionHeaders).body == Body.invalidToken)
        }
    }

    @Test func oneSignsOutAndLooksAfterTheOthers() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newUser("ada@example.org", password: goodPassword)
            _ = try await app.newUser("eve@example.org", password: goodPassword)
            let first = try await app.signIn("ada@example.org", password: goodPassword)
            let second = try await app.redeem("ada@example.org", try await app.linkToken(user))
            let stranger = try await app.signIn("eve@example.org", password: goodPassword)
            let list = try await app.call("GET", "/auth/sessions", headers: second.sessionHeaders).json().elements
            #expect(list.count == 2 && list[0]["current"] == .bool(true) && list[1]["current"] == .bool(false), "\(list)")
            #expect(
                list[0].keys == ["id", "created_at", "expires_at", "user_agent", "address", "platform_app_id", "current"])
            #expect(list[0]["platform_app_id"]?.integer == app.appID && list[1]["platform_app_id"] == .null)
            let firstID = try #require(list[1]["id"]?.integer)
            let foreign = try await app.call("DELETE", "/auth/sessions/\(firstID)", headers: stranger.sessionHeaders)
            #expect(foreign.status == 404)
            #expect(try await app.isSignedIn(first))
            #expect(try await app.call("DELETE", "/auth/sessions/\(firstID)", headers: second.sessionHeaders).status == 200)
            #expect(try await app.isSignedIn(first) == false)
            let out = try await app.call("DELETE", "/auth/sign_out", headers: second.sessionHeaders)
            #expect(out.status == 200 && out.body == #"{"success":true}"#)
            #expect(try await app.isSignedIn(second) == false)
            let again = try await app.call("DELETE", "/auth/sign_out", headers: second.sessionHeaders)
            #expect(
                again.status == 404
                    && again.body == #"{"success":false,"errors":["User was not found or was not logged in."]}"#)
            #expect(try await app.isSignedIn(stranger))
            #expect(
                try await api.count(
                    "select count(*) from audit_events where actor = 'user' and subject_id = \(user) and action = 'user.sign_out'"
                )
                    == 2)
        }
    }

    @Test func anAppSeesAndEndsSessions() async throws {
        try await withInstallation { api in
            let (app, other) = (try await api.app("One"), try await api.app("Two"))
            let user = try await app.newUser("ada@example.org")
            let sessions = [
                try await app.redeem("ada@example.org", try await app.linkToken(user)),
                try await app.redeem("ada@example.org", try await app.linkToken(user)),
                try await app.redeem("ada@example.org", try await app.linkToken(user)),
            ]
            let list = try await app.get("/users/\(user)/sessions").json().elements
            #expect(list.count == 3)
            #expect(list[0].keys == ["id", "created_at", "expires_at", "user_agent", "address", "platform_app_id"])
            let ids = list.compactMap { $0["id"]?.integer }
            for (method, path) in [("GET", ""), ("DELETE", ""), ("DELETE", "/\(ids[0])")] {
                #expect(try await other.call(method, "/users/\(user)/sessions\(path)").body == Body.nonPermissible)
            }
            #expect(try await app.delete("/users/\(user)/sessions/\(ids[0])").status == 200)
            #expect(try await app.delete("/users/\(user)/sessions/\(ids[0])").body == Body.notFound)
            #expect(try await app.isSignedIn(sessions[2]) == false)
            #expect(try await app.isSignedIn(sessions[1]))
            #expect(try await app.delete("/users/\(user)/sessions").status == 200)
            #expect(try await app.isSignedIn(sessions[1]) == false)
            #expect(try await app.get("/users/\(user)/sessions").body == "[]")
        }
    }

    @Test func anotherPasswordSuspensionAndDeletionEndSessions() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newUser("ada@example.org", password: goodPassword)
            func session() async throws -> Answer { try await app.signIn("ada@example.org", password: goodPassword) }
            let before = try await session()
            #expect(try await app.patch("/users/\(user)", #"{"name":"Ada"}"#).status == 200)
            #expect(try await app.isSignedIn(before))
            #expect(try await app.patch("/users/\(user)", #"{"password":"Another1!"}"#).status == 200)
            #expect(try await app.isSignedIn(before) == false)
            #expect(try await api.count("select count(*) from sessions") == 0)
            #expect(try await app.signIn("ada@example.org", password: goodPassword).status == 401)
            #expect(try await app.patch("/users/\(user)", #"{"password":"\#(goodPassword)"}"#).status == 200)

            // A password that comes by another way than the API, such as a sync.
            let mine = try await session()
            #expect(try await app.isSignedIn(mine))
            try await api.execute("update users set password_hash = '$2b$04$' || repeat('x', 53) where id = \(user)")
            #expect(try await app.isSignedIn(mine) == false)
            #expect(try await app.get("/users/\(user)/sessions").body == "[]")
            #expect(try await app.patch("/users/\(user)", #"{"password":"\#(goodPassword)"}"#).status == 200)

            let suspended = try await session()
            #expect(try await app.call("POST", "/users/\(user)/suspend").status == 200)
            #expect(try await app.isSignedIn(suspended) == false)
            #expect(try await session().status == 401)
            #expect(try await app.call("POST", "/users/\(user)/restore").status == 200)
            #expect(try await app.isSignedIn(suspended))
            let expired = try await session()
            try await api.execute("update sessions set expires_at = now() where client = '\(expired.headers["client"] ?? "")'")
            #expect(try await app.isSignedIn(expired) == false)
            #expect(try await app.delete("/users/\(user)").status == 200)
            #expect(try await app.isSignedIn(suspended) == false)
        }
    }

    @Test func twentyFiveSessionsAtMost() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let user = try await app.newUser("ada@example.org")
            var sessions: [Answer] = []
            for _ in 0..<27 { sessions.append(try await app.redeem("ada@example.org", try await app.linkToken(user))) }
            #expect(try await api.count("select count(*) from sessions") == 25)
            #expect(try await app.isSignedIn(sessions[1]) == false)
            #expect(try await app.isSignedIn(sessions[2]))
            // Two who begin at once do not see each other: what is too much is over all the same.
            try await api.execute(
                """
                insert into sessions (user_id, client, digest, password_mark, expires_at)
                select user_id, 'twin', digest, password_mark, expires_at from sessions limit 1
                """)
            #expect(try await app.isSignedIn(sessions[2]) == false)
            #expect(try await app.isSignedIn(sessions[3]))
        }
    }

    @Test func theDatabaseAndTheLogKnowNoToken() async throws {
        let log = InMemoryLog()
        try await withInstallation(log: log.handler) { api in
            let app = try await api.app("One")
            let user = try await app.newUser("ada@example.org")
            let token = try await app.linkToken(user)
            let session = try await app.redeem("ada@example.org", token)
            let query = "/auth/sign_in?email=ada%40example.org&password=Secret1!&sso_auth_token=\(token)"
            #expect(try await app.call("POST", query, headers: []).status == 401)
            let secret = session.headers["access-token"] ?? "-"
            #expect(try await app.isSignedIn(session))
            var stored = ""
            for table in ["login_links", "sessions", "sign_in_failures", "audit_events"] {
                let rows = try await api.world.postgres.query(
                    "select coalesce(string_agg(t::text, '|'), '') as all from \(unescaped: table) t")
                stored += try #require(rows.first).decode(String.self, "all")
            }
            let said = log.text
            #expect(stored.contains("user.sign_in") && said.contains("/auth/sign_in"), "\(said)")
            for word in [token, secret, "Secret1!"] {
                #expect(!stored.contains(word))
                #expect(!said.contains(word))
            }
            #expect(!said.contains("ada%40example.org") && !said.contains("ada@example.org"))
        }
    }
}
