// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake

/// Every cut, random damage and long files, for all formats that are lists of JSON objects.
@Suite("Lists of JSON objects: cuts, damage, length")
struct JSONFormatFuzzTests {
    /// A small file of each shape, with the group that its name would give.
    static let files: [(text: String, group: String?, format: EntryFormat)] = [
        ("{\"users\": [\(KeycloakTests.user)], \"realm\": \"r\", \"groups\": \(KeycloakTests.groups)}\n", nil, .keycloak),
        (
            "{\"value\": [\(GraphTests.user), \(GraphTests.group)], \"@odata.nextLink\": \"h\", \"@odata.context\": \"x#users\"}",
            nil, .graph
        ),
        (
            #"{"@odata.deltaLink": "x", "value": [{"id": "1", "@removed": {"reason": "changed"}}, {"id": "g", "members@delta": "#
                + #"[{"id": "m", "@removed": {}}, {"id": "n"}]}]}"#, nil, .graph
        ),
        (PowerShellTests.old, nil, .powershell),
        ("[\(PowerShellTests.new),\n\(PowerShellTests.new)]", nil, .powershell),
        ("{\(SCIMTests.list), \"totalResults\": 2, \"Resources\": [\(SCIMTests.user)], \"startIndex\": 2}", nil, .scim),
        (OktaTests.users, nil, .okta), (OktaTests.users, "g", .okta),
        ("{\"kind\": \"admin#directory#users\", \"users\": [\(GoogleTests.user)], \"nextPageToken\": \"\"}", nil, .google),
        (#"{"g@x": [{"preferredMemberKey": {"id": "a@x"}, "type": "USER"}], "h@x": []}"#, nil, .google),
        (ObjectsTests.line + "\n" + ObjectsTests.line + "\n", nil, .ndjson),
        ("[{\"Domain Users\": [\(LDAP3ShapesTests.one)], \"H\": [\(LDAP3ShapesTests.two)]}]", nil, .ldap3),
        ("\(LDAP3ShapesTests.one)\n\(LDAP3ShapesTests.two)\n", nil, .ldap3),
    ]

    private func read(_ bytes: [UInt8], _ file: Int, chunks: [Int] = [], format: EntryFormat = .detect) -> Outcome {
        readExport(bytes, format: format, group: Self.files[file].group, chunks: chunks)
    }

    @Test("cut in two at any byte, or into single bytes, a file gives the same", arguments: files.indices)
    func splits(file: Int) {
        let bytes = Array(Self.files[file].text.utf8)
        let whole = read(bytes, file)
        #expect(whole.error == nil)
        #expect(!whole.sink.entries.isEmpty)
        #expect(read(bytes, file, chunks: [1]) == whole)
        #expect(read(bytes, file, format: Self.files[file].format) == whole)
        for position in 1..<bytes.count {
            #expect(read(bytes, file, chunks: [position, bytes.count]) == whole, "cut at \(position)")
        }
    }

    @Test("a file that ends too early is an error, or proves nothing", arguments: files.indices)
    func ends(file: Int) {
        let bytes = Array(Self.files[file].text.utf8)
        for end in 1..<bytes.count {
            let outcome = read(Array(bytes[..<end]), file)
            if let error = outcome.error {
                #expect(error.code == .truncated, "\(error)")
                #expect(error.byte == end)
                #expect(error.line == 1 + bytes[..<end].count { $0 == 0x0A })
            } else {
                // Blanks at the end may be missing; of one object after the other, all of the last but its line end is there.
                let isWhole = bytes[end...].allSatisfy { $0 == 0x0A }
                let level = outcome.proof?.level ?? .attested
                #expect(isWhole || level == .none || outcome.sink.entries.count == 1, "cut at \(end)")
            }
        }
    }

    @Test("damage is survived, and read alike in any chunks")
    func damage() {
        let seed: UInt64 = 14
        var random = SeededRandom(seed: seed)
        let hints = Array("{}[]\",:\\u0 \n#nt1".utf8) + [0, 0x80, 0xC3, 0xFF]
        var outcomes = (good: 0, bad: 0)
        for round in 0..<rounds(2500, soak: 200_000) {
            let file = Int.random(in: Self.files.indices, using: &random)
            var bytes = Array(Self.files[file].text.utf8)
            for _ in 0..<Int.random(in: 1..<4, using: &random) {
                let at = Int.random(in: bytes.indices, using: &random)
                let end = min(bytes.count, at + Int.random(in: 1..<24, using: &random))
                switch Int.random(in: 0..<6, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[at] = hints.randomElement(using: &random) ?? 0
                case 2: bytes.insert(hints.randomElement(using: &random) ?? 0, at: at)
                case 3: if bytes.count > 1 { bytes.remove(at: at) }
                case 4: if end - at < bytes.count { bytes.removeSubrange(at..<end) }
                default: bytes.insert(contentsOf: bytes[at..<end], at: at)
                }
            }
            let format = round % 3 == 0 ? Self.files[file].format : .detect
            let whole = read(bytes, file, format: format)
            if whole.error == nil { outcomes.good += 1 } else { outcomes.bad += 1 }
            let chunked = read(bytes, file, chunks: [Int.random(in: 1..<40, using: &random)], format: format)
            #expect(chunked == whole, "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
            check(whole, bytes, "seed \(seed), round \(round)")
        }
        #expect(outcomes.good > 50)
        #expect(outcomes.bad > 50)
    }

    private func check(_ outcome: Outcome, _ bytes: [UInt8], _ place: String) {
        #expect((outcome.error == nil) == (outcome.proof != nil), "\(place)")
        if let proof = outcome.proof {
            #expect(proof.entries == outcome.sink.entries.count, "\(place)")
            #expect(proof.rejected == outcome.sink.rejections.count, "\(place)")
            #expect(proof.bytes == bytes.count, "\(place)")
        }
        if let error = outcome.error {
            #expect(error.byte >= 0 && error.byte <= bytes.count, "\(place): \(error)")
            #expect(error.line == 1 + bytes[..<min(error.byte, bytes.count)].count { $0 == 0x0A }, "\(place): \(error)")
        }
        #expect(outcome.sink.entries.allSatisfy { $0.dn?.isEmpty == false }, "\(place)")
    }

    @Test("a nested list of any order keeps every value", arguments: [15, 16, 17])
    func primaries(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for round in 0..<200 {
            // A list of lists, some of whose items are primary: the first primary one of a list is its first.
            var expected: [[Int]] = []
            var next = 0
            var text = ""
            var hasPrimaryItem = false
            for _ in 0..<Int.random(in: 1..<5, using: &random) {
                var inner: [Int] = []
                var items: [String] = []
                var hasPrimary = false
                for _ in 0..<Int.random(in: 0..<4, using: &random) {
                    next += 1
                    let isPrimary = Int.random(in: 0..<3, using: &random) == 0
                    items.append(isPrimary ? "{\"primary\": true, \"v\": \(next)}" : "{\"v\": \(next)}")
                    inner.insert(next, at: isPrimary && !hasPrimary ? 0 : inner.count)
                    hasPrimary = hasPrimary || isPrimary
                }
                let isFirst = Int.random(in: 0..<3, using: &random) == 0 && !hasPrimaryItem
                hasPrimaryItem = hasPrimaryItem || isFirst
                text +=
                    (text.isEmpty ? "" : ", ")
                    + "{\"in\": [\(items.joined(separator: ", "))]\(isFirst ? ", \"primary\": true" : "")}"
                expected.insert(inner, at: isFirst ? 0 : expected.count)
            }
            let outcome = readExport("{\"id\": 1, \"a\": [\(text)]}")
            let seen = outcome.sink.entries.first?.texts("a.in.v").compactMap { $0.flatMap { Int($0) } } ?? []
            #expect(seen == expected.flatMap(\.self), "seed \(seed), round \(round): \(text)")
        }
    }

    @Test("a long file takes no more memory than a short one")
    func length() throws {
        struct Counting: EntrySink {
            var entries = 0
            mutating func entry(_ entry: borrowing Entry) { entries += 1 }
            mutating func rejected(_ rejection: Rejection) {}
        }
        for (start, item, end) in [
            ("{\"realm\": \"r\", \"users\": [", KeycloakTests.user, "]}"), ("[", PowerShellTests.new, "]"),
            ("", ObjectsTests.line, ""),
            ("{\"realm\": \"r\", \"groups\": [", String(KeycloakTests.groups.dropFirst().dropLast()), "]}"),
            ("[", LDAP3ShapesTests.one, "]"),
        ] {
            let separator = start.isEmpty ? "\n" : ","
            let block = Array(repeatElement(item, count: 100).joined(separator: separator).utf8)
            var sink = Counting()
            var reader = EntryReader()
            try reader.read(Array(start.utf8), into: &sink)
            var early = 0
            for round in 0..<30 {
                if round > 0 { try reader.read(Array(separator.utf8), into: &sink) }
                try reader.read(block, into: &sink)
                if round == 4 { early = Self.held(by: reader) }
            }
            #expect(Self.held(by: reader) <= early * 2 + 4096, "\(start)")
            try reader.read(Array(end.utf8), into: &sink)
            let proof = try reader.finish(into: &sink)
            #expect(sink.entries >= 3_000)
            #expect(proof.entries == sink.entries)
        }
    }

    /// How much a reader holds: the bytes and elements of everything stored in it, at any depth.
    private static func held(by value: Any) -> Int {
        if let bytes = value as? [UInt8] { return bytes.count }
        return Mirror(reflecting: value).children.reduce(1) { $0 + held(by: $1.value) }
    }
}
