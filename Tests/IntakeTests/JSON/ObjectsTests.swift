// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake

@Suite("Plain JSON objects")
struct ObjectsTests {
    static let line =
        #"{"id": "1", "profile": {"login": "x", "deep": {"er": -1.50}}, "mails": [{"value": "b", "type": "w"}, "#
        + #"{"value": "a", "primary": true}, {"value": "c", "primary": true}], "tags": ["t", 2, true], "no": null, "none": [], "#
        + #""obj": {}, "text": "{\"a\": 1}", "empty": ""}"#

    @Test("what becomes of the shapes of JSON", arguments: [[], [1], [11]])
    func shapes(chunks: [Int]) throws {
        let outcome = readExport(Self.line + "\n", chunks: chunks, keeps: true)
        #expect(outcome.error == nil)
        let seen = try #require(outcome.sink.entries.first)
        #expect(seen.dn == "1")
        #expect(outcome.sink.kept.first?.names == .plain)
        #expect(seen.texts("profile.login") == ["x"])
        #expect(seen.texts("profile.deep.er") == ["-1.50"])
        #expect(seen.texts("mails.value") == ["a", "b", "c"])
        #expect(seen.texts("mails.primary") == ["true", "true"])
        #expect(seen.texts("tags") == ["t", "2", "true"])
        #expect(seen.presence["no"] == .null)
        #expect(seen.presence["none"] == .emptyList)
        #expect(seen.presence["obj"] == .emptyList)
        #expect(seen.texts("text") == [#"{"a": 1}"#])
        #expect(seen.texts("empty") == [""])
        #expect(
            Set(seen.attributes.keys) == [
                "id", "profile.login", "profile.deep.er", "mails.value", "mails.type", "mails.primary", "tags", "no", "none",
                "obj",
                "text", "empty",
            ])
    }

    @Test("the primary one is first, also in a list in a list")
    func primary() throws {
        let text =
            #"{"id": 1, "a": [{"b": [{"v": 1}, {"v": 2, "primary": "True"}], "v": "x"}, {"b": [{"v": 3}], "primary": true, "v": "y"}]}"#
        let seen = try #require(readExport(text).sink.entries.first)
        #expect(seen.texts("a.b.v") == ["3", "2", "1"])
        #expect(seen.texts("a.v") == ["y", "x"])
    }

    @Test("one after the other or in a list, with its proof")
    func forms() {
        let two = #"{"email": "a@x"}"# + "\n" + #"{"email": "b@x", "groups": [{"id": 1}]}"#
        for chunks in [[], [1], [6]] {
            #expect(readExport(two + "\n", chunks: chunks).sink.entries.map(\.dn) == ["a@x", "b@x"])
            #expect(readExport(two + "\n", chunks: chunks).proof?.level == .wellFormed)
            #expect(readExport(two, chunks: chunks).proof?.notes == [.noEndOfSequence, .noLineEndAtEnd])
            #expect(readExport(two, chunks: chunks).proof?.level == Proof.Level.none)
            let list = readExport(#"[{"uid": "a"}, {"uid": "b"}]"#, chunks: chunks)
            #expect(list.proof == Proof(level: .wellFormed, entries: 2, rejected: 0, bytes: 28))
        }
        #expect(readExport("[]", format: .ndjson).proof?.notes == [.noEntries])
        #expect(readExport(#"{"dn": "CN=a", "mail": "x"}"#, keeps: true).sink.kept.map(\.names) == [.distinguished])
        #expect(readExport(#"{"dn": "no name", "mail": "x"}"#, keeps: true).sink.kept.map(\.names) == [.plain])
    }

    @Test(
        "a bad object is rejected by name, the others are read",
        arguments: [
            (#"{"id": "b", "a": 1, "A": 2}"#, Rejection.Reason.duplicateKey),
            (#"{"x": {"a": 1}, "x": {"b": 1}, "id": "b"}"#, .duplicateKey),
            (#"{"id": "b", "a": "\ud800"}"#, .badText), (#"{"a\udc00": 1, "id": "b"}"#, .badText),
        ])
    func rejected(text: String, reason: Rejection.Reason) {
        let good = #"{"id": "a"}"#
        for chunks in [[], [1], [6]] {
            let outcome = readExport("\(good)\n\(text)\n\(good)\n", chunks: chunks)
            #expect(outcome.sink.entries.count == 2)
            #expect(outcome.sink.rejections.map(\.reason) == [reason])
            #expect(outcome.sink.rejections.map(\.dn) == ["b"])
            #expect(outcome.sink.rejections.first?.position.line == 2)
        }
        #expect(readExport("\(good)\n{\"a\": 1}\n").sink.rejections.map(\.reason) == [.noDN])
    }

    @Test(
        "documents of no known format name what was expected",
        arguments: [
            ("[]", IntakeError.Code.unknownShape), ("{}", .unknownShape), (#"{"users": []}"#, .unknownShape),
            ("[1]", .unknownShape),
            (#"{"a": 1}"#, .unknownShape), (#"{"id": 1}x"#, .malformedJSON), (#"{"id": 1}[]"#, .unknownShape),
            (#"{"id": 1"#, .truncated),
            (#"[{"id": 1}, 2]"#, .unknownShape), (#"[{"id": 1}] {}"#, .trailingBytes),
        ])
    func refused(text: String, code: IntakeError.Code) {
        for chunks in [[], [1], [4]] { #expect(readExport(text, chunks: chunks).error?.code == code) }
    }

    @Test("limits reject one object")
    func limits() {
        var limits = EntryLimits()
        limits.entryBytes = 1000
        limits.attributes = 3
        func read(_ text: String) -> [Rejection.Reason] {
            readExport(Array("\(text)\n{\"id\": 2}\n".utf8), format: .ndjson, chunks: [50], limits: limits).sink.rejections.map(
                \.reason)
        }
        #expect(read(#"{"id": 1, "b": 1, "c": 1, "d": 1}"#) == [.tooLarge])
        #expect(read(#"{"id": 1, "b": 1, "c": 1}"#) == [])
        #expect(read("{\"id\": 1, \"a\": \"\(String(repeating: "x", count: 1001))\"}") == [.tooLarge])
        #expect(read("{\"id\": 1, \"a\": [\(Array(repeating: "\"\"", count: 300).joined(separator: ","))]}") == [.tooLarge])
    }

    @Test("what is looked at to tell the format has an end, and a long first value does not matter")
    func longStart() {
        let long = String(repeating: "x", count: JSONShape.reach + 10)
        for chunks in [[], [4096]] {
            let entry = "{\"attributes\": {\"photo\": \"\(long)\"}, \"dn\": \"cn=a\"}"
            #expect(readExport(entry, chunks: chunks).sink.entries.map(\.dn) == ["cn=a"])
            #expect(readExport("{\"id\": 1, \"photo\": \"\(long)\"}", chunks: chunks).sink.entries.map(\.dn) == ["1"])
            #expect(readExport("{\"photo\": \"\(long)\", \"id\": 1}", chunks: chunks).error?.code == .unknownShape)
        }
    }
}
