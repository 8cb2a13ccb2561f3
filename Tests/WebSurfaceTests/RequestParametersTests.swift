// SPDX-License-Identifier: Apache-2.0
import Directory
import HTTPTypes
import NIOCore
import Testing
import WebSurface

@Suite struct RequestParametersTests {
    private func parameters(
        _ body: String = "", _ type: String? = nil, query: String? = nil, encoding: String? = nil
    ) throws(APIError) -> JSONObject {
        try RequestParameters(
            body: ByteBuffer(string: body), contentType: type, contentEncoding: encoding, query: query?[...]
        ).fields
    }

    @Test func formsTakeTheShapeOfRails() throws {
        let form = "email=a%2Bb%40x.de&name=Jo+Doe&custom_attributes[plan]=gold&custom_attributes[a][b]=1&l[]=1&l[]=2&flag&empty="
        #expect(
            try parameters(form, "application/x-www-form-urlencoded")
                == [
                    "email": .string("a+b@x.de"), "name": .string("Jo Doe"),
                    "custom_attributes": .object(["plan": .string("gold"), "a": .object(["b": .string("1")])]),
                    "l": .array([.string("1"), .string("2")]), "flag": .null, "empty": .string(""),
                ])
        #expect(
            try parameters(query: "m[][a]=1&m[][b]=2&m[][a]=3&x[y=1&[z]=2&p]=3")
                == [
                    "m": .array([.object(["a": .string("1"), "b": .string("2")]), .object(["a": .string("3")])]),
                    "x[y": .string("1"), "[z]": .string("2"), "p]": .string("3"),
                ])
    }

    @Test(arguments: [
        "a=%zz", "a=%f", "a=%ff", "%ff=1", "a=1&a[b]=2", "a[]=1&a[b]=2", "a[b]=1&a[]=2",
        "a" + String(repeating: "[b]", count: 33) + "=1", String(repeating: "a=1&", count: 4097),
    ])
    func brokenFormsAre400(_ form: String) {
        #expect(throws: APIError.badRequest) { try parameters(form, "application/x-www-form-urlencoded") }
        #expect(throws: APIError.badRequest) { try parameters(query: form) }
    }

    @Test func bodyOverridesQuery() throws {
        #expect(
            try parameters(#"{"a":1,"c":null}"#, "application/json", query: "a=2&b=3&c=4")
                == ["a": .integer(1), "b": .string("3"), "c": .null])
    }

    @Test(arguments: [
        "application/json", "application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\"", "application/vnd.x+json",
        "text/json", "", nil,
    ])
    func readsJSON(_ type: String?) throws {
        #expect(try parameters(#" {"a":true}"#, type) == ["a": .bool(true)])
        #expect(try parameters("", type).isEmpty)
    }

    @Test(arguments: [
        "multipart/mixed; boundary=x", "text/xml", "application/xml", "text/plain", "x", "application/json; charset=latin1",
    ])
    func otherTypesAre415(_ type: String) throws {
        #expect(throws: APIError.unsupportedMediaType) { try parameters("a=1", type) }
        #expect(try parameters("", type, query: "a=1") == ["a": .string("1")])
    }

    @Test func encodedBodiesAre415() {
        #expect(throws: APIError.unsupportedMediaType) { try parameters("{}", "application/json", encoding: "gzip") }
    }

    @Test(arguments: ["[]", "1", "null", "\"a\"", "{", "{\"a\":1}x", "not json"])
    func whatIsNoObjectIs400(_ body: String) {
        #expect(throws: APIError.badRequest) { try parameters(body, "application/json") }
    }

    @Test func formFuzzNeverTraps() {
        let seed = UInt64(99)
        var random = SeededRandom(seed: seed)
        let pieces = ["a", "[", "]", "[]", "=", "&", "%", "%41", "%00", "+", "b", "[b]", "ä", "%ff"]
        for _ in 0..<5000 {
            let text = (0..<Int.random(in: 0...14, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
            _ = try? parameters(query: text)
        }
    }
}

@Suite struct ParameterReaderTests {
    @Test func readsTypesAndTellsAbsentFromNull() throws {
        var reader = ParameterReader(
            RequestParameters([
                "email": .string("a@b.de"), "name": .integer(5), "user_id": .string("42"), "n": .integer(7),
                "off": .string("false"),
                "on": .integer(1), "blank": .string(""), "nothing": .null, "o": .object(["x": .integer(1)]), "l": .array([]),
            ]))
        #expect(reader.string("email") == .value("a@b.de"))
        #expect(reader.string("name") == .value("5"))
        #expect(reader.integer("user_id") == .value(42))
        #expect(reader.integer("n") == .value(7))
        #expect(reader.integer("blank") == .null)
        #expect(reader.bool("off") == .value(false) && reader.bool("on") == .value(true) && reader.bool("blank") == .value(false))
        #expect(reader.string("nothing") == .null && reader.contains("nothing"))
        #expect(reader.string("missing") == .absent && !reader.contains("missing"))
        #expect(reader.object("o").value?["x"] == .integer(1))
        #expect(reader.array("l") == .value([]))
        try reader.finish()
    }

    @Test func collectsComplaints() throws {
        var reader = ParameterReader(
            RequestParameters([
                "display_name": .array([]), "user_id": .string("x"), "n": .decimal("1.5"), "b": .string("maybe"),
                "o": .integer(1),
                "big": .decimal("9223372036854775808"),
            ]))
        #expect(reader.string("display_name") == .absent)
        _ = (reader.integer("user_id"), reader.integer("n"), reader.bool("b"), reader.object("o"), reader.integer("big"))
        reader.complain("user_id", "must exist")
        let error = try #require(throws: APIError.self) { try reader.finish() }
        #expect(error.status == .unprocessableContent)
        #expect(
            String(buffer: error.body)
                == #"{"message":"Display name is invalid, User is not a number, N must be an integer, B is invalid, "#
                + #"O is invalid, Big must be an integer, User must exist","attributes":["display_name","user_id","n","b","o","big"]}"#
        )
    }

    @Test(arguments: [
        (#"{"name":"a\u0000b"}"#, "application/json"), (#"{"name":{"k":["\u0000"]}}"#, "application/json"),
        (#"{"name":{"k\u0000":1}}"#, "application/json"), (#"{"name":{"k":1e999999}}"#, "application/json"),
        ("name=a%00b", "application/x-www-form-urlencoded"), ("name[%00]=1", "application/x-www-form-urlencoded"),
    ])
    func whatCannotBeStoredNamesItsField(body: String, type: String) throws {
        let parameters = try RequestParameters(body: ByteBuffer(string: body), contentType: type, query: nil)
        var reader = ParameterReader(parameters)
        #expect(reader.value("name") == .absent)
        #expect(reader.string("other") == .absent)
        #expect(reader.problems.map(\.attribute) == ["name"])
    }

    @Test func contractsSentence() {
        let error = APIError.validation([
            FieldProblem("email", says: "can't be blank"), FieldProblem("name", says: "can't be blank"),
        ])
        #expect(
            String(buffer: error.body)
                == #"{"message":"Email can't be blank, Name can't be blank","attributes":["email","name"]}"#)
        #expect(FieldProblem("base", says: "Too many").message == "Too many")
        #expect(FieldProblem("limits", says: ": Invalid data").message == "Limits : Invalid data")
    }
}
