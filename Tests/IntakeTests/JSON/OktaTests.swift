// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake

@Suite("Okta")
struct OktaTests {
    static let users =
        #"[{"id": "00u1", "status": "ACTIVE", "profile": {"login": "a@x", "email": "a@x", "secondEmail": null}, "_links": {"self": {"href": "h"}}},"#
        + #" {"_embedded": {}, "id": "00u2", "profile": {"email": "b@x", "login": "b@x"}, "status": "SUSPENDED"}]"#

    @Test("users; the file cannot say whether they are all", arguments: [[], [1], [13]])
    func users(chunks: [Int]) {
        let outcome = readExport(Self.users, chunks: chunks, keeps: true)
        #expect(outcome.sink.entries.map(\.dn) == ["00u1", "00u2"])
        #expect(outcome.sink.kept.allSatisfy { $0.names == .plain })
        #expect(outcome.sink.entries[0].texts("profile.login") == ["a@x"])
        #expect(outcome.sink.entries[0].presence["profile.secondEmail"] == .null)
        #expect(outcome.sink.entries[0].texts("objectClass") == ["user"])
        #expect(!outcome.sink.entries[0].attributes.keys.contains { $0.hasPrefix("_links") })
        #expect(outcome.proof?.level == Proof.Level.none)
        #expect(outcome.proof?.notes == [.noEndOfPages])
        #expect(readExport("[]", format: .okta).proof?.notes == [.noEndOfPages, .noEntries])
    }

    @Test("the users of a group are its members", arguments: [[], [1], [29]])
    func members(chunks: [Int]) {
        let outcome = readExport(Array(Self.users.utf8), group: "00g1", chunks: chunks)
        #expect(outcome.sink.entries.map(\.dn) == ["00g1"])
        #expect(outcome.sink.entries.first?.texts("members.id") == ["00u1", "00u2"])
        #expect(outcome.sink.entries.first?.texts("members.profile.login") == ["a@x", "b@x"])
        #expect(outcome.sink.entries.first?.attributes["members.profile.secondEmail"] == nil)
        let none = readExport([0x5B, 0x5D], format: .okta, group: "00g2")
        #expect(none.sink.entries.map(\.dn) == ["00g2"])
        #expect(none.sink.entries.first?.presence["members.id"] == .emptyList)
        let bad = readExport(Array(#"[{"id": "1", "id": "2", "_links": {}}, {"id": "3"}]"#.utf8), group: "00g3", chunks: chunks)
        #expect(bad.sink.entries == [])
        #expect(bad.sink.rejections.map(\.dn) == ["00g3"])
    }

    @Test("groups")
    func groups() {
        let text =
            #"[{"id": "00g1", "lastMembershipUpdated": "2026-01-01T00:00:00.000Z", "objectClass": ["okta:user_group"], "profile": {"name": "G"}}]"#
        let outcome = readExport(text)
        #expect(outcome.sink.entries.map(\.dn) == ["00g1"])
        #expect(outcome.sink.entries.first?.texts("objectClass") == ["okta:user_group", "group"])
        #expect(outcome.sink.entries.first?.texts("profile.name") == ["G"])
    }

    @Test("lists of the field", .enabled(if: Samples.isThere, "the samples are not beside the repository"))
    func samples() throws {
        let list = readExport(try Samples.read("okta/openapi-ListUsersResponse.json"), chunks: [31])
        #expect(list.sink.entries.map { $0.texts("profile.email") } == [["alice.smith@example.com"]])
        let members = try Samples.read("okta/cartography-okta-GROUP_MEMBERS_SAMPLE_DATA.json")
        #expect(readExport(members).sink.entries.count == 3)
        let group = readExport(members, group: "00g1", chunks: [31])
        #expect(group.sink.entries.first?.texts("members.id").count == 3)
    }
}
