// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake

/// Takes changes, and counts what comes as an entry.
struct ToldChanges: EntrySink {
    var changes: [(kind: EntryChange.Kind, dn: String?, parts: [EntryChange.Part], isRestorable: Bool)] = []
    var rejections: [Rejection] = []
    var entries = 0
    var takesChanges: Bool { true }

    mutating func entry(_ entry: borrowing Entry) { entries += 1 }
    mutating func rejected(_ rejection: Rejection) { rejections.append(rejection) }
    mutating func change(_ change: borrowing EntryChange) {
        changes.append((change.kind, change.dn, change.parts, change.isRestorable))
    }

    static func read(_ text: String, chunk: Int) throws -> (ToldChanges, Proof) {
        var sink = ToldChanges()
        var reader = EntryReader()
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            try reader.read(bytes[start..<min(bytes.count, start + chunk)], into: &sink)
        }
        let proof = try reader.finish(into: &sink)
        return (sink, proof)
    }
}

@Suite("Microsoft Graph")
struct GraphTests {
    static let user =
        #"{"id": "u1", "userPrincipalName": "a_x#EXT#@t", "mail": null, "accountEnabled": false, "otherMails": ["o@x"]}"#
    static let group = ##"{"members": [{"@odata.type": "#microsoft.graph.user", "id": "u1"}], "groupTypes": [], "id": "g1"}"##
    static let context = "https://graph.microsoft.com/v1.0/$metadata#"

    @Test("a page: users and groups, and whether it is the last one", arguments: [[], [1], [17]])
    func pages(chunks: [Int]) {
        let last = readExport(
            "{\"value\": [\(Self.user), \(Self.group)], \"@odata.context\": \"\(Self.context)users\"}", chunks: chunks,
            keeps: true)
        #expect(last.error == nil)
        #expect(last.sink.entries.map(\.dn) == ["u1", "g1"])
        #expect(last.sink.entries.map { $0.texts("objectClass") } == [["user"], ["group"]])
        #expect(last.sink.kept.map(\.names) == [.plain, .plain])
        #expect(last.sink.entries[0].presence["mail"] == .null)
        #expect(last.sink.entries[0].texts("accountEnabled") == ["false"])
        #expect(last.sink.entries[1].texts("members.id") == ["u1"])
        #expect(last.proof?.level == .wellFormed)
        #expect(last.proof?.page == Proof.Page(kind: "graph users", isLast: true))
        for next in ["\"@odata.nextLink\": \"https://x\", \"value\": []", "\"value\": [], \"@odata.nextLink\": \"https://x\""] {
            let page = readExport("{\(next)}", chunks: chunks)
            #expect(page.proof?.level == Proof.Level.none)
            #expect(page.proof?.notes.contains(.morePages) == true)
            #expect(page.proof?.page?.isLast == false)
        }
    }

    @Test("delta in a full read: who is removed is not there, and nothing is proven")
    func deltaAsFullRead() {
        let text =
            #"{"value": [{"id": "u1", "userPrincipalName": "a"}, {"@removed": {"reason": "deleted"}, "id": "u2"}], "@odata.deltaLink": "x"}"#
        for chunks in [[], [1]] {
            let outcome = readExport(text, chunks: chunks)
            #expect(outcome.sink.entries.map(\.dn) == ["u1"])
            #expect(outcome.proof?.level == Proof.Level.none)
            #expect(outcome.proof?.notes == [.changesOnly, .removals(1)])
        }
    }

