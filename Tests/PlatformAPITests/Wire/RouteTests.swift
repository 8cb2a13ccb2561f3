// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Hummingbird
import Testing
import WebSurface

@testable import PlatformAPI

/// What paths and verbs answer that are not there. Which there are, `DocumentsTests` holds against the document.
@Suite struct RouteTests {
    @Test func wrongVerbsAreToldWhichAreRight() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let paths = [
                ("/users", "GET, HEAD, OPTIONS, POST"), ("/users/1", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
                ("/users/1/token", "OPTIONS, POST"),
                ("/accounts", "GET, HEAD, OPTIONS, POST"), ("/accounts/1", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
                ("/accounts/1/account_users", "DELETE, GET, HEAD, OPTIONS, POST"),
                ("/users/1/login", "DELETE, GET, OPTIONS, POST"), ("/users/1/sessions", "DELETE, GET, HEAD, OPTIONS"),
                ("/users/1/sessions/1", "DELETE, OPTIONS"),
                ("/users/1/suspend", "OPTIONS, POST"), ("/users/1/restore", "OPTIONS, POST"),
                ("/accounts/1/account_users/suspend", "OPTIONS, POST"), ("/accounts/1/account_users/restore", "OPTIONS, POST"),
                ("/accounts/1/custom_roles", "GET, HEAD, OPTIONS, POST"),
                ("/accounts/1/custom_roles/1", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
                ("/permissibles", "GET, HEAD, OPTIONS"), ("/permissibles/user/1", "DELETE, OPTIONS"),
                ("/agent_bots", "GET, HEAD, OPTIONS, POST"), ("/agent_bots/1", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
                ("/agent_bots/1/avatar", "DELETE, OPTIONS"),
            ]
            for (path, allow) in paths {
                for caller in [app, api.stranger] {
                    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"]
                    where !allow.split(separator: ", ").contains(Substring(method)) {
                        let answer = try await caller.call(method, path)
                        #expect(answer.status == 405 && answer.headers["allow"] == allow, "\(method) \(path): \(answer.headers)")
                        #expect(answer.body == #"{"status":405,"error":"Method Not Allowed"}"#)
                    }
                    let options = try await caller.call("OPTIONS", path + ".json")
                    #expect(options.status == 204 && options.headers["allow"] == allow && options.body.isEmpty)
                }
            }
            for path in [
                "/", "/nope", "/users/1/nope", "/accounts/1/account_users/7", "/agent", "/platform/api/v2/users", "/platform/api",
                "/platform/api/v1/Users",
            ] {
                let answer = try await app.get(path)
                #expect(answer.status == 404 && answer.body == Body.notFound, "\(path)")
            }
        }
    }

    @Test func headAndSuffix() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (user, account) = (try await app.newUser("ada@example.org"), try await app.newAccount())
            for path in ["/users/\(user)", "/accounts/\(account)", "/accounts", "/accounts/\(account)/account_users"] {
                let plain = try await app.get(path)
                #expect(try await app.get(path + ".json").body == plain.body)
                let head = try await app.call("HEAD", path)
                #expect(
                    head.status == 200 && head.body.isEmpty && head.headers["content-length"] == String(plain.body.utf8.count))
            }
            let refused = try await app.call("HEAD", "/users/99999")
            #expect(refused.status == 401 && refused.body.isEmpty)
            #expect(try await app.call("POST", "/users.json", .json(#"{"name":"B","email":"b@example.org"}"#)).status == 200)
            #expect(try await app.call("PUT", "/users/\(user).json", .json(#"{"name":"C"}"#)).json()["name"] == .string("C"))
            #expect(try await app.call("POST", "/users/\(user)/token.json").status == 200)
            #expect(try await app.delete("/users/\(user).json").status == 200)
        }
    }

    /// `:id` as `{id}`.
    private static func braced(_ route: String) -> String {
        route.split(separator: "/", omittingEmptySubsequences: false)
            .map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : String($0) }.joined(separator: "/")
    }

    @Test func headChangesNothing() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (user, account) = (try await app.newUser("ada@example.org"), try await app.newAccount())
            try await app.join(user, to: account)
            let role = try await app.post("/accounts/\(account)/custom_roles", #"{"name":"R"}"#).id()
            let bot = try await app.post("/agent_bots", #"{"name":"B"}"#).id()
            let webhook = try await app.post("/webhooks", #"{"url":"https://hooks.example/"}"#).id()
            let ids = ["users": user, "accounts": account, "custom_roles": role, "agent_bots": bot, "webhooks": webhook]
            let web = WebRouter()
            PlatformAPI(directory: api.world.directory, senderAddress: "x@example.org", publicURL: "").addRoutes(to: web)
            let before = try await api.fingerprint()
            var refused: [String] = []
            for route in web.routes.routes where route.method == .get {
                var segments = Self.braced(route.path.description).split(separator: "/").map(String.init)
                for at in segments.indices where segments[at].hasPrefix("{") {
                    segments[at] = String(try #require(ids[segments[at - 1]], "\(segments)"))
                }
                let path = "/" + segments.joined(separator: "/")
                let head = try await app.call("HEAD", path)
                #expect(try await api.fingerprint() == before, "\(path)")
                #expect(head.body.isEmpty)
                if head.status == 200 { continue }
                #expect(head.status == 405 && head.headers["allow"] == "DELETE, GET, OPTIONS, POST", "\(path): \(head)")
                refused.append(path)
            }
            // It mints: what asks whether it is there must not.
            #expect(refused == ["/platform/api/v1/users/\(user)/login"])
            _ = try await app.get(refused[0])
            #expect(try await api.fingerprint() != before)
        }
    }

    @Test func idsThatNameNothingAre404() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            for id in [
                "0", "-1", "+1", "x", "1x", "1.5", "9223372036854775808", "99999999999999999999999", "%31%30x", "null", "%00",
            ] {
                for (method, path) in [
                    ("GET", "/users/\(id)"), ("PATCH", "/users/\(id)"), ("PUT", "/users/\(id)"), ("DELETE", "/users/\(id)"),
                    ("POST", "/users/\(id)/token"), ("GET", "/users/\(id)/login"), ("DELETE", "/users/\(id)/login"),
                    ("GET", "/users/\(id)/sessions"), ("DELETE", "/users/\(id)/sessions"), ("DELETE", "/users/1/sessions/\(id)"),
                    ("GET", "/accounts/\(id)"), ("PATCH", "/accounts/\(id)"), ("DELETE", "/accounts/\(id)"),
                    ("GET", "/accounts/\(id)/account_users"),
                    ("POST", "/accounts/\(id)/account_users"), ("DELETE", "/accounts/\(id)/account_users"),
                ] {
                    let answer = try await app.call(method, path)
                    #expect(answer.status == 404 && answer.body == Body.notFound, "\(method) \(path): \(answer)")
                    #expect(try await api.stranger.call(method, path).body == Body.invalidToken, "\(method) \(path)")
                }
            }
        }
    }

    @Test func requestsAreToldApart() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            var seen: Set<String> = []
            for _ in 0..<20 {
                let answer = try await app.call(
                    "GET", "/accounts",
                    headers: [("api_access_token", app.token ?? ""), ("X-Request-Id", "chosen-by-the-client")])
                seen.insert(answer.headers["x-request-id"] ?? "")
            }
            #expect(seen.count == 20 && !seen.contains("chosen-by-the-client"))
            let created = try await app.post("/accounts", #"{"name":"A"}"#)
            let requestID = created.headers["x-request-id"] ?? ""
            #expect(try await api.count("select count(*) from audit_events where request_id = '\(requestID)'") == 1)
        }
    }
}
