// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import InMemoryLogging
import Logging
import Testing
import WebSurface
import WebTestSupport

/// What every request meets, over real sockets.
@Suite struct WebResponderTests {
    @Test func spellingsOfAPath() async throws {
        try await LiveServer.run { server in
            for path in [
                "/api/users/7", "/api/users/7.json", "/api/users/7/", "//api//users/7", "/api/%75sers/7", "/%61pi/users/%37",
                "/api/users/7?x=1",
                "/api/users/7.json?x=/y.json",
            ] {
                let answer = try #require(try await server.request("GET", path))
                #expect(answer.status == 200 && answer.body == #"{"id":7}"# && answer.hasCommonHeaders, "\(path)")
            }
            #expect(try await server.request("GET", "/api/names/a%40b%2Fc%20%C3%A4")?.body == #"{"name":"a@b/c ä"}"#)
            #expect(try await server.request("GET", "/api/schema.json")?.body == #""literal""#)
            for path in [
                "/api/%2Fusers/7", "/api/users%2F7", "/API/users/7", "/api/../api/users/7", "/api/names/%ff", "/", "/nope",
            ] {
                let answer = try #require(try await server.request("GET", path))
                #expect(
                    answer.body == #"{"status":404,"error":"Not Found"}"# && answer.status == 404 && answer.hasCommonHeaders,
                    "\(path)")
            }
            #expect(try await server.request("GET", "/api/users/%zz")?.body == #"{"status":400,"error":"Bad Request"}"#)
        }
    }

    @Test(arguments: ["0", "-1", "x", "+7", "9223372036854775808", "7x", "7.5"])
    func idsThatCannotBeAre404(_ id: String) async throws {
        try await LiveServer.run { server in
            let answer = try await server.request("GET", "/api/users/\(id)")
            #expect(answer?.body == #"{"status":404,"error":"Not Found"}"#)
        }
    }

    @Test func verbs() async throws {
        try await LiveServer.run { server in
            for method in ["POST", "PUT", "TRACE", "PROPFIND"] {
                let answer = try #require(try await server.request(method, "/api/users/7.json"))
                #expect(answer.status == 405 && answer.hasCommonHeaders, "\(method)")
                #expect(answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH")
                #expect(answer.body == #"{"status":405,"error":"Method Not Allowed"}"#)
            }
            let options = try #require(try await server.request("OPTIONS", "/api/users/7"))
            #expect(
                options.status == 204 && options.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"
                    && options.hasCommonHeaders)
            #expect(try await server.request("OPTIONS", "/nope")?.status == 404)
            #expect(try await server.request("POST", "/nope")?.status == 404)
        }
    }

    @Test func headIsGetWithoutBody() async throws {
        try await LiveServer.run { server in
            let client = try server.client()
            await client.send(
                "HEAD /api/users/7 HTTP/1.1\r\nHost: x\r\n\r\nHEAD /nope HTTP/1.1\r\nHost: x\r\n\r\nGET /api/users/8 HTTP/1.1\r\nHost: x\r\n\r\n"
            )
            let first = try #require(await client.answer(toHead: true))
            #expect(first.status == 200 && first.headers["content-length"] == "8" && first.hasCommonHeaders)
            #expect(await client.answer(toHead: true)?.status == 404)
            // Nothing of the bodies is in the way of the next answer.
            #expect(await client.answer()?.body == #"{"id":8}"#)
            #expect(try await server.request("HEAD", "/api/echo", ["Content-Type": "text/xml"], body: "<a/>")?.status == 415)
        }
    }

    @Test func emptyAnswersAndHeaders() async throws {
        try await LiveServer.run { server in
            let deleted = try #require(try await server.request("DELETE", "/api/users/7", ["X-Request-Id": "mine"]))
            #expect(deleted.status == 200 && deleted.body.isEmpty && deleted.hasCommonHeaders)
            #expect(deleted.headers["x-request-id"] != "mine")
            let away = try #require(try await server.request("PATCH", "/api/users/7"))
            #expect(away.status == 503 && away.headers["retry-after"] == "3" && away.hasCommonHeaders)
            #expect(try await server.request("GET", "/health")?.body == #"{"status":"ok"}"#)
            let ready = try #require(try await server.request("GET", "/ready"))
            #expect(
                ready.status == 503 && ready.body == #"{"status":"unavailable","reason":"database"}"# && ready.hasCommonHeaders)
        }
    }

    @Test func parametersFromEverywhere() async throws {
        try await LiveServer.run { server in
            let json = ["Content-Type": "application/json"]
            let form = ["Content-Type": "application/x-www-form-urlencoded"]
            #expect(try await server.request("POST", "/api/echo?a=1&b=2", json, body: #"{"b":3}"#)?.body == #"{"a":"1","b":3}"#)
            #expect(
                try await server.request("POST", "/api/echo", form, body: "o[x]=1&l[]=2")?.body == #"{"o":{"x":"1"},"l":["2"]}"#)
            #expect(try await server.request("GET", "/api/echo", json, body: #"{"b":1.50}"#)?.body == #"{"b":1.50}"#)
            #expect(try await server.request("POST", "/api/echo", json, body: "")?.body == "{}")
            #expect(try await server.request("POST", "/api/echo", json)?.body == "{}")
            for body in ["{", "[]", "{\"a\":\"\\ud800\"}", String(repeating: "[", count: 5000)] {
                let answer = try #require(try await server.request("POST", "/api/echo", json, body: body))
                #expect(
                    answer.status == 400 && answer.body == #"{"status":400,"error":"Bad Request"}"# && answer.hasCommonHeaders)
            }
            for type in ["multipart/mixed; boundary=x", "text/xml", "text/plain"] {
                let answer = try #require(try await server.request("POST", "/api/echo", ["Content-Type": type], body: "a=1"))
                #expect(
                    answer.status == 415 && answer.body == #"{"status":415,"error":"Unsupported Media Type"}"#
                        && answer.hasCommonHeaders)
            }
            let client = try server.client()
            let invalid: [UInt8] = Array("{\"a\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8)
            await client.send(
                Array(
                    "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: \(invalid.count)\r\n\r\n"
                        .utf8) + invalid)
            #expect(await client.answer()?.status == 400)
        }
    }

    @Test func errorsOfOthersTakeOurShapeAndKeepSecrets() async throws {
        try await LiveServer.run { server in
            let failed = try #require(try await server.request("GET", "/api/fails?api_access_token=s3cret"))
            #expect(
                failed.status == 500 && failed.body == #"{"status":500,"error":"Internal Server Error"}"#
                    && failed.hasCommonHeaders)
            let conflict = try #require(try await server.request("GET", "/api/hb"))
            #expect(conflict.status == 409 && conflict.body == #"{"status":409,"error":"Conflict"}"# && conflict.hasCommonHeaders)
            let entries = server.log.entries
            #expect(!entries.contains { "\($0.message) \($0.metadata)".contains("s3cret") })
            let error = try #require(entries.first { $0.message == "request failed" })
            #expect(error.level == .error && error.metadata["error_type"] == "WebSurfaceTests.Secretive")
            #expect(error.metadata["request_id"].map { "\($0)" } == failed.headers["x-request-id"])
        }
    }

    @Test func accessLogHasOneLinePerRequest() async throws {
        try await LiveServer.run { server in
            let answer = try #require(try await server.request("GET", "/api/users/7.json?email=a@b.de"))
            _ = try await server.request("GET", "/nope")
            _ = try await server.request("GET", "/health")
            let lines = server.log.entries.filter { $0.message == "request" }
            #expect(lines.count == 3)
            let line = try #require(lines.first)
            let said = line.metadata.mapValues { "\($0)" }
            #expect(line.level == .info && said["path"] == "/api/users/7.json" && said["status"] == "200")
            #expect(said["method"] == "GET" && said["bytes"] == "8" && said["remote"] == "127.0.0.1")
            #expect(!"\(said)".contains("b.de"))
            #expect(line.metadata["request_id"].map { "\($0)" } == answer.headers["x-request-id"])
            #expect(lines[1].level == .notice && lines[1].metadata["error"] == "http_404")
            #expect(lines[2].level == .debug)
        }
    }

    @Test func forwardedAddressNeedsTrust() async throws {
        try await LiveServer.run { server in
            let answer = try await server.request("GET", "/api/remote", ["X-Forwarded-For": "1.2.3.4"])
            #expect(answer?.body == #""127.0.0.1""#)
        }
        try await LiveServer.run {
            $0.options.trustedProxies = TrustedProxies([AddressBlock("127.0.0.0/8")!])
        } _: { server in
            let answer = try await server.request("GET", "/api/remote", ["X-Forwarded-For": "1.2.3.4"])
            #expect(answer?.body == #""1.2.3.4""#)
        }
    }
}
