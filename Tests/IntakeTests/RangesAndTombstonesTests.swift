// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake

@Suite("Ranged attributes and tombstones")
struct RangesAndTombstonesTests {
    private func group(_ name: String, _ range: String) -> String { "dn: cn=\(name),dc=x\nmember;range=\(range): cn=m\n\n" }

    @Test("parts of one attribute in several records, in any order, in whatever spelling of the name")
    func overRecords() {
        let parts = [group("g", "0-499"), group("G", "500-999"), group("g", "1000-*")]
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let outcome = readExport(order.map { parts[$0] }.joined())
            #expect(outcome.proof?.level == .wellFormed, "\(order)")
            #expect(outcome.sink.entries.map(\.hasMissingValues) == [true, true, true])
        }
        for missing in 0..<3 {
            let outcome = readExport(parts.enumerated().filter { $0.offset != missing }.map(\.element).joined())
            #expect(outcome.proof?.level == Proof.Level.none, "without \(missing)")
            #expect(outcome.proof?.notes.contains(.missingRanges(1)) == true)
        }
        #expect(readExport(parts.joined() + group("h", "0-9")).proof?.notes.contains(.missingRanges(1)) == true)
        #expect(readExport(group("g", "0-9") + group("g", "x-*")).proof?.level == Proof.Level.none)
        #expect(readExport(group("g", "0-499") + group("g", "400-*")).proof?.level == .wellFormed, "they may overlap")
        #expect(readExport(group("g", "0-*")).sink.entries.first?.hasMissingValues == false)
    }

    @Test("a part without beginning is told")
    func continuation() throws {
        let outcome = readExport(group("g", "0-4") + group("g", "5-*") + "dn: cn=x\ncn: x\n\n", keeps: true)
        #expect(outcome.sink.kept.map(\.isContinuation) == [false, true, false])
    }

    @Test("unfinished attributes are told apart up to a bound, and never forgotten")
    func bound() {
        var ledger = RangeLedger()
        let count = RangeLedger.limit + 10
        for index in 0..<count {
            var parts = RangeParts()
            let entry = Entry(dn: "\(index)", attributes: ["member": ["a"]])
            _ = Array("member;range=0-1".utf8).withUnsafeBytes { parts.note($0, attribute: 0) }
            ledger.note(entry, parts)
        }
        #expect(ledger.unfinished == count)
    }

    static let tombstone = """
        dn: CN=Jane Doe\\0ADEL:6ecc91e7-1491-405c-af2f-54e6920e3747,CN=Deleted Objects,DC=x
        objectClass: user
        cn:: SmFuZSBEb2UKREVMOjZlY2M5MWU3LTE0OTEtNDA1Yy1hZjJmLTU0ZTY5MjBlMzc0Nw==
        objectGUID:: 55HMbpEUXECvL1Tmkg43Rw==
        isDeleted: TRUE
        lastKnownParent: OU=People,DC=x


        """

    @Test("a tombstone is one: as LDIF, as JSON, with the line feed itself in the name")
    func tombstones() throws {
        let ldif = try #require(readExport(Self.tombstone, keeps: true).sink.kept.first)
        #expect(ldif.isTombstone)
        #expect(ldif.tombstone == Tombstone(formerName: "Jane Doe", lastKnownParent: "OU=People,DC=x"))
        let key = try ExternalKey(try #require(ldif.first("objectGUID")), of: "objectGUID")
        #expect(key.description == "6ecc91e7-1491-405c-af2f-54e6920e3747")
        let json = ldap3(#"{"attributes": {"isDeleted": true}, "dn": "CN=J\nDEL:1,CN=Deleted Objects,DC=x"}"#)
        #expect(readExport(json, keeps: true).sink.kept.first?.tombstone == Tombstone(formerName: "J", lastKnownParent: nil))
        for other in [
            Entry(dn: "CN=Deleted Objects,DC=x", attributes: ["isDeleted": ["TRUE"]]),
            Entry(dn: "CN=J\\0ADEL:1,DC=x", attributes: ["isDeleted": ["FALSE"]]),
            Entry(dn: "CN=J,OU=a\\0ADEL:1,DC=x", attributes: ["isDeleted": ["TRUE"]]),
            Entry(dn: "CN=J,DC=x", attributes: ["cn": ["J"]]),
        ] { #expect(!other.isTombstone, "\(other.dn ?? "")") }
    }

    @Test("a GUID that was taken for text is no id, whatever its wrapping")
    func damagedGUIDs() {
        let damaged: [UInt8] = [0xEF, 0xBF, 0xBD, 0x6E, 0xEF, 0xBF, 0xBD, 0x40, 0xEF, 0xBF, 0xBD, 0x2F, 0x54, 0x0E, 0x37, 0x47]
        for value in [AttributeValue(bytes: damaged), AttributeValue(text: "77+9bu+/vUDvv70vVA43Rw==")] {
            #expect(throws: ExternalKey.Fault.damaged) { try ExternalKey(value, of: "objectGUID") }
        }
        #expect(throws: ExternalKey.Fault.damaged) { try ExternalKey(AttributeValue(bytes: damaged), of: "entryUUID") }
        let sound = AttributeValue(text: "55HMbpEUXECvL1Tmkg43Rw==")
        #expect((try? ExternalKey(sound, of: "objectGUID"))?.description == "6ecc91e7-1491-405c-af2f-54e6920e3747")
        let unlucky: [UInt8] = [0xEF, 0xBF, 0xBD, 0xFF, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
        #expect((try? ExternalKey(AttributeValue(bytes: unlucky), of: "objectGUID"))?.kind == .guid)
    }
}
