// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import WebSurface

@Suite struct MultipartTests {
    private static func read(_ body: String, type: String = "multipart/form-data; boundary=XX", query: Substring? = nil)
        throws(APIError) -> JSONObject
    {
        try RequestParameters(body: ByteBuffer(string: body), contentType: type, query: query).fields
    }

    private static func part(_ disposition: String, _ value: String) -> String {
        "--XX\r\nContent-Disposition: form-data; \(disposition)\r\nContent-Type: text/plain\r\n\r\n\(value)\r\n"
    }

    @Test func textFieldsAreReadLikeAForm() throws {
        let body =
            Self.part(#"name="name""#, "Ada; \"King\"\r\nB") + Self.part("name=email", "a@x.org")
            + Self.part(#"name="custom_attributes[plan]""#, "gold") + Self.part(#"name="list[]""#, "1")
            + Self.part(#"name="list[]""#, "") + Self.part(#"name="avatar"; filename="a.png""#, "\u{0}PNG") + "--XX--\r\n"
        #expect(
            try Self.read(body, query: "email=q&page=2") == [
                "name": .string("Ada; \"King\"\r\nB"), "email": .string("a@x.org"), "page": .string("2"),
                "custom_attributes": .object(["plan": .string("gold")]), "list": .array([.string("1"), .string("")]),
            ])
        #expect(try Self.read("--XX--").isEmpty)
        #expect(
            try Self.read("preamble\r\n" + Self.part(#"name="a""#, "-XX--XX") + "--XX--epilogue") == ["a": .string("-XX--XX")])
        #expect(try Self.read("--a b--\r\n", type: #"Multipart/Form-Data; charset=utf-8; Boundary="a b""#).isEmpty)
    }

    @Test func malformed() {
        for body in [
            "x", "--XX", "--XX\r\n", "--XX\r\n\r\n\r\n--XX--", Self.part(#"name="a""#, "1"), "--XXY\r\n--XX",
            Self.part("filename=x", "1") + "--XX--", Self.part(#"name="a""#, "1") + Self.part(#"name="a[b]""#, "1") + "--XX--",
        ] {
            #expect(throws: APIError.badRequest, "\(body)") { try Self.read(body) }
        }
        for type in [
            "multipart/form-data", "multipart/form-data; boundary=",
            "multipart/form-data; boundary=" + String(repeating: "x", count: 71),
        ] {
            #expect(throws: APIError.badRequest, "\(type)") { try Self.read("--XX--", type: type) }
        }
        #expect(throws: APIError.unsupportedMediaType) { try Self.read("--XX--", type: "multipart/mixed; boundary=XX") }
    }

    @Test func anyCutAndAnyByteIsSurvived() {
        let body = Array((Self.part(#"name="a""#, "1") + Self.part(#"name="b\\"c""#, "é") + "--XX--").utf8)
        var random = SeededRandom(seed: 4)
        for round in 0..<4_000 {
            var bytes = body
            if round < body.count {
                bytes = Array(body[..<round])
            } else {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            _ = try? RequestParameters(
                body: ByteBuffer(bytes: bytes), contentType: "multipart/form-data; boundary=XX", query: nil)
        }
    }
}
