// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake

/// Keeps entries and changes.
struct ChangeSink: EntrySink, Equatable {
    var plain = CollectingSink()
    var changes: [Seen] = []
    var kept: [EntryChange] = []

    struct Seen: Equatable {
        var kind: EntryChange.Kind
        var dn: String?
        var position: Position
        var parts: [EntryChange.Part]
        var rename: EntryChange.Rename?
        var controls: [EntryChange.Control]
    }

    var takesChanges: Bool { true }
    mutating func entry(_ entry: borrowing Entry) { plain.entry(entry) }
    mutating func rejected(_ rejection: Rejection) { plain.rejected(rejection) }
    mutating func change(_ change: borrowing EntryChange) {
        changes.append(
            Seen(
                kind: change.kind, dn: change.dn, position: change.position, parts: change.parts, rename: change.rename,
                controls: change.controls))
        kept.append(copy change)
    }

    static func == (a: Self, b: Self) -> Bool { a.plain == b.plain && a.changes == b.changes }
}

@Suite("LDIF change records")
struct LDIFChangeTests {
    struct Outcome: Equatable {
        var sink = ChangeSink()
        var proof: Proof?
        var error: IntakeError?
    }

    static func read(_ bytes: [UInt8], chunk: Int = .max) -> Outcome {
        var outcome = Outcome()
        var reader = EntryReader(format: .ldif)
        do {
            var start = 0
            while start < bytes.count {
                let end = start + min(chunk, bytes.count - start)
                try reader.read(bytes[start..<end], into: &outcome.sink)
                start = end
            }
            outcome.proof = try reader.finish(into: &outcome.sink)
        } catch let error as IntakeError {
            outcome.error = error
        } catch { fatalError("\(error)") }
        return outcome
    }

    /// The examples of RFC 2849, and a content record between them.
    static let text = """
        version: 1
        # Add a new entry
        dn: cn=Fiona Jensen, ou=Marketing, dc=airius, dc=com
        changetype: add
        objectclass: top
        objectclass: person
        cn: Fiona Jensen
        sn: Jensen
        telephonenumber: +1 408 555 1212

        # Delete an existing entry
        dn: cn=Robert Jensen, ou=Marketing, dc=airius, dc=com
        control: 1.2.840.113556.1.4.805 true
        control: 1.2.3:: AAE=
        changetype: delete

        dn: cn=Paul Jensen, ou=Product Development, dc=airius, dc=com
        changetype: modrdn
        newrdn: cn=Paula Jensen
        deleteoldrdn: 1

        dn: ou=PD Accountants, ou=Product Development, dc=airius, dc=com
        changetype: moddn
        newrdn:: b3U9UHJvZHVjdCBEZXZlbG9wbWVudCBBY2NvdW50YW50cw==
        deleteoldrdn: 0
        newsuperior: ou=Accounting, dc=airi
         us, dc=com

        dn: cn=Still There,dc=airius,dc=com
        cn: Still There

        dn: cn=Paula Jensen, ou=Product Development, dc=airius, dc=com
        changetype: modify
        add: postaladdress
        postaladdress: 123 Anystreet $ Sunnyvale, CA $ 94086
        -
        delete: description
        -
        replace: telephonenumber
        telephonenumber: +1 408 555 1234
        TelephoneNumber:: KzEgNDA4IDU1NSA1Njc4
        -
        delete: facsimiletelephonenumber
        facsimiletelephonenumber: +1 408 555 9876
        -
        replace: title
        -
        increment: uidNumber
        uidNumber: 2
        -


        """

