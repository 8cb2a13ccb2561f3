// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake

@Suite("ldap3 JSON")
struct LDAP3Tests {
    @Test("every shape of a value")
    func shapes() throws {
        let outcome = readExport(
            ldap3(
                """
                {"attributes": {"scalar": "a", "list": ["b", "c"], "number": -512, "real": 1.50, "yes": true, "no": [false],
                 "null": null, "none": [], "empty": "", "listOfEmpty": [""], "escaped": "J\\u00f6rg",
                 "photo": {"encoded": "/9j/", "encoding": "base64"}, "mixed": [{"encoding": "base64", "encoded": "SGk="}, "x"]},
                 "dn": "cn=a,dc=b", "raw": {"cn": [["x", {"y": null}], 1]}}
                """), keeps: true)
        #expect(outcome.error == nil)
        #expect(outcome.proof == Proof(level: .wellFormed, entries: 1, rejected: 0, bytes: outcome.proof?.bytes ?? -1))
        let seen = try #require(outcome.sink.entries.first)
        #expect(seen.dn == "cn=a,dc=b")
        #expect(seen.texts("scalar") == ["a"])
        #expect(seen.texts("list") == ["b", "c"])
        #expect(seen.texts("number") == ["-512"])
        #expect(seen.texts("real") == ["1.50"])
        #expect(seen.texts("yes") == ["true"])
        #expect(seen.texts("no") == ["false"])
        #expect(seen.texts("escaped") == ["Jörg"])
        #expect(seen.attributes["photo"] == [AttributeValue(bytes: [0xFF, 0xD8, 0xFF])])
        #expect(seen.attributes["photo"]?.first?.string == nil)
        #expect(seen.texts("mixed") == ["Hi", "x"])
        let entry = try #require(outcome.sink.kept.first)
        #expect(entry.presence(of: "NULL") == .null)
        #expect(entry.presence(of: "none") == .emptyList)
        #expect(entry.presence(of: "empty") == .present)
        #expect(entry.first("empty")?.isEmpty == true)
        #expect(entry.presence(of: "listOfEmpty") == .present)
        #expect(entry.presence(of: "nothing") == .absent)
        #expect(entry.first("none") == nil)
    }

