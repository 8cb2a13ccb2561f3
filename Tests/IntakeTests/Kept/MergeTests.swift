// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Intake

/// An older read and what changed since make the read that there would be now.
@Suite("Merging changes")
struct MergeTests {
    /// The read that comes of both, as texts: `dn|attribute=value|…`, in order.
    static func merge(_ base: String, _ changes: String, limit: Int = ChangeLog.limit) throws -> (lines: [String], unmatched: Int)
    {
        var log = ChangeLog(limit: limit)
        try read(changes, into: &log)
        var merge = ChangeMerge(log, into: CollectingSink())
        merge.sink.keeps = true
        try read(base, into: &merge)
        let unmatched = try merge.finish()
        return (merge.sink.kept.map(line).sorted(), unmatched)
    }

    static func read<S: EntrySink>(_ text: String, into sink: inout S) throws {
        var reader = EntryReader()
        try reader.read(Array(text.utf8), into: &sink)
        _ = try reader.finish(into: &sink)
    }

    static func line(_ entry: Entry) -> String {
        let attributes = entry.attributeNames.map { name in
            let values = entry.values(of: AttributeName(name)).map { $0.string ?? "?" }.sorted()
            return "\(name)=\(values.isEmpty ? "\(entry.presence(of: AttributeName(name)))" : values.joined(separator: "+"))"
        }
        return ([entry.dn ?? ""] + attributes.sorted()).joined(separator: "|")
    }

    private let base = """
        dn: uid=ann,ou=a,dc=x
        uid: ann
        mail: ann@x

        dn: UID=Ben, OU=A, dc=x
        uid: ben
        mail: ben@x

        dn: cn=g,dc=x
        member: uid=ann,ou=a,dc=x
        member: uid=ben,ou=a,dc=x


        """

