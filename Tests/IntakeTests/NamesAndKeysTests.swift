// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake

@Suite("Names and keys")
struct NamesAndKeysTests {
    @Test(
        "distinguished names in their one spelling",
        arguments: [
            ("CN=Amy Wong,OU=People,DC=Planet,DC=com", "cn=amy wong,ou=people,dc=planet,dc=com"),
            ("cn = Amy  Wong , ou=people ,dc=x", "cn=amy wong,ou=people,dc=x"),
            ("sn=Kroker+cn=Amy Wong,dc=x", "cn=amy wong+sn=kroker,dc=x"),
            ("CN=Amy Wong+SN=Kroker,dc=x", "cn=amy wong+sn=kroker,dc=x"),
            ("CN=Doe\\, Jane,DC=x", "cn=doe\\, jane,dc=x"), ("CN=Doe\\2C Jane,DC=x", "cn=doe\\, jane,dc=x"),
            ("CN=\"Doe, Jane\",DC=x", "cn=doe\\, jane,dc=x"), ("cn=J\\C3\\B6RG", "cn=jörg"), ("cn=JÖRG", "cn=jörg"),
            ("cn=\\ x\\ ,dc=y", "cn=x,dc=y"), ("cn=\\#1,dc=y", "cn=\\#1,dc=y"), ("cn=a#1,dc=y", "cn=a#1,dc=y"),
            ("cn=#04024869", "cn=hi"), ("1.3.6.1=#0403AABB", "1.3.6.1=#0403aabb"), ("2.5.4.3=X", "cn=x"),
            ("OID.2.5.4.3=X", "cn=x"), ("commonName=X;dc=y", "cn=x,dc=y"), ("uid=a", "uid=a"), ("userid=a", "uid=a"), ("", ""),
            ("  ", ""), ("cn=", "cn="), ("cn=,dc=x", "cn=,dc=x"), ("cn=a\\00b", "cn=a\\00b"), ("cn=a\\=b", "cn=a\\=b"),
            ("cn=a=b", "cn=a\\=b"), ("cn=DEL:1\\0Ax", "cn=del:1\nx"), ("cn=x,dc=y#'0101'B", "cn=x,dc=y"), ("cn=x#''B", "cn=x"),
        ])
    func normalised(dn: String, expected: String) {
        #expect(DistinguishedName.normalised(dn) == expected)
        #expect(DistinguishedName.normalised(expected) == expected, "the one spelling is stable")
    }

    /// A name without escapes takes a shorter way than one with them; the two must never differ.
    @Test func theShortWayIsTheLongWay() {
        for value in UInt32(0x20)...0xA000 {
            guard let scalar = Unicode.Scalar(value), !",+\"\\<>;=".unicodeScalars.contains(scalar) else { continue }
            let (short, long) = ("cn=a\(scalar)b+uid=z,dc=x", "cn=\\61\(scalar)b+uid=z,dc=x")
            #expect(DistinguishedName.normalised(short) == DistinguishedName.normalised(long), "U+\(String(value, radix: 16))")
        }
        #expect(DistinguishedName.normalised("uid=z+cn=Ž\u{130},dc=x") == DistinguishedName.normalised("cn=ž\u{130}+uid=Z,dc=X"))
    }

    @Test(
        "texts that are no distinguished name",
        arguments: [
            "x", "=x", "cn=a,", "cn=a,,dc=b", "cn=a\\", "cn=a\\x", "cn=\"a", "cn=\"a\"b", "cn=#", "cn=#0", "c n=a", "cn=a+",
            "cn=\\4",
        ])
    func notAName(text: String) {
        #expect(DistinguishedName.normalised(text) == nil)
    }

