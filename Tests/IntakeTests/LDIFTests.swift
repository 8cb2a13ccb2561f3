// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake

@Suite("LDIF")
struct LDIFTests {
    static let person = "dn: cn=a,dc=b\ncn: a\nmail: a@b.example\n\n"

    @Test("values, folds, comments, options, in any chunks and with either line end")
    func content() throws {
        let text = """
            version: 1
            # a comment
             folded: over lines
            dn: cn=Amy W
             ong,dc=b
            objectClass: top
            CN: Amy
            # inside: a record
             still a comment
            mail:    amy@b.example
            cn;lang-fr: Aimée
            userCertificate;binary:: AQID/w==
            cn: Wong
            description:
            note:: SsO2
             cmc=
            photo:: /9j/
            empty::
            tail: blank 

            dn:: Y249SsO2cmcsZGM9Yg==
            sn: x:y
            url: http://x

            """
        for ending in ["\n", "\r\n"] {
            let bytes = Array(text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: ending).utf8)
            let whole = readExport(bytes, keeps: true)
            #expect(whole.error == nil)
            #expect(whole.proof?.entries == 2)
            #expect(whole.proof?.level == Proof.Level.none, "no empty line at the end")
            #expect(whole.proof?.notes == [.noTrailer, .noEmptyLineAtEnd])
            let amy = try #require(whole.sink.entries.first)
            #expect(amy.dn == "cn=Amy Wong,dc=b")
            #expect(amy.position.line == 4)
            #expect(amy.texts("CN") == ["Amy", "Wong"])
            #expect(amy.texts("mail") == ["amy@b.example"])
            #expect(amy.texts("description") == [""])
            #expect(amy.texts("empty") == [""])
            #expect(amy.texts("note") == ["Jörg"])
            #expect(amy.texts("tail") == ["blank "])
            let entry = try #require(whole.sink.kept.first)
            #expect(entry.first("cn;lang-FR")?.string == "Aimée")
            #expect(entry.count(of: "cn") == 2)
            #expect(entry.first("usercertificate")?.bytes.elementsEqual([1, 2, 3, 0xFF]) == true)
            #expect(entry.first("photo")?.kind == .binary)
            #expect(entry.presence(of: "title") == .absent)
            #expect(whole.sink.entries.last?.dn == "cn=Jörg,dc=b")
            #expect(whole.sink.entries.last?.texts("sn") == ["x:y"])
            for size in 1...40 { #expect(readExport(bytes, chunks: [size]).sink == whole.sink, "chunks of \(size)") }
        }
    }