    @Test("added, changed, renamed, deleted")
    func each() throws {
        let (lines, unmatched) = try Self.merge(
            base,
            """
            dn: uid=cle,ou=a,dc=x
            changetype: add
            uid: cle

            dn: uid=ANN,ou=a,dc=x
            changetype: modify
            replace: mail
            mail: ann@y
            -
            add: title
            title: Dr
            -

            dn: uid=ben,ou=a,dc=x
            changetype: modrdn
            newrdn: uid=benno
            deleteoldrdn: 1

            dn: uid=benno,ou=a,dc=x
            changetype: modify
            delete: mail
            -

            dn: cn=g,dc=x
            changetype: modify
            delete: member
            member: UID=ben,OU=a,DC=x
            -
            add: member
            member: uid=benno,ou=a,dc=x
            member: uid=Ann, ou=a, dc=x
            -

            dn: uid=nobody,ou=a,dc=x
            changetype: modify
            replace: mail
            mail: n@x
            -

            dn: uid=none,ou=a,dc=x
            changetype: delete


            """)
        #expect(
            lines == [
                "cn=g,dc=x|member=uid=ann,ou=a,dc=x+uid=benno,ou=a,dc=x", "uid=ann,ou=a,dc=x|mail=ann@y|title=Dr|uid=ann",
                "uid=benno,OU=A, dc=x|uid=benno", "uid=cle,ou=a,dc=x|uid=cle",
            ])
        #expect(unmatched == 1, "of somebody whom nobody knows; a deletion of nobody is none")
    }

    @Test("a subtree is renamed, and what is below goes with it, before and after")
    func subtree() throws {
        let (lines, unmatched) = try Self.merge(
            base,
            """
            dn: uid=ben,ou=a,dc=x
            changetype: modify
            replace: mail
            mail: early@x
            -

            dn: ou=a,dc=x
            changetype: moddn
            newrdn: ou=b
            deleteoldrdn: 1
            newsuperior: o=new,dc=x

            dn: uid=ann,ou=b,o=new,dc=x
            changetype: modify
            replace: mail
            mail: late@x
            -

            dn: uid=ann,ou=a,dc=x
            changetype: add
            uid: ann
            mail: another@x

            dn: uid=ben,ou=b,o=new,dc=x
            changetype: modrdn
            newrdn: uid=ben
            deleteoldrdn: 0
            newsuperior: dc=x


            """)
        #expect(
            lines == [
                "cn=g,dc=x|member=uid=ann,ou=a,dc=x+uid=ben,ou=a,dc=x", "uid=ann,ou=a,dc=x|mail=another@x|uid=ann",
                "uid=ann,ou=b,o=new,dc=x|mail=late@x|uid=ann", "uid=ben,dc=x|mail=early@x|uid=ben",
            ])
        #expect(unmatched == 0)
        let (gone, _) = try Self.merge(
            base, "dn: ou=a,dc=x\ncontrol: 1.2.840.113556.1.4.805 true\nchangetype: delete\n\n")
        #expect(gone.count == 1)
    }

    @Test("deleted and made anew; made, changed and deleted; replaced as a whole")
    func turns() throws {
        let (lines, unmatched) = try Self.merge(
            base,
            """
            dn: uid=ann,ou=a,dc=x
            changetype: delete

            dn: uid=ann,ou=a,dc=x
            changetype: add
            uid: ann2

            dn: uid=ben,ou=a,dc=x
            changetype: add
            uid: whole

            dn: uid=dan,ou=a,dc=x
            changetype: add
            uid: dan

            dn: uid=dan,ou=a,dc=x
            changetype: delete

            dn: cn=g,dc=x
            member: uid=eve,dc=x


            """)
        #expect(lines == ["cn=g,dc=x|member=uid=eve,dc=x", "uid=ann,ou=a,dc=x|uid=ann2", "uid=ben,ou=a,dc=x|uid=whole"])
        #expect(unmatched == 0)
    }

    @Test("Graph: what is not mentioned stays, null clears, members come and go")
    func graph() throws {
        let base = """
            {"value": [{"id": "U1", "userPrincipalName": "a@x", "displayName": "A", "mail": null, "jobTitle": "J"},
              {"id": "u2", "userPrincipalName": "b@x"},
              {"id": "g1", "groupTypes": [], "members": [{"id": "u1"}, {"id": "u2"}]}]}
            """
        let delta = """
            {"@odata.deltaLink": "x", "value": [{"id": "u1", "displayName": "B", "jobTitle": null},
              {"id": "u2", "@removed": {"reason": "changed"}}, {"id": "u3", "userPrincipalName": "c@x"},
              {"id": "g1", "members@delta": [{"id": "u3"}, {"id": "U2", "@removed": {"reason": "deleted"}}]}]}
            """
        let (lines, unmatched) = try Self.merge(base, delta)
        #expect(
            lines == [
                "U1|displayName=B|id=u1|jobTitle=null|mail=null|objectClass=user|userPrincipalName=a@x",
                "g1|groupTypes=emptyList|id=g1|members.id=u1+u3|objectClass=group",
                "u3|id=u3|objectClass=user|userPrincipalName=c@x",
            ])
        #expect(unmatched == 0)
        var log = ChangeLog()
        try Self.read(delta, into: &log)
        var merge = ChangeMerge(log, into: CollectingSink())
        merge.sink.keeps = true
        try Self.read(base, into: &merge)
        _ = try merge.finish()
        #expect(merge.sink.kept.allSatisfy { $0.names == .plain })
    }

    @Test("what could not be read stays unread, unless it is gone")
    func rejections() throws {
        var log = ChangeLog()
        try Self.read("dn: uid=b,dc=x\nchangetype: delete\n\n", into: &log)
        var merge = ChangeMerge(log, into: CollectingSink())
        try Self.read("dn: uid=a,dc=x\nx:: !\n\ndn: uid=b,dc=x\nx:: !\n\n", into: &merge)
        #expect(merge.sink.rejections.map(\.dn) == ["uid=a,dc=x"])
    }

    @Test("too many changes, and changes that cannot be read, are refused as a whole")
    func refused() throws {
        #expect(throws: ChangeLog.Fault.tooMany(limit: 2_000)) {
            _ = try Self.merge(base, (0..<9).map { "dn: uid=\($0),dc=x\nchangetype: delete\n\n" }.joined(), limit: 2_000)
        }
        let fault = #expect(throws: ChangeLog.Fault.self) {
            _ = try Self.merge(base, "dn: uid=a,dc=x\nchangetype: modify\nadd: b\n-\n\n")
        }
        #expect(fault?.description.hasPrefix("line 1: line 4: values to be added expected") == true, "\(fault as Any)")
    }

    @Test("a large group takes many changes without looking at everybody each time")
    func largeGroup() throws {
        let members = (0..<20_000).map { "member: uid=p\($0),ou=people,dc=x\n" }.joined()
        let changes = (0..<400).map {
            "dn: cn=g,dc=x\nchangetype: modify\nadd: member\nmember: uid=q\($0),ou=people,dc=x\n-\n\n"
        }
        let (lines, _) = try Self.merge("dn: cn=g,dc=x\n\(members)\n", changes.joined())
        #expect(lines[0].split(separator: "+").count == 20_400)
    }

    @Test("random changes of a tree come to the same as one after the other", arguments: [UInt64(1), 2, 3, 20_261_123])
    func walk(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for round in 0..<rounds(60, soak: 3_000) {
            var tree = Tree()
            for _ in 0..<12 { tree.add(&random) }
            let base = tree.ldif
            var changes = ""
            for _ in 0..<Int.random(in: 1..<30, using: &random) { changes += tree.step(&random) }
            let (lines, unmatched) = try Self.merge(base, changes.isEmpty ? "dn: x=x\nchangetype: delete\n\n" : changes)
            try #require(lines == tree.lines, "seed \(seed), round \(round)\n\(base)\nchanges:\n\(changes)")
            #expect(unmatched == 0)
        }
    }
}

