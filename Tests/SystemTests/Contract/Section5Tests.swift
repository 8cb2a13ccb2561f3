// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

extension ContractTests {
    /// 5. Agent bots.
    @Suite("5") struct Section5 {
        private static func body(
            _ id: String = "<id>", name: String = "null", description: String = "null", url: String = "null",
            account: String = "null"
        ) -> Expected {
            Expected(
                #"{"id":\#(id),"name":\#(name),"description":\#(description),"outgoing_url":\#(url),"account_id":\#(account)}"#)
        }

        @Test("5 the table of methods and paths") func routes() async throws {
            let one = try await ContractScene().one
            try await one.row("list", "GET /agent_bots", is: 200, "[]")
            let made = try await one.row(
                "create", "POST /agent_bots", #"{"name":"Robo"}"#, is: 200, Self.body(name: #""Robo""#))
            let id = try #require((made.json["id"] as? NSNumber)?.int64Value)
            try await one.row("show", "GET /agent_bots/\(id)", is: 200, Expected(made.body))
            try await one.row("list: a bare array", "GET /agent_bots", is: 200, Expected("[\(made.body)]"))
            try await one.row(
                "update", "PATCH /agent_bots/\(id)", #"{"description":"D"}"#, is: 200,
                Self.body("\(id)", name: #""Robo""#, description: #""D""#))
            try await one.row(
                "update", "PUT /agent_bots/\(id)", .form("name=R2"), is: 200,
                Self.body("\(id)", name: #""R2""#, description: #""D""#))
            let avatar = try await one.row("remove the avatar: 204", "DELETE /agent_bots/\(id)/avatar", is: 204, .empty)
            #expect(avatar.headers["content-type"] == nil)
            try await one.row("delete: 200 empty, at once", "DELETE /agent_bots/\(id)", is: 200, .empty)
            try await one.row("deleted", "GET /agent_bots/\(id)", is: 404, .notFound)
            try await one.row("deleted", "DELETE /agent_bots/\(id)", is: 404, .notFound)
            try await one.row("list after a delete (the original: 500)", "GET /agent_bots", is: 200, "[]")
        }

        @Test("5 parameters") func parameters() async throws {
            let scene = try await ContractScene()
            let one = scene.one
            let account = try await one.newAccount()
            try await one.row("name, description: optional", "POST /agent_bots", "{}", is: 200, Self.body())
            let url = "https://bot.example/" + String(repeating: "x", count: 2028)
            try await one.row(
                "outgoing_url: the URL (design; the original echoes the name), 2048", "POST /agent_bots",
                #"{"name":"R","outgoing_url":"\#(url)"}"#, is: 200, Self.body(name: #""R""#, url: "\"\(url)\""))
            try await one.row(
                "outgoing_url: 2049", "POST /agent_bots", #"{"outgoing_url":"\#(url)x"}"#, is: 422,
                .invalid("Outgoing url is too long (maximum is 2048 characters)", "outgoing_url"))
            try await one.row(
                "account_id", "POST /agent_bots", #"{"account_id":\#(account)}"#, is: 200, Self.body(account: "\(account)"))
            try await one.row("account_id: null", "POST /agent_bots", #"{"account_id":null}"#, is: 200, Self.body())
            let foreign = try await scene.two.newAccount()
            for bad in [foreign, 987_654_321] {
                try await one.row(
                    "account_id: foreign or unknown (design)", "POST /agent_bots", #"{"account_id":\#(bad)}"#, is: 401,
                    .nonPermissible)
            }
            try await one.row(
                "avatar_url: stored, not fetched (issue), not shown", "POST /agent_bots",
                #"{"avatar_url":"http://127.0.0.1:1/x.png"}"#, is: 200, Self.body())
            let upload = """
                --B\r\nContent-Disposition: form-data; name="name"\r\n\r\nR\r\n\
                --B\r\nContent-Disposition: form-data; name="avatar"; filename="a.png"\r\nContent-Type: image/png\r\n\r\nPNG\r\n--B--\r\n
                """
            try await one.row(
                "avatar: the form is read, the file is not kept yet (issue)", "POST /agent_bots",
                .other(type: "multipart/form-data; boundary=B", upload), is: 200, Self.body(name: #""R""#))
            let twice = try await one.row("idempotence: none", "POST /agent_bots", #"{"name":"R"}"#, is: 200)
            #expect(twice.body.contains("token") == false, "the token is not in the body")
        }

        @Test("5 ownership") func ownership() async throws {
            let scene = try await ContractScene(freshTwo: true)
            let made = try await scene.one.call("POST /agent_bots", #"{"name":"R"}"#)
            let id = (made.json["id"] as? NSNumber)?.int64Value ?? 0
            for line in ["GET", "PATCH", "PUT", "DELETE"] {
                try await scene.two.row("401", "\(line) /agent_bots/\(id)", is: 401, .nonPermissible)
                try await scene.nobody.row("401", "\(line) /agent_bots/\(id)", is: 401, .invalidToken)
                try await scene.one.row("404", "\(line) /agent_bots/none", is: 404, .notFound)
            }
            try await scene.two.row("401", "DELETE /agent_bots/\(id)/avatar", is: 401, .nonPermissible)
            try await scene.two.row("not in another's list", "GET /agent_bots", is: 200, "[]")
            try await scene.one.row("untouched", "GET /agent_bots/\(id)", is: 200, Expected(made.body))
        }
    }
}
