// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake

@Suite("Google Directory")
struct GoogleTests {
    static let user =
        #"{"kind": "admin#directory#user", "id": "123456789012345678901", "primaryEmail": "a@x", "suspended": "false","#
        + #" "emails": [{"address": "b@x"}, {"address": "a@x", "primary": "True"}], "name": {"fullName": "A B"}, "customSchemas": {"s": {"k": 1}}}"#

    @Test("pages of users and of groups", arguments: [[], [1], [19]])
    func pages(chunks: [Int]) throws {
        for text in [
            "{\"kind\": \"admin#directory#users\", \"etag\": \"e\", \"users\": [\(Self.user)]}", "{\"users\": [\(Self.user)]}",
            "[{\"users\": [\(Self.user)]}]", "[\(Self.user)]",
        ] {
            let outcome = readExport(text, chunks: chunks)
            #expect(outcome.error == nil)
            let seen = try #require(outcome.sink.entries.first, "\(text)")
            #expect(seen.dn == "a@x")
            #expect(seen.texts("emails.address") == ["a@x", "b@x"])
            #expect(seen.texts("customSchemas.s.k") == ["1"])
            #expect(seen.texts("objectClass") == ["user"])
            #expect(seen.texts("id") == ["123456789012345678901"])
            #expect(outcome.proof?.level == .wellFormed)
        }
        let groups = readExport(
            #"{"groups": [{"email": "g@x", "id": "1"}], "nextPageToken": "t", "kind": "admin#directory#groups"}"#, chunks: chunks)
        #expect(groups.sink.entries.map(\.dn) == ["g@x"])
        #expect(groups.sink.entries.first?.texts("objectClass") == ["group"])
        #expect(groups.proof?.level == Proof.Level.none)
        #expect(groups.proof?.page == Proof.Page(kind: "google groups", isLast: false))
        let empty = readExport(#"{"kind": "admin#directory#users", "etag": "e"}"#, chunks: chunks)
        #expect(empty.proof?.level == .wellFormed)
        #expect(empty.proof?.notes == [.noEntries])
        #expect(readExport("{}", format: .google).error?.code == .unknownShape)
    }

    @Test("an array of pages ends with the last one")
    func arrayOfPages() {
        let more = "{\"users\": [\(Self.user)], \"nextPageToken\": \"t\"}"
        let last = "{\"users\": [{\"primaryEmail\": \"c@x\", \"id\": \"2\"}]}"
        for chunks in [[], [1]] {
            #expect(readExport("[\(more), \(last)]", chunks: chunks).proof?.level == .wellFormed)
            #expect(readExport("[\(last), \(more)]", chunks: chunks).proof?.level == Proof.Level.none)
        }
    }

    @Test("the members of a group, which the file does not name", arguments: [[], [1], [19]])
    func members(chunks: [Int]) {
        let text =
            #"{"kind": "admin#directory#members", "members": [{"id": "1", "email": "a@x", "role": "OWNER", "type": "USER"}, "#
            + #"{"id": "2", "email": "h@x", "role": "MEMBER", "type": "GROUP", "status": "ACTIVE"}]}"#
        let outcome = readExport(Array(text.utf8), group: "g@x", chunks: chunks)
        #expect(outcome.sink.entries.map(\.dn) == ["g@x"])
        #expect(outcome.sink.entries.first?.texts("members.email") == ["a@x", "h@x"])
        #expect(outcome.sink.entries.first?.texts("members.role") == ["OWNER", "MEMBER"])
        #expect(outcome.sink.entries.first?.texts("objectClass") == ["group"])
        #expect(outcome.proof?.level == .wellFormed)
        let nameless = readExport(text, chunks: chunks)
        #expect(nameless.error?.code == .unknownShape)
        #expect(nameless.error?.expected.contains("name of the group") == true)
        let keyed = readExport(#"{"g@x": null, "h@x": [{"preferredMemberKey": {"id": "a@x"}}]}"#, format: .google, chunks: chunks)
        #expect(keyed.sink.entries.map(\.dn) == ["g@x", "h@x"])
        let more = readExport(#"{"kind": "admin#directory#users", "nextPageToken": 5, "users": []}"#, chunks: chunks)
        #expect(more.proof?.page?.isLast == false)
        let none = readExport(Array(#"{"kind": "admin#directory#members", "etag": "e"}"#.utf8), group: "g@x", chunks: chunks)
        #expect(none.sink.entries.map(\.dn) == ["g@x"])
    }

    @Test("what tools make of the directory", .enabled(if: Samples.isThere, "the samples are not beside the repository"))
    func samples() throws {
        let users = readExport(try Samples.read("google/cartography-googleworkspace-MOCK_GOOGLEWORKSPACE_USERS_RESPONSE.json"))
        #expect(users.sink.entries.map(\.dn) == ["mbsimpson@simpson.corp", "hjsimpson@simpson.corp"])
        let groups = readExport(
            try Samples.read("google/cartography-googleworkspace-MOCK_GOOGLEWORKSPACE_GROUPS_RESPONSE.json"), chunks: [9])
        #expect(groups.sink.entries.map(\.dn) == ["engineering@simpson.corp", "operations@simpson.corp"])
        let path = "google/cartography-googleworkspace-MOCK_GOOGLEWORKSPACE_MEMBERS_BY_GROUP_EMAIL.json"
        let members = readExport(try Samples.read(path), chunks: [9])
        #expect(members.sink.entries.map(\.dn) == ["groups/group-engineering", "groups/group-operations"])
        #expect(members.sink.entries.map { $0.texts("members.preferredMemberKey.id").count } == [3, 1])
    }
}