/// A tree of entries, changed by the same records that are merged.
private struct Tree {
    /// By name, the parts from the entry upwards.
    private var entries: [[String]: [String: Set<String>]] = [:]
    private var last = 0

    private mutating func next() -> Int {
        last += 1
        return last
    }

    private static func dn(_ name: [String]) -> String { (name + ["dc=x"]).joined(separator: ",") }

    private func sorted() -> [(name: [String], attributes: [String: Set<String>])] {
        entries.map { ($0.key, $0.value) }.sorted { Self.dn($0.0) < Self.dn($1.0) }
    }

    var ldif: String {
        sorted().map { name, attributes in
            "dn: \(Self.dn(name))\n" + Self.body(attributes) + "\n"
        }.joined()
    }

    var lines: [String] {
        sorted().map { name, attributes in
            ([Self.dn(name)]
                + attributes.filter { !$0.value.isEmpty }.map { "\($0)=\($1.sorted().joined(separator: "+"))" }.sorted())
                .joined(separator: "|")
        }.sorted()
    }

    private static func body(_ attributes: [String: Set<String>]) -> String {
        attributes.sorted { $0.key < $1.key }.flatMap { name, values in values.sorted().map { "\(name): \($0)\n" } }.joined()
    }

    private func place(_ random: inout some RandomNumberGenerator) -> [String] {
        let parents = sorted().map(\.name).filter { $0.count < 4 }
        return Int.random(in: 0..<4, using: &random) == 0 ? [] : parents.randomElement(using: &random) ?? []
    }

    @discardableResult
    mutating func add(_ random: inout some RandomNumberGenerator) -> String {
        let number = next()
        // Now and then a name that somebody had before.
        let rdn = Bool.random(using: &random) ? "cn=e\(number)" : "cn=r\(Int.random(in: 0..<6, using: &random))"
        let name = [rdn] + place(&random)
        guard entries[name] == nil else { return "" }
        let attributes: [String: Set<String>] = ["cn": [String(rdn.dropFirst(3))], "id": ["\(number)"], "m": ["a", "b"]]
        entries[name] = attributes
        return "dn: \(Self.dn(name))\nchangetype: add\n\(Self.body(attributes))\n"
    }

    mutating func step(_ random: inout some RandomNumberGenerator) -> String {
        guard let name = sorted().randomElement(using: &random)?.name else { return add(&random) }
        let below = entries.keys.filter { $0.count > name.count && $0.suffix(name.count).elementsEqual(name) }
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<3: return add(&random)
        case 3:
            entries[name] = nil
            for other in below { entries[other] = nil }
            return "dn: \(Self.dn(name))\ncontrol: 1.2.840.113556.1.4.805 true\nchangetype: delete\n\n"
        case 4..<6:
            let value = "v\(next())"
            let operation = ["add", "delete", "replace"].randomElement(using: &random) ?? "add"
            switch operation {
            case "add": entries[name]?["m", default: []].insert(value)
            case "replace": entries[name]?["m"] = [value]
            default: entries[name]?["m"] = []
            }
            return
                "dn: \(Self.dn(name))\nchangetype: modify\n\(operation): m\n\(operation == "delete" ? "" : "m: \(value)\n")-\n\n"
        default:
            let superior = place(&random)
            guard !superior.suffix(name.count).elementsEqual(name) else { return "" }
            let rdn = Bool.random(using: &random) ? name[0] : "cn=n\(next())"
            let deletes = Bool.random(using: &random)
            let now = [rdn] + superior
            guard entries[now] == nil, now != name else { return "" }
            var moved = entries.removeValue(forKey: name) ?? [:]
            if deletes { moved["cn"]?.remove(String(name[0].dropFirst(3))) }
            moved["cn", default: []].insert(String(rdn.dropFirst(3)))
            entries[now] = moved
            for other in below {
                entries[Array(other.dropLast(name.count)) + now] = entries.removeValue(forKey: other)
            }
            return """
                dn: \(Self.dn(name))
                changetype: moddn
                newrdn: \(rdn)
                deleteoldrdn: \(deletes ? 1 : 0)
                newsuperior: \(Self.dn(superior))


                """
        }
    }
}