    @Test("parents, bases and leading values")
    func parents() {
        #expect(DistinguishedName.parent(ofNormalised: "cn=doe\\, jane,ou=p,dc=x") == "ou=p,dc=x")
        #expect(DistinguishedName.parent(ofNormalised: "dc=x") == "")
        #expect(DistinguishedName.parent(ofNormalised: "") == nil)
        #expect(DistinguishedName.contains(normalisedBase: "dc=x", "cn=a,dc=x"))
        #expect(DistinguishedName.contains(normalisedBase: "dc=x", "dc=x"))
        #expect(DistinguishedName.contains(normalisedBase: "", "dc=x"))
        #expect(!DistinguishedName.contains(normalisedBase: "dc=x", "cn=a\\,dc=x"))
        #expect(DistinguishedName.contains(normalisedBase: "dc=x", "cn=a\\\\,dc=x"))
        #expect(!DistinguishedName.contains(normalisedBase: "c=x", "dc=x"))
        #expect(!DistinguishedName.contains(normalisedBase: "cn=a,dc=x", "dc=x"))
        #expect(DistinguishedName.leadingValue(of: "CN=Doe\\, Jane ,OU=P") == "Doe, Jane")
    }

    @Test("random escapes and blanks do not change a name")
    func escapesProperty() {
        let seed: UInt64 = 4514
        var random = SeededRandom(seed: seed)
        let alphabet = Array("abXY ,+\"\\<>;=#é1".unicodeScalars)
        for round in 0..<rounds(2000, soak: 100_000) {
            var written: [[String]] = [[], []]
            for _ in 0..<Int.random(in: 1..<4, using: &random) {
                let value = (0..<Int.random(in: 1..<8, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "a" }
                for form in 0..<2 {
                    let escaped = value.map { scalar -> String in
                        let isSpecial = ",+\"\\<>;=#".unicodeScalars.contains(scalar)
                        let hex = String(scalar).utf8.map { "\\" + (String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)) }
                            .joined()
                        if Bool.random(using: &random) { return hex }
                        return isSpecial ? "\\\(scalar)" : String(scalar)
                    }
                    let type = form == 0 ? "cn" : "CN"
                    let blank = Bool.random(using: &random) ? " " : ""
                    written[form].append("\(type)\(blank)=\(blank)\(escaped.joined())")
                }
            }
            let a = DistinguishedName.normalised(written[0].joined(separator: ","))
            let b = DistinguishedName.normalised(written[1].joined(separator: " , "))
            #expect(a != nil && a == b, "seed \(seed), round \(round): \(written)")
            #expect(a.flatMap { DistinguishedName.normalised($0) } == a, "seed \(seed), round \(round): \(written)")
        }
    }

    @Test("a GUID in all its spellings is one key")
    func guids() throws {
        let raw: [UInt8] = [0xE7, 0x91, 0xCC, 0x6E, 0x91, 0x14, 0x5C, 0x40, 0xAF, 0x2F, 0x54, 0xE6, 0x92, 0x0E, 0x37, 0x47]
        let key = try ExternalKey(AttributeValue(bytes: raw), of: "objectGUID")
        #expect(key.description == "6ecc91e7-1491-405c-af2f-54e6920e3747")
        #expect(key.bytes.count == 17)
        #expect(key.bytes.starts(with: [1, 0x6E, 0xCC, 0x91, 0xE7, 0x14, 0x91]))
        for text in [
            "6ecc91e7-1491-405c-af2f-54e6920e3747", "{6ECC91E7-1491-405C-AF2F-54E6920E3747}", "6ecc91e71491405caf2f54e6920e3747",
        ] {
            #expect(try ExternalKey(AttributeValue(text: text), of: "objectGUID") == key, "\(text)")
            #expect(try ExternalKey(AttributeValue(text: text), of: "entryUUID") == key, "\(text)")
        }
        #expect(try ExternalKey(AttributeValue(text: "55HMbpEUXECvL1Tmkg43Rw=="), of: "objectGUID") == key)
        // Raw bytes that happen to be text.
        let textual = try ExternalKey(AttributeValue(bytes: Array("ABCDEFGHIJKLMNOP".utf8)), of: "OBJECTguid")
        #expect(textual.description == "44434241-4645-4847-494a-4b4c4d4e4f50")
        #expect(try ExternalKey(AttributeValue(text: "ABCDEFGHIJKLMNOP"), of: "uid").kind == .text)
    }