    @Test(
        "an entry bad in itself is rejected, its neighbours are read",
        arguments: [
            (#"{"attributes": {"a": {"encoding": "base64", "encoded": "SGk"}}, "dn": "cn=x"}"#, Rejection.Reason.badBase64),
            (#"{"attributes": {"a": {"encoding": "hex", "encoded": "00"}}, "dn": "cn=x"}"#, .badBase64),
            (#"{"attributes": {"a": {"encoded": "SGk="}}, "dn": "cn=x"}"#, .wrongShape),
            (#"{"attributes": {"a": {"b": {"c": []}}}, "dn": "cn=x"}"#, .wrongShape),
            (#"{"attributes": {"a": {"encoded": [1], "encoding": "base64"}}, "dn": "cn=x"}"#, .wrongShape),
            (#"{"attributes": {"a": [["b"]]}, "dn": "cn=x"}"#, .wrongShape),
            (#"{"attributes": {"a": [null]}, "dn": "cn=x"}"#, .wrongShape),
            (#"{"attributes": [], "dn": "cn=x"}"#, .wrongShape),
            (#"{"attributes": null, "dn": "cn=x"}"#, .wrongShape),
            (#"{"attributes": {"a": "\ud800"}, "dn": "cn=x"}"#, .badText),
            (#"{"attributes": {"a": "1", "a": "2"}, "dn": "cn=x"}"#, .duplicateKey),
            (#"{"attributes": {"mail": "1", "MAIL": "2"}, "dn": "cn=x"}"#, .duplicateKey),
            (#"{"attributes": {"a;x-b;x-a": "1", "A;x-a;x-b": "2"}, "dn": "cn=x"}"#, .duplicateKey),
            (#"{"attributes": {}, "attributes": {}, "dn": "cn=x"}"#, .duplicateKey),
            (#"{"dn": "cn=x", "attributes": {}, "dn": "cn=x"}"#, .duplicateKey),
            (#"{"dn": "cn=x"}"#, .noAttributes),
        ])
    func rejected(entry: String, reason: Rejection.Reason) throws {
        let good = #"{"attributes": {"cn": "ok"}, "dn": "cn=ok"}"#
        for chunks in [[], [1], [7]] {
            let outcome = readExport(ldap3(good, entry, good), chunks: chunks)
            #expect(outcome.error == nil)
            #expect(outcome.sink.entries.map(\.dn) == ["cn=ok", "cn=ok"])
            let rejection = try #require(outcome.sink.rejections.first)
            #expect(rejection.reason == reason)
            #expect(rejection.dn == "cn=x")
            #expect(rejection.position.byte == 13 + good.utf8.count + 2)
            #expect(outcome.proof?.rejected == 1)
        }
    }

    @Test(
        "no name, no entry",
        arguments: [
            (#"{"attributes": {}}"#, Rejection.Reason.noDN), (#"{"attributes": {}, "dn": ""}"#, .noDN),
            (#"{"attributes": {}, "dn": null}"#, .noDN), (#"{"attributes": {}, "dn": ["cn=x"]}"#, .noDN), ("{}", .noDN),
            ("[]", .wrongShape), ("[[{}]]", .wrongShape), ("null", .wrongShape), ("\"dn\"", .wrongShape), ("1", .wrongShape),
        ])
    func withoutName(entry: String, reason: Rejection.Reason) {
        let good = #"{"attributes": {"cn": "ok"}, "dn": "cn=ok"}"#
        let outcome = readExport(ldap3(entry, good))
        #expect(outcome.sink.rejections.map(\.reason) == [reason])
        #expect(outcome.sink.rejections.first?.dn == nil)
        #expect(outcome.sink.entries.map(\.dn) == ["cn=ok"])
    }

    @Test(
        "files that are no export of ldap3",
        arguments: [
            ("[]", IntakeError.Code.unknownShape), ("{}", .unknownShape), (#"{"users": []}"#, .unknownShape),
            (#"{"entries": {}}"#, .unknownShape), (#"{"entries": null}"#, .unknownShape),
            (#"{"entries": [], "entries": []}"#, .unknownShape), (#"{"entries": []} x"#, .trailingBytes),
            (#"{"entries": []}{"entries": []}"#, .trailingBytes), (#"{"entries": []"#, .truncated),
            (#"{"entries": ["#, .truncated),
            (#"{"entries": [,]}"#, .malformedJSON),
        ])
    func refused(text: String, code: IntakeError.Code) {
        #expect(readExport(text).error?.code == code)
        #expect(readExport(text, chunks: [1]).error == readExport(text).error)
    }

    @Test("nothing, blanks and an empty list are different facts")
    func empty() {
        #expect(readExport("").proof == Proof(level: .none, entries: 0, rejected: 0, bytes: 0, notes: [.emptyInput]))
        #expect(readExport("\u{FEFF}").proof == Proof(level: .none, entries: 0, rejected: 0, bytes: 3, notes: [.emptyInput]))
        #expect(readExport(" \n").proof == Proof(level: .none, entries: 0, rejected: 0, bytes: 2, notes: [.emptyInput]))
        #expect(readExport("", format: .ldap3).proof?.notes == [.emptyInput])
        let list = readExport("\u{FEFF}{\"entries\": []}\n", chunks: [1])
        #expect(list.proof == Proof(level: .wellFormed, entries: 0, rejected: 0, bytes: 19, notes: [.noEntries]))
        #expect(list.proof?.isEmpty == true)
    }

    @Test("every cut of a file is an error that names its line and byte")
    func cuts() throws {
        let text = ldap3("{\n\"attributes\": {\"cn\": [\"J\\u00f6rg\", 1]},\n\"dn\": \"cn=x\"}")
        let bytes = Array(text.utf8)
        for end in 1..<bytes.count {
            let error = try #require(readExport(Array(bytes[..<end])).error, "cut at \(end)")
            #expect(error.code == .truncated)
            #expect(error.byte == end)
            #expect(error.line == 1 + bytes[..<end].count { $0 == 0x0A })
        }
        #expect(readExport(bytes).error == nil)
    }

    @Test("ranged attributes: parts are joined, missing parts leave no proof")
    func ranges() throws {
        func read(_ attributes: String) -> Outcome {
            readExport(ldap3("{\"attributes\": {\(attributes)}, \"dn\": \"cn=g\"}"))
        }
        let whole = read(#""member": [], "member;range=0-1": ["a", "b"], "member;range=2-*": ["c"]"#)
        #expect(whole.sink.entries.first?.texts("member") == ["a", "b", "c"])
        #expect(whole.proof?.level == .wellFormed)
        for cut in [
            #""member;range=0-1": ["a", "b"]"#, #""member;Range=2-*": ["c"]"#, #""member;range=x": ["c"]"#,
            #""member;range=0-1": ["a"], "member;range=3-*": ["c"]"#,
        ] {
            let outcome = read(cut)
            #expect(outcome.proof?.level == Proof.Level.none, "\(cut)")
            #expect(outcome.proof?.notes == [.missingRanges(1)])
            #expect(outcome.sink.entries.first?.hasMissingValues == true)
        }
        #expect(read(#""m;range=0-*": ["a"], "n;range=0-4": ["a"]"#).proof?.level == Proof.Level.none)
    }

    @Test("limits reject one entry, or refuse a value without end")
    func limits() {
        var limits = EntryLimits()
        limits.entryBytes = 1000
        limits.tokenBytes = 10_000
        limits.attributes = 3
        func read(_ attributes: String) -> Outcome {
            let text = ldap3("{\"attributes\": {\(attributes)}, \"dn\": \"cn=x\"}", "{\"attributes\": {}, \"dn\": \"cn=ok\"}")
            return readExport(Array(text.utf8), chunks: [100], limits: limits)
        }
        let long = String(repeating: "x", count: 1100)
        #expect(read("\"a\": \"\(long)\"").sink.rejections.map(\.reason) == [.tooLarge])
        #expect(
            read("\"a\": [\(Array(repeating: "\"\"", count: 200).joined(separator: ","))]").sink.rejections.map(\.reason) == [
                .tooLarge
            ])
        #expect(read(#""a": 1, "b": 1, "c": 1, "d": 1"#).sink.rejections.map(\.reason) == [.tooLarge])
        #expect(read("\"\(long)\": 1").sink.rejections.map(\.reason) == [.tooLarge])
        let ldif = "dn: cn=x\n\(long): 1\n\ndn: cn=y\ncn: \(long)\n\ndn: cn=ok\n\n"
        #expect(readExport(Array(ldif.utf8), limits: limits).sink.rejections.map(\.reason) == [.tooLarge, .tooLarge])
        #expect(read(#""a": 1, "b": 1, "c": 1"#).sink.entries.count == 2)
        #expect(read("\"a\": \"\(String(repeating: "x", count: 30_000))\"").error?.code == .tooLong)
    }

    @Test("a kept entry does not change when the next is read")
    func kept() {
        let outcome = readExport(
            ldap3(#"{"attributes": {"cn": "first"}, "dn": "cn=1"}"#, #"{"attributes": {"cn": "other"}, "dn": "cn=2"}"#),
            keeps: true)
        #expect(outcome.sink.kept.map { $0.first("cn")?.string } == ["first", "other"])
        #expect(outcome.sink.kept.map(\.dn) == ["cn=1", "cn=2"])
    }

    @Test("one person with schema, without, and as LDIF is one key")
    func oneKey() throws {
        let forms = [
            ldap3(#"{"attributes": {"objectGUID": "{6ecc91e7-1491-405c-af2f-54e6920e3747}"}, "dn": "cn=x"}"#),
            ldap3(
                #"{"attributes": {"objectGUID": [{"encoded": "55HMbpEUXECvL1Tmkg43Rw==", "encoding": "base64"}]}, "dn": "cn=x"}"#),
            "dn: cn=x\nobjectGUID:: 55HMbpEUXECvL1Tmkg43Rw==\n\n",
        ]
        let keys = try forms.map { form in
            let entry = try #require(readExport(form, keeps: true).sink.kept.first)
            return try ExternalKey(try #require(entry.first("objectGUID")), of: "objectGUID")
        }
        #expect(Set(keys).count == 1)
        #expect(keys[0].description == "6ecc91e7-1491-405c-af2f-54e6920e3747")
    }

    @Test("a fault of the sink ends the read")
    func sinkThrows() {
        struct Full: Error {}
        struct FullSink: EntrySink {
            var taken = 0
            mutating func entry(_ entry: borrowing Entry) throws {
                taken += 1
                if taken == 2 { throw Full() }
            }
            mutating func rejected(_ rejection: Rejection) {}
        }
        let entry = #"{"attributes": {}, "dn": "cn=1"}"#
        var sink = FullSink()
        var reader = EntryReader()
        #expect(throws: Full.self) { try reader.read(Array(ldap3(entry, entry, entry).utf8), into: &sink) }
        #expect(sink.taken == 2)
    }
}
