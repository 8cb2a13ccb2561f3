// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

@testable import PlatformAPI

/// A login link, taken apart.
struct Link: Sendable {
    /// As it stands in the link, percent-encoded.
    let email: String
    let token: String

    /// The link's path and query, as a browser asks for them.
    var target: String { "/app/login?\(fields)" }
    var fields: String { "email=\(email)&sso_auth_token=\(token)" }
}

extension APIClient {
    /// A user with a name and a password.
    func newPerson(_ email: String, name: String = "Person") async throws -> Int64 {
        let body = #"{"name":"\#(name)","email":"\#(email)","password":"\#(goodPassword)"}"#
        return try await call("POST", "/users", .json(body), allowsMarkup: true).id()
    }

    func link(_ user: Int64, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Link {
        let answer = try await get("/users/\(user)/login", sourceLocation: sourceLocation)
        let match = try #require(
            answer.body.firstMatch(of: /\/app\/login\?email=([^&]+)&sso_auth_token=([0-9a-f]{64})"/), "\(answer)",
            sourceLocation: sourceLocation)
        return Link(email: String(match.1), token: String(match.2))
    }
}

/// A browser as far as the page needs one: keeps cookies, fills in forms; follows no redirect by itself.
struct Browser: Sendable {
    let client: APIClient
    var cookies: [String: String] = [:]

    init(_ client: APIClient) { self.client = client }

    mutating func get(_ target: String) async throws -> Answer { try await ask("GET", target) }

    mutating func post(_ target: String, _ form: String, headers: [(String, String)] = []) async throws -> Answer {
        try await ask("POST", target, form, headers)
    }

    /// Sends the first form of a page with its hidden fields and what else is given.
    mutating func submit(_ page: Answer, _ extra: String = "", headers: [(String, String)] = []) async throws -> Answer {
        let action = try #require(page.body.firstMatch(of: /<form method="post" action="([a-z]+)">/), "\(page)").1
        let fields = page.body.matches(of: /<input type="hidden" name="([a-z_]+)" value="([^"]*)">/).map {
            "\($0.1)=\(Self.encoded(String($0.2)))"
        }
        let form = (fields + (extra.isEmpty ? [] : [extra])).joined(separator: "&")
        return try await post("/app/\(action)", form, headers: headers)
    }

    /// The cookie whose name ends so, prefix or not.
    func cookie(_ name: String) -> String? { cookies.first { $0.key.hasSuffix(name) }?.value }

    /// The session's cookie, without attributes.
    var session: String? { cookie("muster_session") }

    mutating func ask(
        _ method: String, _ target: String, _ form: String? = nil, _ headers: [(String, String)] = []
    ) async throws -> Answer {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: muster.example\r\nConnection: close\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if !cookies.isEmpty { text += "Cookie: \(cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; "))\r\n" }
        if let form { text += "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: \(form.utf8.count)\r\n" }
        let answer = try await client.exchange(text + "\r\n" + (form ?? ""))
        for line in answer.headers["set-cookie"]?.split(separator: "\n") ?? [] {
            let pair = line.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            cookies[String(pair[0])] = pair[1].isEmpty ? nil : String(pair[1])
        }
        return answer
    }

    private static func encoded(_ text: String) -> String {
        text.replacing("&amp;", with: "&").replacing("%", with: "%25").replacing("+", with: "%2B").replacing("&", with: "%26")
    }
}
