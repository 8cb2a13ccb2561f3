// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake

@Suite("ldap3: entries alone, in lists, by group")
struct LDAP3ShapesTests {
    static let one = #"{"attributes": {"cn": ["a"], "userAccountControl": [514]}, "dn": "CN=a,DC=x"}"#
    static let two = #"{"dn": "CN=b,DC=x", "raw": {}, "attributes": {"cn": ["b"], "memberOf": []}}"#

    @Test("one entry, several after each other, a list: the same entries", arguments: [[], [1], [7]])
    func shapes(chunks: [Int]) {
        for (text, level, notes) in [
            ("[\(Self.one),\(Self.two)]", Proof.Level.wellFormed, []),
            ("[\n\(Self.one), \(Self.two)\n]\n", .wellFormed, []),
            ("\(Self.one)\n\(Self.two)\n", .wellFormed, [Proof.Note.noEndOfSequence]),
            ("\(Self.one)\n\(Self.two)", .none, [.noEndOfSequence, .noLineEndAtEnd]),
            ("\(Self.one)\(Self.two)\r\n", .wellFormed, [.noEndOfSequence]),
        ] {
            let outcome = readExport(text, chunks: chunks)
            #expect(outcome.error == nil)
            #expect(outcome.sink.entries.map(\.dn) == ["CN=a,DC=x", "CN=b,DC=x"], "\(text)")
            #expect(outcome.sink.entries.first?.texts("userAccountControl") == ["514"])
            #expect(outcome.sink.entries.last?.presence["memberOf"] == .emptyList)
            #expect(outcome.proof?.level == level, "\(text)")
            #expect(outcome.proof?.notes == notes, "\(text)")
        }
        #expect(readExport(Self.one, chunks: chunks).proof?.level == .wellFormed)
        #expect(readExport(Self.two + "\n", chunks: chunks).sink.entries.map(\.dn) == ["CN=b,DC=x"])
    }

    @Test("people by group: the groups are entries too", arguments: [[], [1], [5]])
    func byGroup(chunks: [Int]) throws {
        let text = "[{\"Domain Users\": [\(Self.one), \(Self.two)]}, {\"R+D, old\": [\(Self.one)]}, {\"None\": []}]"
        let outcome = readExport(text, chunks: chunks, keeps: true)
        #expect(outcome.error == nil)
        #expect(
            outcome.sink.entries.map(\.dn) == [
                "CN=a,DC=x", "CN=b,DC=x", "CN=Domain Users", "CN=a,DC=x", "CN=R\\+D\\, old", "CN=None",
            ])
        let group = outcome.sink.entries[2]
        #expect(group.texts("member") == ["CN=a,DC=x", "CN=b,DC=x"])
        #expect(group.texts("objectClass") == ["group"])
        #expect(group.texts("cn") == ["Domain Users"])
        #expect(DistinguishedName.leadingValue(of: try #require(outcome.sink.entries[4].dn)) == "R+D, old")
        #expect(outcome.sink.entries[5].presence["member"] == .emptyList)
        #expect(outcome.proof?.level == .wellFormed)
        #expect(outcome.sink.entries.map(\.position).first == outcome.sink.entries.first?.position)
    }

    @Test("a bad entry is rejected, its group goes on")
    func badEntryInGroup() {
        let text = "[{\"G\": [{\"attributes\": {\"a\": [[1]]}, \"dn\": \"CN=x\"}, \(Self.one)], \"H\": [\(Self.two)]}]"
        for chunks in [[], [1]] {
            let outcome = readExport(text, chunks: chunks)
            #expect(outcome.sink.rejections.map(\.dn) == ["CN=x"])
            #expect(outcome.sink.entries.map(\.dn) == ["CN=a,DC=x", "CN=G", "CN=b,DC=x", "CN=H"])
        }
    }

    @Test("names of a kept read of another format are plain")
    func plainNames() {
        let text = #"{"dn": "00u1", "names": "plain", "attributes": {}}"# + "\n" + Self.one + "\n"
        let outcome = readExport(text, format: .ldap3, keeps: true)
        #expect(outcome.sink.kept.map(\.names) == [.plain, .distinguished])
        #expect(readExport(text, keeps: true).sink.kept.map(\.names) == [.plain, .distinguished])
    }

    @Test(
        "what does not go on as it began",
        arguments: [
            (one + "\n1", IntakeError.Code.unknownShape), (one + "[]", .unknownShape), (one + "{\"entries\": []}", .unknownShape),
            ("[\(one)]{}", .trailingBytes), ("[\(one)", .truncated), (one + "{", .truncated),
        ])
    func refused(text: String, code: IntakeError.Code) {
        for chunks in [[], [1], [9]] { #expect(readExport(text, chunks: chunks).error?.code == code) }
    }

    @Test("the dumps of the field", .enabled(if: Samples.isThere, "the samples are not beside the repository"))
    func samples() throws {
        let users = readExport(try Samples.read("ldapdomaindump/domain_users.json"), chunks: [997])
        #expect(users.error == nil && users.sink.rejections == [])
        #expect(users.sink.entries.count == 11)
        #expect(users.sink.entries.allSatisfy { $0.attributes["objectSid"]?.count == 1 })
        let groups = readExport(try Samples.read("ldapdomaindump/domain_groups.json"))
        #expect(groups.sink.entries.count == 39)
        let byGroup = readExport(try Samples.read("ldapdomaindump/domain_users_by_group.json"), chunks: [61])
        let everyone = try #require(byGroup.sink.entries.first { $0.dn == "CN=Domain Users" })
        #expect(everyone.texts("member").count == 10)
        #expect(byGroup.sink.entries.filter { $0.texts("objectClass") == ["group"] }.count == 13)
        #expect(byGroup.sink.entries.count == 36 + 13)
    }
}