    @Test("the examples of the RFC, in any chunks")
    func examples() throws {
        let bytes = Array(Self.text.utf8)
        let whole = Self.read(bytes)
        #expect(whole.error == nil)
        #expect(whole.sink.plain.rejections == [])
        #expect(whole.sink.changes.map(\.kind) == [.add, .delete, .rename, .rename, .modify])
        #expect(whole.sink.plain.entries.map(\.dn) == ["cn=Still There,dc=airius,dc=com"])
        #expect(whole.proof?.changes == 5)
        #expect(whole.proof?.entries == 1)
        #expect(whole.proof?.level == .wellFormed)
        #expect(whole.proof?.provesAbsence == false)
        let changes = whole.sink.changes
        #expect(changes[0].position.line == 3)
        #expect(changes[0].parts.map(\.attribute) == ["objectclass", "cn", "sn", "telephonenumber"])
        #expect(changes[0].parts[0].values.map(\.string) == ["top", "person"])
        #expect(changes[1].controls.map(\.isCritical) == [true, false])
        #expect(whole.sink.kept[1].deletesSubtree)
        #expect(changes[2].rename == EntryChange.Rename(newRDN: "cn=Paula Jensen", deletesOldRDN: true))
        #expect(
            changes[3].rename
                == EntryChange.Rename(
                    newRDN: "ou=Product Development Accountants", deletesOldRDN: false,
                    newSuperior: "ou=Accounting, dc=airius, dc=com"))
        #expect(changes[4].parts.map(\.operation) == [.add, .remove, .replace, .remove, .replace, .increment])
        #expect(
            changes[4].parts.map { $0.values.map(\.string) } == [
                ["123 Anystreet $ Sunnyvale, CA $ 94086"], [], ["+1 408 555 1234", "+1 408 555 5678"], ["+1 408 555 9876"], [],
                ["2"],
            ])
        for chunk in 1...60 { #expect(Self.read(bytes, chunk: chunk) == whole, "chunks of \(chunk)") }
        for split in 0...bytes.count {
            var outcome = Outcome()
            var reader = EntryReader(format: .ldif)
            try reader.read(bytes[..<split], into: &outcome.sink)
            try reader.read(bytes[split...], into: &outcome.sink)
            outcome.proof = try reader.finish(into: &outcome.sink)
            #expect(outcome == whole, "split at \(split)")
        }
    }

    @Test("a full read takes additions as what is there, and proves nothing by them; other changes refuse it")
    func fullRead() {
        let additions = "dn: cn=a\nchangetype: add\ncn: a\n\ndn: cn=b\nchangetype: ADD \ncn: b\n\n"
        let outcome = readExport(additions)
        #expect(outcome.sink.entries.map(\.dn) == ["cn=a", "cn=b"])
        #expect(outcome.sink.entries[0].attributes.keys.sorted() == ["cn"])
        #expect(outcome.proof?.level == Proof.Level.none)
        #expect(outcome.proof?.notes.contains(.additions(2)) == true)
        for change in [
            "delete\n\n", "modify\nadd: cn\ncn: x\n-\n\n", "modrdn\nnewrdn: cn=x\ndeleteoldrdn: 1\n\n", "nonsense\n\n",
        ] {
            let refused = readExport(additions + "dn: cn=c\nchangetype: " + change)
            #expect(refused.error?.code == .changeRecords)
            #expect(refused.error?.line == 10)
        }
    }

    @Test(
        "a change that is not one is rejected, its neighbours are read",
        arguments: [
            "changetype: nonsense\n", "changetype: delete\ncn: x\n", "changetype: modify\ncn: x\n", "changetype: modify\n-\n",
            "changetype: modify\nadd: cn\nsn: x\n-\n", "changetype: modify\nadd: cn\n-\n", "changetype: modify\nadd: c n\n",
            "changetype: modify\nadd: cn\ncn: x\nreplace: sn\n", "changetype: modify\nincrement: n\nn: 1\nn: 2\n-\n",
            "changetype: modify\nadd: cn\ncn:: !\n-\n", "changetype: modify\nadd: cn\ncn:< file:///x\n-\n",
            "cn: x\nchangetype: delete\n",
            "changetype: delete\nchangetype: delete\n", "changetype: modrdn\nnewrdn: cn=x\n",
            "changetype: modrdn\ndeleteoldrdn: 1\n",
            "changetype: modrdn\nnewrdn: cn=x\ndeleteoldrdn: 2\n",
            "changetype: modrdn\nnewrdn: cn=x\nnewrdn: cn=y\ndeleteoldrdn: 1\n",
            "control: x\nchangetype: delete\n", "control: 1.2.3\ncn: x\n", "control: 1.2.3\n", "changetype: add\n",
            "changetype: add\nno colon\n",
        ])
    func rejected(lines: String) {
        let bytes = Array("dn: cn=a\nchangetype: delete\n\ndn: cn=b\n\(lines)\ndn: cn=c\nchangetype: delete\n\n".utf8)
        let whole = Self.read(bytes)
        #expect(whole.error == nil)
        #expect(whole.sink.changes.map(\.dn) == ["cn=a", "cn=c"])
        #expect(whole.sink.plain.rejections.map(\.dn) == ["cn=b"])
        #expect(whole.sink.plain.rejections.first?.position.line == 4)
        #expect(whole.proof?.rejected == 1)
        #expect(Self.read(bytes, chunk: 1) == whole)
    }

    @Test("a cut file is refused")
    func cut() {
        #expect(Self.read(Array("dn: cn=a\nchangetype: modify\nadd: cn\ncn: x".utf8)).error?.code == .truncated)
        let open = Self.read(Array("dn: cn=a\nchangetype: delete\n".utf8))
        #expect(open.proof?.level == Proof.Level.none)
    }

    @Test("damage is survived, and read alike in any chunks")
    func mutations() {
        let seed: UInt64 = 21
        var random = SeededRandom(seed: seed)
        let original = Array(Self.text.utf8)
        let hints: [UInt8] = Array("-:\n <#=;1".utf8) + [0, 0xC3, 0xFF]
        var outcomes = (changed: 0, rejected: 0)
        for round in 0..<rounds(1500, soak: 60_000) {
            let bytes = damaged(original, hints: hints, most: 4, longest: 30, using: &random)
            let whole = Self.read(bytes)
            outcomes.changed += whole.sink.changes.count
            outcomes.rejected += whole.sink.plain.rejections.count
            let chunked = Self.read(bytes, chunk: Int.random(in: 1..<40, using: &random))
            #expect(chunked == whole, "seed \(seed), round \(round)")
            if let proof = whole.proof {
                #expect(proof.changes == whole.sink.changes.count)
                #expect(proof.entries == whole.sink.plain.entries.count)
            }
        }
        #expect(outcomes.changed > 100)
        #expect(outcomes.rejected > 100)
    }

    // MARK: - What becomes of an object

    private func apply(_ record: String, to base: Entry?) throws -> Entry? {
        let outcome = Self.read(Array((record + "\n\n").utf8))
        return try #require(outcome.sink.kept.first, "\(outcome)").applied(to: base)
    }

    @Test("a modification in its order, and again")
    func modify() throws {
        let base = Entry(
            dn: "cn=g,dc=x", attributes: ["cn": ["g"], "member": ["cn=A, dc=x", "cn=b,dc=x"], "n": ["40"], "t": ["x"]])
        let record = """
            dn: cn=g,dc=x
            changetype: modify
            delete: member
            member: cn=a,dc=x
            member: cn=nobody,dc=x
            -
            add: member
            member: cn=c,dc=x
            member: CN=b,dc=x
            -
            increment: n
            n: 2
            -
            delete: t
            -
            replace: mail
            mail: g@x.example
            """
        let once = try #require(try apply(record, to: base))
        #expect(once.values(of: "member").map(\.string) == ["cn=b,dc=x", "cn=c,dc=x"])
        #expect(once.first("n")?.string == "42")
        #expect(once.presence(of: "t") == .absent)
        #expect(once.first("mail")?.string == "g@x.example")
        #expect(throws: EntryChange.Misfit.notThere) { try apply(record, to: nil) }
        let words = "dn: cn=g,dc=x\nchangetype: modify\nincrement: cn\ncn: 1"
        #expect(throws: EntryChange.Misfit.noNumber) { try apply(words, to: base) }
    }

    @Test("a new name takes the naming values along")
    func rename() throws {
        let base = Entry(dn: "cn=Doe\\, Jane+uid=1, ou=a,dc=x", attributes: ["cn": ["Doe, Jane", "Jane"], "uid": ["1"]])
        let moved = try #require(
            try apply(
                "dn: cn=Doe\\, Jane+uid=1, ou=a,dc=x\nchangetype: modrdn\nnewrdn: cn=Roe\ndeleteoldrdn: 1\nnewsuperior: ou=b,dc=x",
                to: base))
        #expect(moved.dn == "cn=Roe,ou=b,dc=x")
        #expect(moved.values(of: "cn").map(\.string) == ["Jane", "Roe"])
        #expect(moved.presence(of: "uid") == .absent)
        let kept = try #require(try apply("dn: x=y\nchangetype: modrdn\nnewrdn: cn=Roe\ndeleteoldrdn: 0", to: base))
        #expect(kept.dn == "cn=Roe,ou=a,dc=x")
        #expect(kept.values(of: "cn").map(\.string) == ["Doe, Jane", "Jane", "Roe"])
    }

    @Test("what Graph says: some attributes, cleared ones, members added and removed, gone for now")
    func graphShaped() throws {
        let change = EntryChange(
            .upsert, dn: "g1",
            parts: [
                EntryChange.Part(operation: .replace, attribute: "displayName", values: [AttributeValue(text: "New")]),
                EntryChange.Part(operation: .replace, attribute: "mail", values: []),
                EntryChange.Part(operation: .add, attribute: "members.id", values: [AttributeValue(text: "u2")]),
                EntryChange.Part(operation: .remove, attribute: "members.id", values: [AttributeValue(text: "u1")]),
            ])
        let base = Entry(dn: "g1", attributes: ["mail": ["a@b"], "members.id": ["u1"], "other": ["kept"]])
        let after = try #require(try change.applied(to: base))
        #expect(after.first("displayName")?.string == "New")
        #expect(after.presence(of: "mail") == .absent)
        #expect(after.values(of: "members.id").map(\.string) == ["u2"])
        #expect(after.first("other")?.string == "kept")
        #expect(try change.applied(to: nil)?.values(of: "members.id") == [AttributeValue(text: "u2")])
        let gone = EntryChange(.delete, dn: "g1", isRestorable: true)
        #expect(gone.isRestorable)
        #expect(try gone.applied(to: base) == nil)
    }
}