    @Test("a SID in both forms is one key")
    func sids() throws {
        let raw: [UInt8] = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 38, 2, 0, 0]
        let key = try ExternalKey(AttributeValue(bytes: raw), of: "objectSid")
        #expect(key.description == "S-1-5-32-550")
        #expect(try ExternalKey(AttributeValue(text: "S-1-5-32-550"), of: "objectSid") == key)
        #expect(try ExternalKey(AttributeValue(text: "s-1-5-32-550"), of: "sid") == key)
    }

    @Test(
        "what identifies nobody",
        arguments: [
            (AttributeValue(text: ""), "uid", ExternalKey.Fault.empty), (AttributeValue(text: "  "), "uid", .empty),
            (AttributeValue(text: "\u{FFFD}\u{11}x"), "objectGUID", .damaged),
            (AttributeValue(text: "a\u{FFFD}"), "uid", .damaged),
            (AttributeValue(bytes: [1, 2, 3]), "objectGUID", .malformed),
            (AttributeValue(bytes: [1, 9]), "objectSid", .malformed),
            (AttributeValue(text: String(repeating: "x", count: 513)), "uid", .tooLong),
        ])
    func faults(value: AttributeValue, attribute: String, fault: ExternalKey.Fault) {
        #expect(throws: fault) { try ExternalKey(value, of: AttributeName(attribute)) }
    }

    @Test("other texts stay as they are, apart from bytes and names")
    func otherKeys() throws {
        #expect(try ExternalKey(AttributeValue(text: "00042"), of: "uidNumber").bytes == [3] + Array("00042".utf8))
        #expect(try ExternalKey(AttributeValue(bytes: [0xFF, 0]), of: "guid").description == "ff00")
        #expect(ExternalKey(distinguishedName: "CN=A, DC=b") == ExternalKey(distinguishedName: "cn=a,dc=B"))
        #expect(ExternalKey(distinguishedName: "a") == nil)
        #expect(try ExternalKey(AttributeValue(text: "cn=a"), of: "x") != ExternalKey(distinguishedName: "cn=a"))
    }

    @Test("names of attributes ignore case, order of options, and how values travel")
    func attributeNames() {
        #expect(AttributeName("MAIL") == "mail")
        #expect(AttributeName("cn;lang-fr;x-a") == "CN;X-A;LANG-FR")
        #expect(AttributeName("userCertificate;binary") == "usercertificate")
        #expect(AttributeName("member;range=0-499") == "member")
        #expect(AttributeName("cn;lang-fr") != "cn")
        // Equal in all but bit 0x20, which the hash does not see.
        #expect(AttributeName("a[") != "a{")
        #expect(AttributeName(validating: "entryUUID") != nil)
        #expect(AttributeName(validating: "2.5.4.3") != nil)
        for path in ["profile.login", "@odata.type", "urn:x:2.0:User.department", "$ref", "{a b}", "{Straße}", "x@odata.bind"] {
            #expect(AttributeName(validating: path) != nil, "\(path)")
        }
        #expect(AttributeName(validating: "{Worker Status}") == "worker status")
        for wrong in ["{}", "{ }", "{a", "a.", "a:", ".a", "{a|b}", "", "a b", "1a", "a;", ";a", "é", "a=b", "-a", "2.5."] {
            #expect(AttributeName(validating: wrong) == nil, "\(wrong)")
        }
    }

    @Test("base64: all that is right comes back, all that is wrong is refused")
    func base64() {
        func decode(_ text: String) -> [UInt8]? {
            var output: [UInt8] = [9]
            let isRight = Array(text.utf8).withUnsafeBytes { Base64.decode($0, into: &output) }
            if !isRight { #expect(output == [9]) }
            return isRight ? Array(output.dropFirst()) : nil
        }
        #expect(decode("") == [])
        #expect(decode("AQ==") == [1])
        #expect(decode("AQI=") == [1, 2])
        #expect(decode("AQID") == [1, 2, 3])
        #expect(decode("AQID/+8=") == [1, 2, 3, 0xFF, 0xEF])
        for wrong in ["A", "AQ", "AQ=", "AQI", "AR==", "AQJ=", "====", "A===", "AQ==AQ==", "AQ I", "AQ_-", "=AQI", "AQ=I", "é"] {
            #expect(decode(wrong) == nil, "\(wrong)")
        }
    }
}
