// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake

@Suite("PowerShell")
struct PowerShellTests {
    static let old = #"""
        {
            "DistinguishedName":  "CN=Zo\u00eb O\u0027Neil\\, Dr,OU=People,DC=x",
            "Enabled":  true,
            "mail":  null,
            "MemberOf":  ["CN=g,DC=x", "CN=h,DC=x"],
            "ObjectClass":  "user",
            "ObjectGUID":  "6ecc91e7-1491-405c-af2f-54e6920e3747",
            "PropertyNames":  {"a": [[1]]},
            "SamAccountName":  "zoe",
            "SID":  {"BinaryLength":  28, "AccountDomainSid":  {"Value":  "S-1-5-21-1"}, "Value":  "S-1-5-21-1-1105"},
            "servicePrincipalNames":  "Microsoft.ActiveDirectory.Management.ADPropertyValueCollection",
            "whenCreated":  "\/Date(1745531629000)\/",
            "Modified":  "\/Date(-11644387200000)\/"
        }
        """#
    static let new =
        #"{"DistinguishedName": "CN=b,DC=x", "SID": {"BinaryLength": 28, "Value": "S-1-5-21-1-7"}, "MemberOf": {}, "#
        + #""whenCreated": "2025-04-24T21:53:49+02:00", "Enabled": null}"#

    @Test("5.1: one object, with its dates and ids", arguments: [[], [1], [7]])
    func windows(chunks: [Int]) throws {
        let outcome = readExport("\u{FEFF}" + Self.old + "\r\n", chunks: chunks, keeps: true)
        #expect(outcome.error == nil)
        let seen = try #require(outcome.sink.entries.first)
        #expect(seen.dn == "CN=Zoë O'Neil\\, Dr,OU=People,DC=x")
        #expect(outcome.sink.kept.first?.names == .distinguished)
        #expect(seen.texts("SID") == ["S-1-5-21-1-1105"])
        #expect(seen.texts("whenCreated") == ["2025-04-24T21:53:49Z"])
        #expect(seen.texts("Modified") == ["1601-01-02T00:00:00Z"])
        #expect(seen.texts("MemberOf") == ["CN=g,DC=x", "CN=h,DC=x"])
        #expect(seen.texts("Enabled") == ["true"])
        #expect(seen.presence["servicePrincipalNames"] == .emptyList)
        #expect(!seen.attributes.keys.contains { $0.hasPrefix("PropertyNames") })
        #expect(outcome.proof?.level == .wellFormed)
        let sid = try #require(outcome.sink.kept.first?.first("SID"))
        #expect(try ExternalKey(sid, of: "objectSid").description == "S-1-5-21-1-1105")
    }

    @Test("7: a list, one object, nothing")
    func core() {
        for chunks in [[], [1]] {
            let list = readExport("[\(Self.new), \(Self.old)]", chunks: chunks)
            #expect(list.sink.entries.map(\.dn) == ["CN=b,DC=x", "CN=Zoë O'Neil\\, Dr,OU=People,DC=x"])
            #expect(list.sink.entries.first?.presence["MemberOf"] == .emptyList)
            #expect(list.sink.entries.first?.texts("whenCreated") == ["2025-04-24T21:53:49+02:00"])
            #expect(list.sink.entries.first?.texts("SID") == ["S-1-5-21-1-7"])
            #expect(list.proof?.level == .wellFormed)
        }
        #expect(readExport("", format: .powershell).proof?.notes == [.emptyInput])
        #expect(readExport("", format: .powershell).proof?.level == Proof.Level.none)
        #expect(readExport("[]", format: .powershell).proof?.notes == [.noEntries])
    }

    @Test("memberships that the depth cut off prove nothing")
    func depth() {
        let text = #"{"DistinguishedName": "CN=b", "MemberOf": "Microsoft.ActiveDirectory.Management.ADPropertyValueCollection"}"#
        let outcome = readExport(text)
        #expect(outcome.proof?.level == Proof.Level.none)
        #expect(outcome.proof?.notes.contains(.lostMemberships(1)) == true)
        #expect(outcome.sink.entries.first?.hasMissingValues == true)
        #expect(outcome.sink.entries.first?.presence["MemberOf"] == .emptyList)
    }

    @Test(
        "dates of .NET",
        arguments: [
            ("-11644473600000", "1601-01-01T00:00:00Z"), ("0", "1970-01-01T00:00:00Z"), ("951782400000", "2000-02-29T00:00:00Z"),
            ("-1", "1969-12-31T23:59:59.999Z"),
            ("1745531629123+0200", "2025-04-24T21:53:49.123Z"), ("253402300799999", "9999-12-31T23:59:59.999Z"),
            ("-62135596800000", "0001-01-01T00:00:00Z"), ("x", "/Date(x)/"),
            ("99999999999999999999", "/Date(99999999999999999999)/"),
        ])
    func dates(milliseconds: String, date: String) {
        let outcome = readExport("{\"DistinguishedName\": \"CN=b\", \"d\": \"\\/Date(\(milliseconds))\\/\"}")
        #expect(outcome.sink.entries.first?.texts("d") == [date])
    }
}