    @Test("what the end of the file proves")
    func proofs() {
        func read(_ text: String) -> Outcome { readExport(text) }
        let header = "# extended LDIF\n#\n\n"
        let person = Self.person
        let result = "# search result\nsearch: 2\nresult: 0 Success\n\n"
        #expect(read(header + person + result + "# numResponses: 2\n# numEntries: 1\n").proof?.level == .attested)
        #expect(read(header + person + result).proof?.level == .wellFormed)
        #expect(read(person + result).proof?.level == .wellFormed)
        // -L keeps only comments of the trailer.
        #expect(
            read("version: 1\n\n#\n# LDAPv3\n#\n\n" + person + "# search result\n\n# numResponses: 2\n# numEntries: 1\n").proof?
                .level == .attested)
        #expect(read(person).proof?.level == .wellFormed)
        #expect(read(person).proof?.notes == [.noTrailer])
        #expect(read(String(person.dropLast())).proof?.level == Proof.Level.none)
        #expect(read(String(person.dropLast(2))).error?.code == .truncated)
        #expect(read(header + person).error?.code == .truncated)
        #expect(read(header + person + "search: 2\n").error?.code == .truncated)
        #expect(read(header + person + "# numEntries: 1\n").error?.code == .truncated)
        #expect(read(header + person + "search: 2\nresult: 4 Size limit exceeded\n\n").error?.code == .searchFailed)
        #expect(read(header + person + "search: 2\nresult: 4 Size limit exceeded\n\n").error?.line == 9)
        #expect(read(person + "result: 01\n").error?.code == .searchFailed)
        #expect(read(header + person + result + "# numEntries: 2\n").error?.code == .countMismatch)
        #expect(read(person + result + person).proof?.level == Proof.Level.none)
        #expect(read(person + result + person).proof?.notes == [.entriesAfterTrailer(1)])
        #expect(
            read(header + result + "# numResponses: 1\n").proof
                == Proof(level: .wellFormed, entries: 0, rejected: 0, bytes: 82, notes: [.noEntries]))
        #expect(read("version: 1\n").proof?.level == Proof.Level.none)
        #expect(
            read(person + "# search reference\nref: ldap://x/y\nref: ldap://z/y\n\n" + result + "# numEntries: 1\n").proof
                == Proof(level: .attested, entries: 1, rejected: 0, bytes: 152, notes: [.references(1)]))
    }

    @Test("pages: each with its trailer, the last without a cookie")
    func pages() {
        func page(_ cookie: String) -> String {
            Self.person
                + "# search result\nsearch: 2\nresult: 0 Success\ncontrol: 1.2.840.113556.1.4.319 false MAU=\npagedresults: cookie=\(cookie)\n\n# numEntries: 1\n"
        }
        #expect(readExport(page("AQ==") + page("")).proof?.level == .attested)
        let cut = readExport(page("AQ==") + page("AQ=="))
        #expect(cut.proof?.level == Proof.Level.none)
        #expect(cut.proof?.notes == [.morePages])
    }

    @Test("a comment that carries the name of an entry is no count")
    func nameLikeCount() {
        #expect(readExport("# numEntries: 7, people, x\n" + Self.person).error == nil)
    }

    @Test(
        "a record bad in itself is rejected, its neighbours are read",
        arguments: [
            ("dn: cn=x\ncn:: !!!\n\n", Rejection.Reason.badBase64, "cn=x"), ("dn: cn=x\ncn:: SGk\n\n", .badBase64, "cn=x"),
            ("dn: cn=x\nphoto:< file:///etc/passwd\n\n", .urlValue, "cn=x"), ("dn:< file:///x\n\n", .urlValue, nil),
            ("dn: cn=x\nno colon\n\n", .wrongShape, "cn=x"), ("dn: cn=x\n: y\n\n", .wrongShape, "cn=x"),
            ("cn: lost its name\n\n", .noDN, nil), ("dn:\ncn: x\n\n", .noDN, nil), ("dn:: /w==\ncn: x\n\n", .badText, nil),
            ("dn: cn=x\ncn: y\ndn: cn=z\n\n", .duplicateKey, "cn=x"), (" unfolded\n\n", .wrongShape, nil),
        ] as [(String, Rejection.Reason, String?)])
    func rejected(record: String, reason: Rejection.Reason, dn: String?) throws {
        for chunks in [[], [1]] {
            let outcome = readExport(Self.person + record + Self.person, chunks: chunks)
            #expect(outcome.error == nil)
            #expect(outcome.sink.entries.map(\.dn) == ["cn=a,dc=b", "cn=a,dc=b"])
            #expect(outcome.sink.rejections.map(\.reason) == [reason])
            #expect(outcome.sink.rejections.first?.dn == dn)
            #expect(outcome.sink.rejections.first?.position == Position(line: 5, byte: Self.person.utf8.count))
        }
    }

    @Test("plain values that are not UTF-8 are rejected")
    func latin1() {
        let bytes = Array("dn: cn=x\ncn: J".utf8) + [0xF6] + Array("rg\n\n".utf8)
        #expect(readExport(bytes).sink.rejections.map(\.reason) == [.badText])
    }

    @Test(
        "files that are no export",
        arguments: [
            ("<html>\n", IntakeError.Code.unknownShape), ("plain words\n1 2 3\n", .unknownShape), ("name: x\n", .unknownShape),
            ("version: 2\n\n", .unknownShape), ("dn: cn=x\nchangetype: delete\n\n", .changeRecords),
            ("dn: cn=x\ncontrol: 1.2.3 true\nchangetype: delete\n\n", .changeRecords), ("\0\0{", .notUTF8),
        ])
    func refused(text: String, code: IntakeError.Code) {
        #expect(readExport(text).error?.code == code)
    }

    @Test("UTF-16 is named")
    func utf16() {
        #expect(readExport([0xFF, 0xFE, 0x64, 0x00]).error?.code == .notUTF8)
    }

    @Test("a size that grows with each chunk is read once, not again and again")
    func longValue() {
        let value = String(repeating: "QUJD", count: 500_000)
        let outcome = readExport("dn: cn=x\nphoto:: \(value)\n\n", chunks: [1000])
        #expect(outcome.sink.entries.first?.attributes["photo"]?.first?.bytes.count == 1_500_000)
        let json = readExport(ldap3("{\"attributes\": {\"a\": \"\(value)\"}, \"dn\": \"cn=x\"}"), chunks: [1000])
        #expect(json.sink.entries.first?.attributes["a"]?.first?.bytes.count == 2_000_000)
    }
}