    @Test("delta as changes", arguments: [1, 19, 10_000])
    func delta(chunk: Int) throws {
        let text = """
            {"@odata.deltaLink": "x", "value": [
              {"id": "u1", "displayName": "A", "mail": null, "userPrincipalName": "a@x", "proxyAddresses": []},
              {"id": "u2", "@removed": {"reason": "changed"}}, {"@removed": {"reason": "deleted"}, "id": "u3"},
              {"id": "g1", "members@delta": [{"@odata.type": "#microsoft.graph.user", "id": "m1"},
                {"id": "m2", "@removed": {"reason": "deleted"}}, {"@removed": {"reason": "deleted"}, "id": "m3"}, {"id": "m4"}]},
              {"id": "g2", "members@delta": [{"id": "m5", "@removed": {}}]}
            ]}
            """
        let (sink, proof) = try ToldChanges.read(text, chunk: chunk)
        #expect(sink.entries == 0 && sink.rejections == [])
        #expect(sink.changes.map(\.kind) == [.upsert, .delete, .delete, .upsert, .upsert])
        #expect(sink.changes.map(\.dn) == ["u1", "u2", "u3", "g1", "g2"])
        #expect(sink.changes.map(\.isRestorable) == [false, true, false, false, false])
        func said(_ change: Int, _ name: String, _ operation: EntryChange.Operation) -> [String?]? {
            sink.changes[change].parts.first { $0.attribute == name && $0.operation == operation }?.values.map(\.string)
        }
        #expect(said(0, "displayName", .replace) == ["A"])
        #expect(said(0, "mail", .replace) == [])
        #expect(said(0, "proxyAddresses", .replace) == [])
        #expect(said(0, "surname", .replace) == nil)
        #expect(said(3, "members.id", .add) == ["m1", "m4"])
        #expect(said(3, "members.id", .remove) == ["m2", "m3"])
        #expect(said(4, "members.id", .add) == nil)
        #expect(said(4, "members.id", .remove) == ["m5"])
        #expect(sink.changes[3].parts.allSatisfy { !$0.attribute.contains("@") })
        #expect(proof.changes == 5)
        #expect(!proof.provesAbsence)
        #expect(proof.level == .wellFormed)
        #expect(try ToldChanges.read(text.replacing("deltaLink", with: "nextLink"), chunk: chunk).1.level == Proof.Level.none)
    }

    @Test("the members of a group that the file does not name")
    func members() {
        let text =
            #"{"@odata.context": "x#directoryObjects", "value": [{"id": "u1", "mail": "a@x", "jobTitle": "J"}, {"id": "u2"}]}"#
        for chunks in [[], [1]] {
            let outcome = readExport(Array(text.utf8), group: "g1", chunks: chunks, keeps: true)
            #expect(outcome.sink.entries.map(\.dn) == ["g1"])
            #expect(outcome.sink.entries.first?.texts("members.id") == ["u1", "u2"])
            #expect(outcome.sink.entries.first?.texts("objectClass") == ["group"])
            #expect(outcome.sink.entries.first?.attributes["members.jobTitle"] == nil)
            #expect(outcome.proof?.page?.kind == "graph members of g1")
        }
    }

    @Test("a list that is none")
    func refused() {
        #expect(readExport(#"{"@odata.context": "x"}"#).error?.code == .unknownShape)
        #expect(readExport(#"{"value": {}}"#, format: .graph).error?.code == .unknownShape)
        #expect(readExport(#"{"value": [1]}"#).error?.code == .unknownShape)
        #expect(readExport(#"{"value": [], "value": []}"#).error?.code == .unknownShape)
        #expect(readExport(#"{"value": [{"displayName": "x"}]}"#).sink.rejections.map(\.reason) == [.noDN])
    }

    @Test("pages of the field", .enabled(if: Samples.isThere, "the samples are not beside the repository"))
    func samples() throws {
        let groups = readExport(try Samples.read("msgraph/groups-list.json"), chunks: [61])
        #expect(groups.sink.entries.map { $0.texts("displayName") } == [["Golf Assist"], ["Golf Discussion"]])
        #expect(groups.proof?.level == .wellFormed)
        #expect(groups.proof?.page?.kind == "graph groups")
        let users = readExport(try Samples.read("msgraph/users-list.json"))
        #expect(users.sink.entries.map { $0.texts("objectClass") } == [["user"]])
        let delta = readExport(try Samples.read("msgraph/users-delta.json"))
        #expect(delta.sink.entries.map(\.dn) == ["87d349ed-44d7-43e1-9a83-5f2406dee5bd"])
        #expect(delta.proof?.level == Proof.Level.none)
        // The group of this one has lost its id.
        #expect(readExport(try Samples.read("msgraph/groups-delta.json")).sink.rejections.map(\.reason) == [.noDN])
    }
}
