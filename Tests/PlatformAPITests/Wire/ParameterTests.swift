// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

/// The ways in which parameters come: JSON, forms and query, all one set (contract section 1.1).
@Suite struct ParameterTests {
    @Test func everyWayMakesTheSameUser() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let ways: [(String, Content)] = [
                (
                    "",
                    .json(
                        #"{"name":"Ada L","email":"E","custom_attributes":{"dept":"R&D","deep":{"site":"Köln"},"list":["a","b"]}}"#
                    )
                ),
                (
                    "",
                    .form(
                        "name=Ada+L&email=E&custom_attributes[dept]=R%26D&custom_attributes[deep][site]=K%C3%B6ln"
                            + "&custom_attributes[list][]=a&custom_attributes[list][]=b")
                ),
                (
                    "?name=Ada%20L&email=E&custom_attributes%5Bdept%5D=R%26D&custom_attributes%5Bdeep%5D%5Bsite%5D=K%C3%B6ln"
                        + "&custom_attributes%5Blist%5D%5B%5D=a&custom_attributes%5Blist%5D%5B%5D=b", .none
                ),
                (
                    "?name=wrong&email=E",
                    .json(#"{"name":"Ada L","custom_attributes":{"dept":"R&D","deep":{"site":"Köln"},"list":["a","b"]}}"#)
                ),
                (
                    "?name=Ada+L&email=wrong",
                    .form(
                        "email=E&custom_attributes[dept]=R%26D&custom_attributes[deep][site]=K%C3%B6ln"
                            + "&custom_attributes[list][]=a&custom_attributes[list][]=b")
                ),
                (
                    "",
                    .other(
                        type: "application/vnd.api+json; charset=UTF-8",
                        #"{"name":"Ada L","email":"E","custom_attributes":{"dept":"R&D","deep":{"site":"Köln"},"list":["a","b"]}}"#
                    )
                ),
                (
                    "",
                    .other(
                        type: nil,
                        #" {"name":"Ada L","email":"E","custom_attributes":{"dept":"R&D","deep":{"site":"Köln"},"list":["a","b"]}}"#
                    )
                ),
            ]
            for (number, way) in ways.enumerated() {
                let email = "p\(number)@example.org"
                let content: Content =
                    switch way.1 {
                    case .none: .none
                    case .json(let body): .json(body.replacing(#""E""#, with: "\"\(email)\""))
                    case .form(let body): .form(body.replacing("email=E", with: "email=\(email)"))
                    case .other(let type, let body): .other(type: type, body.replacing(#""E""#, with: "\"\(email)\""))
                    }
                let answer = try await app.call("POST", "/users" + way.0.replacing("email=E", with: "email=\(email)"), content)
                let user = try answer.json()
                #expect(
                    answer.status == 200 && user["name"] == .string("Ada L") && user["email"] == .string(email),
                    "\(way): \(answer)")
                #expect(
                    user["custom_attributes"]
                        == .object([
                            "dept": .string("R&D"), "deep": .object(["site": .string("Köln")]),
                            "list": .array([.string("a"), .string("b")]),
                        ]),
                    "\(way): \(answer)")
            }
        }
    }

    @Test func pathBeatsBodyAndQuery() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let (first, second) = (try await app.newAccount("First"), try await app.newAccount("Second"))
            let answer = try await app.call(
                "PATCH", "/accounts/\(first)?id=\(second)", .json(#"{"id":\#(second),"name":"Changed"}"#))
            #expect(try answer.id() == first)
            #expect(try await app.get("/accounts/\(second)").json()["name"] == .string("Second"))
        }
    }

    @Test func unreadableBodies() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let id = try await app.newUser("ada@example.org")
            let before = try await api.fingerprint()
            let unsupported = #"{"status":415,"error":"Unsupported Media Type"}"#
            let cases: [(Content, Int, String)] = [
                (.json("{"), 400, Body.badRequest), (.json("[]"), 400, Body.badRequest),
                (.json(#"[{"name":"X"}]"#), 400, Body.badRequest),
                (.json("null"), 400, Body.badRequest), (.json("7"), 400, Body.badRequest), (.json(#""x""#), 400, Body.badRequest),
                (.json(#"{"name":"X"} x"#), 400, Body.badRequest), (.json(#"{'name':'X'}"#), 400, Body.badRequest),
                (.json(#"{"name":"X",}"#), 400, Body.badRequest), (.json(#"{"name":"\ud800"}"#), 400, Body.badRequest),
                (.json(#"{"name":NaN}"#), 400, Body.badRequest),
                (.json(String(repeating: #"{"a":"#, count: 5_000)), 400, Body.badRequest),
                (.form("name=%zz"), 400, Body.badRequest), (.form("name=%ff"), 400, Body.badRequest),
                (.form("custom_attributes=1&custom_attributes[a]=2"), 400, Body.badRequest),
                (.other(type: "text/plain", "name=X"), 415, unsupported),
                (.other(type: "application/xml", "<a/>"), 415, unsupported),
                (.other(type: "multipart/mixed; boundary=x", "--x--"), 415, unsupported),
                (.other(type: "application/json; charset=iso-8859-1", "{}"), 415, unsupported),
            ]
            for (content, status, body) in cases {
                for (method, path) in [("PATCH", "/users/\(id)"), ("POST", "/users"), ("POST", "/accounts")] {
                    let answer = try await app.call(method, path, content)
                    #expect(answer.status == status && answer.body == body, "\(method) \(content): \(answer)")
                }
            }
            let zipped = try await app.call(
                "PATCH", "/users/\(id)", .json("{}"),
                headers: [("api_access_token", app.token ?? ""), ("Content-Encoding", "gzip")])
            #expect(zipped.status == 415 && zipped.body == unsupported)
            let large = try await app.call(
                "PATCH", "/users/\(id)", .json(#"{"name":"\#(String(repeating: "x", count: 1 << 20))"}"#))
            #expect(large.status == 413 && large.body == #"{"status":413,"error":"Payload Too Large"}"#)
            #expect(try await api.fingerprint() == before)
            // An empty body has no parameters, whatever it says it is.
            #expect(try await app.call("PATCH", "/users/\(id)", .json("")).status == 200)
        }
    }

    @Test func multipartFormsAreReadAsWell() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            func part(_ name: String, _ value: String) -> String {
                "--x\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
            }
            let body =
                part("name", "Ada") + part("email", "ada@example.org") + part("custom_attributes[plan]", "gold") + "--x--\r\n"
            let made = try await app.call("POST", "/users?display_name=A", .other(type: "multipart/form-data; boundary=x", body))
                .json()
            #expect(made["name"] == .string("Ada") && made["display_name"] == .string("A"))
            #expect(made["custom_attributes"]?["plan"] == .string("gold"))
            let broken = try await app.call("POST", "/users", .other(type: "multipart/form-data; boundary=x", "--x\r\n"))
            #expect(broken.status == 400 && broken.body == Body.badRequest)
        }
    }
}
