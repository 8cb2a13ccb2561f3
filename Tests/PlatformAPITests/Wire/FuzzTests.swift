// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Testing
import WebSurface

/// Bodies that no client means: whatever comes, the answer is one of the catalogue and nothing breaks.
@Suite struct FuzzTests {
    @Test(arguments: [21, 22] as [UInt64]) func hostileBodies(seed: UInt64) async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (user, account) = (try await app.newUser("ada@example.org"), try await app.newAccount())
            let targets = [
                ("POST", "/users"), ("PATCH", "/users/\(user)"), ("PUT", "/users/\(user)"), ("POST", "/accounts"),
                ("PATCH", "/accounts/\(account)"), ("POST", "/accounts/\(account)/account_users"),
                ("DELETE", "/accounts/\(account)/account_users"),
            ]
            var hostility = Hostility(random: SeededGenerator(seed: seed), user: user)
            for step in 0..<250 {
                let (method, path) = targets[step % targets.count]
                let content = hostility.content()
                let answer = try await app.call(method, path, content, allowsMarkup: true)
                let what: Comment = "seed \(seed), step \(step): \(method) \(path) \(content): \(answer)"
                #expect([200, 400, 401, 422].contains(answer.status), what)
                guard answer.status == 422 else { continue }
                let problem = try answer.json()
                #expect(problem.keys == ["message", "attributes"] && problem["message"]?.string?.isEmpty == false, what)
                #expect(problem["attributes"]?.elements.isEmpty == false, what)
            }
            // Whatever was taken can be shown.
            #expect(try await app.call("GET", "/accounts", allowsMarkup: true).status == 200)
            #expect(try await app.call("GET", "/users/\(user)", allowsMarkup: true).status == 200)
        }
    }
}

/// Makes bodies of known keys with values that they do not expect.
private struct Hostility {
    var random: SeededGenerator
    let user: Int64

    private static let keys = [
        "email", "name", "display_name", "password", "custom_attributes", "locale", "domain", "support_email", "status",
        "features", "limits",
        "user_id", "role", "id", "",
    ]
    private static let values = [
        "null", "true", "0", "-1", "1.5", "1e400", "-1e-400", "1E401", "9223372036854775807", "9223372036854775808", "-0.0",
        String(repeating: "9", count: 401), #""""#, #"" ""#, #""\u0000""#, #""a\u0000b""#, #""\ud83d\ude00""#, #""\u202e""#,
        #""ä\u0301""#,
        #""'; drop table users; --""#, #""$1""#, #""%s%n""#, #""<script>""#, #""a@example.org""#, #""A@EXAMPLE.ORG ""#,
        #""a@\u0430.example""#,
        #""@""#, #""a@b@c.de""#, #""a\r\nb@example.org""#, #""Correct-Horse9""#, #""agent""#, #""suspended""#, #""en""#,
        #""true""#, "[]", "{}",
        #"[{"a":[{}]}]"#, #"{"":""}"#, #"{"sla":true,"macros":"false"}"#, #"{"agents":1}"#, #"{"agents":1e400}"#,
        #"{"agents":-1}"#,
        #"{"a\u0000":1}"#, #"{"a":{"b":{"c":["\u0000"]}}}"#, #"{"a":1e400}"#, #"{"__proto__":{"x":1}}"#, #"{"a":1,"a":2}"#,
        "\"\(String(repeating: "x", count: 300))\"", "\"\(String(repeating: "\u{1F600}", count: 256))\"",
        "\"\(String(repeating: "e\u{301}", count: 128))\"", "{\"\(String(repeating: "k", count: 9_000))\":1}",
        String(repeating: "[", count: 98) + String(repeating: "]", count: 98),
        String(repeating: "[", count: 101) + String(repeating: "]", count: 101),
    ]
    private static let formValues = [
        "", "+", "%00", "%F0%9F%98%80", "a%26b", "1", "true", "%22", "a@example.org", "agent", "%C3%A4", "%",
    ]
    private static let formSuffixes = ["", "[a]", "[a][b]", "[]", "[][a]", "[sla]", "[agents]", "[", "]"]

    mutating func content() -> Content { Int.random(in: 0..<4, using: &random) == 0 ? form() : json() }

    private mutating func json() -> Content {
        var fields: [String] = []
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            let key = Self.keys.randomElement(using: &random) ?? ""
            let value =
                key == "user_id" && Bool.random(using: &random) ? String(user) : Self.values.randomElement(using: &random) ?? ""
            fields.append("\"\(key)\":\(value)")
        }
        // Often a user or an account but for one thing, so that it gets past the first check.
        if Bool.random(using: &random) {
            fields.insert(#""name":"N","email":"n\#(Int.random(in: 0..<1000, using: &random))@example.org""#, at: 0)
        }
        return .json("{" + fields.joined(separator: ",") + "}")
    }

    private mutating func form() -> Content {
        var fields: [String] = []
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            let key = Self.keys.randomElement(using: &random) ?? ""
            let suffix = Self.formSuffixes.randomElement(using: &random) ?? ""
            fields.append("\(key)\(suffix)=\(Self.formValues.randomElement(using: &random) ?? "")")
        }
        return .form(fields.joined(separator: "&"))
    }
}
