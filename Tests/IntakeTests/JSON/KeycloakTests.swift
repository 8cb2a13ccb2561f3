// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake

@Suite("Keycloak")
struct KeycloakTests {
    static let user =
        #"{"id": "u1", "username": "ann", "email": "ann@x.example", "enabled": true, "firstName": "","#
        + #" "attributes": {"LDAP_ID": ["e1"], "phone": ["1", "2"]}, "clientRoles": {"account": ["view"]}, "groups": ["/a/b", "/c~/d"],"#
        + #" "credentials": [{"type": "password", "secretData": "{\"value\":\"x==\"}"}]}"#
    static let groups =
        #"[{"subGroups": [{"id": "g2", "path": "/a/b", "name": "b", "subGroups": [{"name": "leaf", "#
        + #""path": "/a/b/leaf"}]}], "name": "a", "path": "/a", "id": "g1"}]"#

    @Test("a realm: people and the tree of groups", arguments: [[], [1], [13]])
    func realm(chunks: [Int]) throws {
        let text = "{\"users\": [\(Self.user)], \"clients\": [{\"users\": [1]}], \"realm\": \"r\", \"groups\": \(Self.groups)}"
        let outcome = readExport(text, chunks: chunks, keeps: true)
        #expect(outcome.error == nil)
        #expect(outcome.sink.rejections == [])
        #expect(outcome.proof?.level == .wellFormed)
        #expect(outcome.sink.entries.map(\.dn) == ["u1", "/a/b/leaf", "/a/b", "/a"])
        #expect(outcome.sink.kept.allSatisfy { $0.names == .plain })
        let user = outcome.sink.entries[0]
        #expect(user.texts("objectClass") == ["user"])
        #expect(user.texts("attributes.phone") == ["1", "2"])
        #expect(user.texts("clientRoles.account") == ["view"])
        #expect(user.texts("groups") == ["/a/b", "/c~/d"])
        #expect(user.texts("credentials.secretData") == [#"{"value":"x=="}"#])
        #expect(user.texts("firstName") == [""])
        #expect(outcome.sink.entries[3].texts("objectClass") == ["group"])
        #expect(outcome.sink.entries[3].texts("id") == ["g1"])
        #expect(outcome.sink.entries[2].texts("name") == ["b"])
    }

    @Test("a file of a folder, an array of realms, a realm put together of two")
    func forms() {
        #expect(readExport("{\"realm\": \"r\", \"users\": [\(Self.user)]}").sink.entries.map(\.dn) == ["u1"])
        let array = readExport("[{\"realm\": \"r\", \"users\": [\(Self.user)]}, {\"users\": [], \"realm\": \"s\"}]", chunks: [3])
        #expect(array.sink.entries.map(\.dn) == ["u1"])
        #expect(array.proof?.level == .wellFormed)
        let twice = readExport("{\"realm\": \"r\", \"users\": [\(Self.user)], \"users\": [{\"username\": \"bob\"}]}")
        #expect(twice.sink.entries.map(\.dn) == ["u1", "bob"])
        let named = readExport("{\"users\": [], \"realm\": \"r\"}", format: .keycloak)
        #expect(named.proof?.notes == [.noEntries])
    }

    @Test("a realm without a list of people proves nothing about people")
    func partial() {
        let outcome = readExport("{\"realm\": \"r\", \"groups\": \(Self.groups)}")
        #expect(outcome.sink.entries.count == 3)
        #expect(outcome.proof?.level == Proof.Level.none)
        #expect(outcome.proof?.notes == [.noPeople])
        #expect(readExport("{\"a\": 1}", format: .keycloak).error?.code == .unknownShape)
    }

    @Test("a group without path is named by those above it; a bad one does not hide those below")
    func paths() {
        let text =
            #"{"realm": "r", "groups": [{"name": "a/b", "subGroups": [{"name": "c"}]}, {"subGroups": [{"path": "/x/y"}], "id": "1"}]}"#
        for chunks in [[], [1]] {
            let outcome = readExport(text, chunks: chunks)
            #expect(outcome.sink.entries.map(\.dn) == ["/a~/b/c", "/a~/b", "/x/y"])
            #expect(outcome.sink.rejections.map(\.reason) == [.noDN])
        }
        let bad = #"{"realm": "r", "groups": [{"name": "a", "name": "a", "path": "/a", "subGroups": [{"path": "/a/b"}]}]}"#
        let outcome = readExport(bad)
        #expect(outcome.sink.entries.map(\.dn) == ["/a/b"])
        #expect(outcome.sink.rejections.map(\.dn) == ["/a"])
        #expect(outcome.sink.rejections.map(\.reason) == [.duplicateKey])
    }

    @Test("a realm of the field", .enabled(if: Samples.isThere, "the samples are not beside the repository"))
    func sample() throws {
        let bytes = try Samples.read("keycloak/jhipster-realm.json")
        let outcome = readExport(bytes)
        #expect(outcome.error == nil)
        #expect(outcome.sink.entries.compactMap { $0.texts("username").first } == ["service-account-internal", "admin", "user"])
        #expect(outcome.sink.entries.filter { $0.texts("objectClass") == ["group"] }.map(\.dn) == ["/Admins", "/Users"])
        #expect(outcome.sink.entries.filter { $0.attributes["serviceAccountClientId"] != nil }.count == 1)
        #expect(outcome.proof?.level == .wellFormed)
        #expect(readExport(bytes, chunks: [1009]).sink == outcome.sink)
    }
}
