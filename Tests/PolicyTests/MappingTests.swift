// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake
@testable import Policy

@Suite("Mapping an entry")
struct MappingTests {
    @Test("a person becomes one canonical text")
    func canonical() throws {
        let policy = try policy(
            document(
                people: """
                    display_name: givenName
                    enabled: {unless: "(userAccountControl:1.2.840.113556.1.4.803:=2)"}
                    custom_attributes: {title: title, department: ou, region: {value: EU}, size: {value: 1.50}, "ä\\"": {value: true}}
                    """,
                accounts: "[{key: a, name: A, members: [cn=x, everyone, {where: (ou=Crew)}]}]"))
        let entry = person([
            "givenName": [" Amy "], "ou": ["Crew", "Akt", "Crew"], "memberOf": ["CN=Z , dc=x", "cn=b,dc=x", "cn=z,DC=X"],
            "mail": [" Amy@PlanetExpress.com "], "title": [],
        ])
        let person = try desired(policy, entry)
        #expect(
            json(person) == """
                {"custom_attributes":{"department":["Akt","Crew"],"region":"EU","size":1.5,"title":null,"ä\\"":true},\
                "display_name":"Amy","email":"amy@planetexpress.com","enabled":true,\
                "groups":["*everyone","*where:(ou=Crew)","cn=b,dc=x","cn=z,dc=x"],"name":"Amy Wong"}
                """)
        #expect(person.dn == "cn=amy,dc=x")
        #expect(
            person.externalKey == [1] + [
                0x76, 0x67, 0x10, 0xfe, 0x7b, 0x42, 0x10, 0x41, 0x8b, 0xa1, 0x83, 0xf2, 0xee, 0xe3, 0x45, 0x44,
            ])
    }

    @Test("fields that the policy leaves alone have no key; missing values clear or keep")
    func ownership() throws {
        let plain = try desired(try policy(document()), person())
        #expect(json(plain) == #"{"email":"amy@planetexpress.com","enabled":true,"groups":[],"name":"Amy Wong"}"#)
        let owned = try policy(
            document(people: "display_name: {from: nick, missing: keep}\ncustom_attributes: {a: {from: b, missing: keep}, c: d}"))
        for statement in [[], [""], ["  "]] as [[String]] {
            let person = try desired(owned, person(["nick": statement, "b": statement, "d": statement]))
            #expect(person.displayName == nil)
            #expect(json(person).hasPrefix(#"{"custom_attributes":{"c":null},"email""#))
        }
        #expect(try desired(owned, person(["nick": ["A"]])).displayName == .text("A"))
    }

    @Test("fallbacks and templates take the first source that has a value")
    func fallbacks() throws {
        let policy = try policy(document(people: "display_name: [nick, \"{givenName} {{{sn}}}\", {value: Nobody}]"))
        #expect(try desired(policy, person()).displayName == .text("Nobody"))
        #expect(try desired(policy, person(["givenName": ["Amy"]])).displayName == .text("Nobody"))
        #expect(try desired(policy, person(["givenName": ["Amy"], "sn": ["", "Wong"]])).displayName == .text("Amy {Wong}"))
        #expect(try desired(policy, person(["nick": ["A"], "sn": ["Wong"]])).displayName == .text("A"))
    }

    @Test("when a person is enabled")
    func enabled() throws {
        let policy = try policy(document(people: "enabled: {when: (active=TRUE), unless: (locked=*)}"))
        #expect(try !desired(policy, person()).enabled)
        #expect(try desired(policy, person(["active": ["true"]])).enabled)
        #expect(try !desired(policy, person(["active": ["TRUE"], "locked": ["x"]])).enabled)
    }

    @Test("who cannot be used, and why")
    func faults() throws {
        let policy = try policy(document(people: "custom_attributes: {note: note}\ndisplay_name: nick"))
        #expect(fault(policy, person()) == nil)
        #expect(fault(policy, person(["entryUUID": []]))?.reason == .noID)
        #expect(fault(policy, person(["entryUUID": ["", " "]]))?.reason == .noID)
        #expect(fault(policy, person(["entryUUID": ["a\u{FFFD}b"]]))?.reason == .unusableID)
        #expect(fault(policy, person(["mail": []]))?.reason == .noEmail)
        #expect(fault(policy, person(["mail": []]))?.message == "no email in mail")
        #expect(fault(policy, person(["mail": ["amy@localhost"]]))?.reason == .badEmail)
        #expect(fault(policy, person(["cn": [""]]))?.reason == .noName)
        #expect(fault(policy, person(["cn": [String(repeating: "ä", count: 256)]]))?.reason == .tooLong)
        #expect(fault(policy, person(["cn": [String(repeating: "ä", count: 255)]])) == nil)
        #expect(fault(policy, person(["note": ["a\0b"]]))?.reason == .nulCharacter)
        #expect(fault(policy, person(["nick": ["a\0"]]))?.reason == .nulCharacter)
        #expect(fault(policy, person(dn: "no name"))?.reason == .badDN)
        #expect(fault(policy, person(dn: "cn=a\0b"))?.reason == .badDN)
        var partial = person()
        partial.hasMissingValues = true
        #expect(fault(policy, partial)?.reason == .missingValues)
        #expect(fault(policy, person(dn: nil)) == nil)
    }

    @Test("a fault never repeats a value of the entry")
    func faultsKeepSecrets() throws {
        let policy = try policy(document())
        for entry in [
            person(["mail": ["s3cret"]]), person(["cn": [String(repeating: "s3cret", count: 50)]]),
            person(["entryUUID": ["s3cret\u{FFFD}"]]), person(dn: "s3cret"),
        ] {
            #expect(try #require(fault(policy, entry)).description.contains("s3cret") == false)
        }
    }

    @Test(
        "e-mails",
        arguments: [
            ("a@b.co", "a@b.co"), (" A.B+c@EXAMPLE.Org\n", "a.b+c@example.org"), ("o'neil@x-y.museum", "o'neil@x-y.museum"),
            ("jürgen@MÜLLER.de", "jürgen@müller.de"), ("a@b.xn--p1ai", "a@b.xn--p1ai"), ("a@localhost", nil), ("a@b.c", nil),
            ("a@b.c0", nil), ("@b.co", nil), ("a@", nil), ("a b@c.de", nil), ("a@b@c.de", nil), ("a@b..de", nil),
            ("a@-b.de", nil),
            ("a@b-.de", nil), (".a@b.de", nil), ("a.@b.de", nil), ("a@b.de.", nil), ("", nil), ("a\0@b.de", nil),
            ("a@b.de,c@d.de", nil), ("<a@b.de>", nil),
        ] as [(String, String?)])
    func emails(written: String, expected: String?) {
        #expect(EmailAddress.normalised(written) == expected)
    }

    @Test("an e-mail is at most 255 characters, its local part at most 64")
    func emailLengths() {
        let domain = Array(repeating: String(repeating: "b", count: 47), count: 4).joined(separator: ".") + ".de"
        #expect(EmailAddress.normalised(String(repeating: "a", count: 60) + "@" + domain)?.count == 255)
        #expect(EmailAddress.normalised(String(repeating: "a", count: 61) + "@" + domain) == nil)
        #expect(EmailAddress.normalised(String(repeating: "a", count: 65) + "@b.de") == nil)
    }

    @Test("of proxyAddresses the primary one counts, others only without it")
    func proxyAddresses() throws {
        let policy = try policy(document().replacing("email: mail", with: "email: [proxyAddresses, mail]"))
        let addresses = ["X400:c=US", "smtp:old@x.org", "SMTP:New@x.org", "SIP:sip@x.org"]
        #expect(try desired(policy, person(["proxyAddresses": addresses])).email == "new@x.org")
        #expect(try desired(policy, person(["proxyAddresses": ["smtp:old@x.org"]])).email == "old@x.org")
        #expect(try desired(policy, person(["proxyAddresses": ["SIP:sip@x.org"]])).email == "amy@planetexpress.com")
    }

    @Test("groups give their members by name and login, and what is neither is ignored")
    func groups() throws {
        let policy = try policy(document())
        let group = entry(
            dn: "CN=Crew, DC=x",
            [
                ("objectClass", ["groupOfNames"]), ("member", ["CN=Amy,DC=x", "nobody"]), ("uniqueMember", ["cn=b,dc=x#'01'B"]),
                ("memberUid", ["Fry"]), ("memberOf", ["cn=All,dc=x", "CN=ALL,dc=x"]),
            ])
        guard case .group(let desired) = policy.map(group) else {
            Issue.record("no group")
            return
        }
        #expect(desired == DesiredGroup(key: "cn=crew,dc=x", externalKey: nil, parents: ["cn=all,dc=x"], isComplete: true))
        var members: [GroupMember] = []
        let unreadable = policy.forEachMember(of: group) { members.append($0) }
        #expect(members == [.dn("cn=amy,dc=x"), .dn("cn=b,dc=x"), .login("fry")])
        #expect(unreadable == 1)
        struct Stop: Error {}
        var seen = 0
        #expect(throws: Stop.self) {
            try policy.forEachMember(of: group) { _ throws(Stop) in
                seen += 1
                throw Stop()
            }
        }
        #expect(seen == 1)
        guard case .ignored = policy.map(entry(dn: "dc=x", [("objectClass", ["domain"])])) else {
            Issue.record("not ignored")
            return
        }
        guard case .rejected(let fault) = policy.map(entry(dn: nil, [("objectClass", ["group"])])) else {
            Issue.record("not rejected")
            return
        }
        #expect(fault.reason == .badDN)
    }

    @Test("groups that cannot matter are no part of the desired state")
    func irrelevantGroups() throws {
        let entry = person(["memberOf": ["cn=other,dc=x", "cn=support,dc=x"]])
        let accounts = "[{key: a, name: A, members: 'cn=support,dc=x'}]"
        #expect(
            try desired(try policy(document(accounts: "[{key: a, name: A, members: everyone}]")), entry).groups == ["*everyone"])
        #expect(try desired(try policy(document(accounts: accounts)), entry).groups.count == 2)
        let flat = try policy(document(groups: "groups: {nested: false}", accounts: accounts))
        #expect(try desired(flat, entry).groups == ["cn=support,dc=x"])
    }

    @Test("the order of attributes and values does not matter: 500 shuffles, one text")
    func orderFree() throws {
        let policy = try policy(
            document(
                people: "custom_attributes: {department: ou}\ndisplay_name: [nick, cn]",
                accounts: "[{key: a, name: A, members: [cn=x, everyone]}]"))
        let seed: UInt64 = 0x5eed_0001
        var random = SplitMix(state: seed)
        let attributes: [(String, [String])] = [
            ("objectClass", ["top", "person"]), ("entryUUID", ["766710fe-7b42-1041-8ba1-83f2eee34544"]), ("mail", ["a@b.de"]),
            ("cn", ["Amy"]), ("ou", ["e\u{301}", "\u{e9}", "z", "A", "😀", "\u{ff5e}"]),
            ("memberOf", ["cn=a", "CN=b", "cn=é", "cn=c+sn=d", "sn=D+cn=C"]),
        ]
        let expected = json(try desired(policy, entry(dn: "cn=a", attributes)))
        #expect(expected.contains("\"A\",\"e\u{301}\",\"z\",\"\u{e9}\",\"\u{ff5e}\",\"😀\"") || expected.utf8.contains(0xCC))
        var names = NameCache(size: 2)
        for _ in 0..<500 {
            let shuffled = attributes.shuffled(using: &random).map { ($0.0, $0.1.shuffled(using: &random)) }
            let text = json(try desired(policy, entry(dn: "cn=a", shuffled)))
            #expect(Array(text.utf8) == Array(expected.utf8), "seed \(seed)")
            guard case .person(let cached) = policy.map(entry(dn: "cn=a", shuffled), names: &names) else { continue }
            #expect(cached.canonicalJSON == Array(expected.utf8), "seed \(seed)")
        }
    }
}

/// A small generator whose sequence is the same on every machine.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
