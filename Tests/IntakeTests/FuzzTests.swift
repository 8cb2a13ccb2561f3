// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake

/// Random damage and random chunks, by a fixed seed; long with `MUSTER_SOAK=1`.
@Suite("Fuzzing")
struct FuzzTests {
    static let json = """
        \u{FEFF}{"entries": [
          {"attributes": {"cn": ["J\\u00f6rg \\ud83d\\ude00", "Jörg"], "mail": "j@x.example", "n": -12.5e3, "b": [true, null],
            "photo": {"encoded": "/9j/4A==", "encoding": "base64"}, "none": []}, "dn": "cn=1,dc=x", "raw": {"a": [[1]]}},
          {"attributes": {"member": [], "member;range=0-1": ["cn=a", "cn=b"], "sn": ""}, "dn": "cn=2\\\\, x,dc=x"},
          {"attributes": {"member;range=0-1": ["é"], "t": "\\"\\/"}, "dn": "cn=3"}
        ]}

        """
    static let ldif = """
        # extended LDIF
        # a comment th
         at is folded

        # numEntries: 5, people
        dn: cn=1,
         dc=x\r
        cn:: SsO2
         cmc=
        cn;lang-fr: Aimée
        mail: j@x.example
        photo:: /9j/4A==

        dn: cn=2,dc=x
        member;range=0-1: a
        member;range=2-*: b
        url:< file:///x

        ref: ldap://other

        search: 2
        result: 0 Success

        # numResponses: 4
        # numEntries: 2

        """

    @Test("any chunks give the same entries, rejections, proof and errors", arguments: [json, ldif])
    func chunks(text: String) {
        let seed: UInt64 = 11
        var random = SeededRandom(seed: seed)
        let bytes = Array(text.utf8)
        let whole = readExport(bytes)
        #expect(whole.error == nil)
        #expect(whole.proof != nil)
        for round in 0..<rounds(300, soak: 20_000) {
            let sizes = (0..<5).map { _ in Int.random(in: 1..<(round % 3 == 0 ? 4 : 60), using: &random) }
            #expect(readExport(bytes, chunks: sizes) == whole, "seed \(seed), chunks \(sizes)")
        }
    }

    @Test("damage is survived, and read alike in any chunks", arguments: [json, ldif])
    func mutations(text: String) {
        let seed: UInt64 = 12
        var random = SeededRandom(seed: seed)
        let original = Array(text.utf8)
        let hints: [UInt8] = Array("{}[]\",:\\u0 \n\r#<d-=*".utf8) + [0, 0x80, 0xC3, 0xED, 0xF4, 0xFF, 0xEF]
        var outcomes = (good: 0, bad: 0)
        for round in 0..<rounds(3000, soak: 100_000) {
            var bytes = original
            for _ in 0..<Int.random(in: 1..<5, using: &random) { mutate(&bytes, hints, &random) }
            let whole = readExport(bytes)
            if whole.error == nil { outcomes.good += 1 } else { outcomes.bad += 1 }
            let chunked = readExport(bytes, chunks: [Int.random(in: 1..<30, using: &random)])
            #expect(chunked == whole, "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
            checkInvariants(whole, bytes: bytes, round: round)
        }
        // Both ways must have been walked, or the test tells nothing.
        #expect(outcomes.good > 20)
        #expect(outcomes.bad > 20)
    }

    private func mutate(_ bytes: inout [UInt8], _ hints: [UInt8], _ random: inout SeededRandom) {
        guard !bytes.isEmpty else { return }
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[at] = hints.randomElement(using: &random) ?? 0
        case 2: bytes.insert(hints.randomElement(using: &random) ?? 0, at: at)
        case 3: bytes.remove(at: at)
        case 4: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1..<20, using: &random)))
        default: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + Int.random(in: 1..<20, using: &random))], at: at)
        }
    }

    private func checkInvariants(_ outcome: Outcome, bytes: [UInt8], round: Int) {
        #expect((outcome.error == nil) == (outcome.proof != nil))
        if let proof = outcome.proof {
            #expect(proof.entries == outcome.sink.entries.count, "round \(round)")
            #expect(proof.rejected == outcome.sink.rejections.count, "round \(round)")
            #expect(proof.bytes == bytes.count, "round \(round)")
            if outcome.sink.entries.contains(where: \.hasMissingValues) { #expect(proof.level == Proof.Level.none) }
        }
        if let error = outcome.error {
            #expect(error.byte >= 0 && error.byte <= bytes.count, "round \(round): \(error)")
            #expect(error.line == 1 + bytes[..<min(error.byte, bytes.count)].count { $0 == 0x0A }, "round \(round): \(error)")
        }
        for entry in outcome.sink.entries {
            #expect(entry.dn?.isEmpty == false)
            for value in entry.attributes.values.joined() {
                #expect((String(validating: value.bytes, as: UTF8.self) != nil) == (value.kind == .text), "round \(round)")
            }
        }
    }

    @Test("pure noise is survived")
    func noise() {
        var random = SeededRandom(seed: 13)
        for _ in 0..<rounds(2000, soak: 100_000) {
            let bytes = (0..<Int.random(in: 0..<60, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            for format in EntryFormat.allCases { _ = readExport(bytes, format: format, chunks: [7]) }
            var key: [UInt8] = []
            _ = bytes.withUnsafeBytes { DistinguishedName.normalise($0, into: &key) }
            _ = bytes.withUnsafeBytes { Base64.decode($0, into: &key) }
            let isValid = bytes.withUnsafeBytes { UTF8Check.isValid($0) }
            #expect(isValid == (String(validating: bytes, as: UTF8.self) != nil))
            _ = try? ExternalKey(AttributeValue(bytes: bytes), of: "objectSid")
        }
    }
}
