// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake

@Suite("CSV")
struct CSVTests {
    static func read(_ bytes: [UInt8], _ options: CSVOptions = CSVOptions(), chunks: [Int] = []) -> Outcome {
        var outcome = Outcome()
        var reader = EntryReader(format: .csv, csv: options)
        do {
            var start = 0
            var turn = 0
            while start < bytes.count {
                let end = min(bytes.count, start + (chunks.isEmpty ? bytes.count : chunks[turn % chunks.count]))
                turn += 1
                try reader.read(bytes[start..<end], into: &outcome.sink)
                start = end
            }
            outcome.proof = try reader.finish(into: &outcome.sink)
        } catch let error as IntakeError {
            outcome.error = error
        } catch { fatalError("\(error)") }
        return outcome
    }

    static func read(_ text: String, _ options: CSVOptions = CSVOptions(), chunks: [Int] = []) -> Outcome {
        read(Array(text.utf8), options, chunks: chunks)
    }

    private func rows(_ outcome: Outcome) -> [[String: String]] {
        outcome.sink.entries.map { $0.attributes.mapValues { $0.map { $0.string ?? "?" }.joined(separator: "^") } }
    }

    static let text = #"""
        id,Name, Mail ,note
        1,"Doe, Jane",j@x.example,"two
        lines, and ""quotes"""
        2,Jörg, "blank" ,
        ,,,
        3,a"b",,="0042"

        4,"",x,"=""007"""
        ,,,

        """#

    @Test("quotes, line ends within, blanks, empty rows, in any chunks, with any line end")
    func content() throws {
        for ending in ["\n", "\r\n", "\r"] {
            let text = Self.text.replacing("\n", with: ending)
            let whole = Self.read(text)
            #expect(whole.error == nil)
            #expect(whole.sink.rejections == [])
            #expect(
                rows(whole) == [
                    ["id": "1", "Name": "Doe, Jane", "Mail": "j@x.example", "note": "two\(ending)lines, and \"quotes\""],
                    ["id": "2", "Name": "Jörg", "Mail": "blank", "note": ""],
                    ["id": "3", "Name": "a\"b\"", "Mail": "", "note": "0042"],
                    ["id": "4", "Name": "", "Mail": "x", "note": "007"],
                ])
            #expect(whole.sink.entries.map(\.position.line) == [2, 4, 6, 8])
            #expect(whole.sink.entries[0].presence["note"] == .present)
            #expect(whole.proof?.level == Proof.Level.none)
            #expect(whole.proof?.notes == [.unprovable])
            let bytes = Array(text.utf8)
            for split in 0...bytes.count {
                #expect(Self.read(bytes, chunks: [max(1, split), bytes.count]) == whole, "split at \(split)")
            }
            for size in 1...20 { #expect(Self.read(bytes, chunks: [size]) == whole, "chunks of \(size)") }
        }
    }

    @Test(
        "the delimiter is found out",
        arguments: [
            ("a,b\n1,2\n", "a"), ("a;b\n1,5;2,5\n2,5;3,5\n", "a"), ("a\tb c\n1\t2, 3\n", "a"), ("a|b|c\n1|2|3\n", "a"),
            ("\"x,y,z\";b\n1;2\n", "x,y,z"), ("sep=;\na,a;b\n1;2\n", "a,a"), ("sep=|\r\na,a|b\r\n1|2\r\n", "a,a"),
            ("a\n1\n", "a"),
            ("name;note\nMeyer, A;x\nRoe, B;y, z\n", "name"), ("a;b,c;d\n1;2,3;4\n5;6;7\n", "a"),
        ])
    func sniffing(text: String, first: String) {
        let whole = Self.read(text)
        #expect(whole.sink.entries.first?.attributes[first] != nil, "\(whole)")
        for size in 1...8 { #expect(Self.read(text, chunks: [size]) == whole) }
    }

    @Test("rows are told from LDIF and JSON, in any chunks")
    func detection() {
        for size in [1, 2, 3, 5, 100] {
            let cells = readExport("\n" + Self.text, chunks: [size])
            #expect(cells.sink.entries.count == 4)
            #expect(readExport("dn: cn=a,dc=b\ncn: a\n\n", chunks: [size]).proof?.level == .wellFormed)
            #expect(readExport("<html>a,b\n", chunks: [size]).error?.code == .unknownShape)
        }
    }

    @Test("without header the policy names the columns, or their numbers do")
    func header() {
        var options = CSVOptions()
        options.hasHeader = false
        #expect(rows(Self.read("1,a\n2,b\n", options)) == [["1": "1", "2": "a"], ["1": "2", "2": "b"]])
        options.columns = ["id", "name"]
        #expect(rows(Self.read("1,a\n2,b\n", options)) == [["id": "1", "name": "a"], ["id": "2", "name": "b"]])
        options.hasHeader = true
        #expect(rows(Self.read("x,x\n2,b\n", options)) == [["id": "2", "name": "b"]])
    }

    @Test("several values in a cell, for the columns that have them")
    func multiValued() throws {
        var options = CSVOptions()
        options.valueSeparator = " | "
        options.multiValuedColumns = ["Groups"]
        options.nameColumn = "LOGIN"
        let outcome = Self.read("login,groups,note\n jd ,a | b |  | c d,x | y\nrr,,\n", options)
        #expect(outcome.sink.entries[0].texts("groups") == ["a", "b", "c d"])
        #expect(outcome.sink.entries[0].texts("note") == ["x | y"])
        #expect(outcome.sink.entries[0].dn == "jd")
        #expect(outcome.sink.entries[1].presence["groups"] == .emptyList)
        #expect(outcome.sink.entries[1].presence["note"] == .present)
        options.valueSeparator = ";"
        options.multiValuedColumns = nil
        #expect(Self.read("login,groups\na,x;y;\n", options).sink.entries[0].texts("groups") == ["x", "y"])
    }

    @Test("short and long rows are rejected with their line, their neighbours are read")
    func wrongLength() {
        let text = "a,b,c\n1,2,3\n1,2\n4,5,6,,\n1,2,3,4\n\"x\"y,2,3\n7,8,9"
        let outcome = Self.read(text)
        #expect(outcome.sink.entries.map { $0.texts("a") } == [["1"], ["4"], ["7"]])
        #expect(outcome.sink.rejections.map(\.position.line) == [3, 5, 6])
        #expect(outcome.sink.rejections.map(\.reason) == [.wrongShape, .wrongShape, .wrongShape])
        #expect(outcome.sink.rejections[0].message == "line 3: 3 cells expected, 2 found")
        #expect(outcome.proof?.notes.contains(.noLineEndAtEnd) == true)
        #expect(outcome.proof?.rejected == 3)
        var options = CSVOptions()
        options.allowsShortRows = true
        let short = Self.read(text, options)
        #expect(short.sink.entries.count == 4)
        #expect(short.sink.entries[1].presence["c"] == nil)
    }

    @Test("two columns of one name refuse the file, or are numbered")
    func duplicates() {
        let text = "Mail,name,mail,,\na,b,c,d,e\n"
        let refused = Self.read(text)
        #expect(refused.error?.code == .unknownShape)
        #expect(refused.error?.found == "\"mail\" over columns 1 and 3")
        var options = CSVOptions()
        options.numbersDuplicates = true
        #expect(
            rows(Self.read(text, options)) == [["Mail": "a", "name": "b", "mail#2": "c"]], "columns without name are left out")
        options.nameColumn = "id"
        #expect(Self.read(text, options).error?.expected == "a column \"id\"")
    }

    @Test("another encoding is named as such")
    func encodings() {
        let latin = Array("name,mail\nJ".utf8) + [0xF6] + Array("rg,j@x\nA,a@x\n".utf8)
        let outcome = Self.read(latin)
        #expect(outcome.sink.rejections.map(\.reason) == [.badText])
        #expect(outcome.sink.entries.count == 1)
        #expect(Self.read([0x4E, 0xE4, 0x2C, 0x62, 0x0A]).error?.code == .notUTF8)
    }

    @Test("what cannot be whole is refused where it begins; what is empty proves so")
    func ends() {
        let open = Self.read("a,b\n1,\"x\n2,y\n")
        #expect(open.error?.code == .truncated)
        #expect(open.error?.line == 2)
        #expect(open.error?.byte == 6)
        #expect(Self.read("a,b\n").proof?.notes == [.unprovable, .noEntries])
        #expect(Self.read("").proof?.notes == [.emptyInput])
    }

    @Test("the Entra sample", .enabled(if: Samples.isThere))
    func sample() throws {
        let outcome = Self.read(try Samples.read("csv/entra-5-records.csv"))
        #expect(outcome.sink.entries.count == 5)
        #expect(outcome.sink.rejections == [])
        #expect(outcome.sink.entries[0].texts("FullName") == ["Talya Fleeta"])
        #expect(outcome.sink.entries[4].attributes.count == 24)
    }

    @Test("damage is survived, and read alike in any chunks")
    func mutations() {
        let seed: UInt64 = 31
        var random = SeededRandom(seed: seed)
        let original = Array(Self.text.utf8)
        let hints: [UInt8] = Array("\",;\r\n\t =|".utf8) + [0, 0xC3, 0xFF]
        var outcomes = (entries: 0, rejected: 0, errors: 0)
        for round in 0..<rounds(2500, soak: 100_000) {
            let bytes = damaged(original, hints: hints, most: 6, longest: 10, using: &random)
            let whole = Self.read(bytes)
            outcomes.entries += whole.sink.entries.count
            outcomes.rejected += whole.sink.rejections.count
            outcomes.errors += whole.error == nil ? 0 : 1
            let chunked = Self.read(bytes, chunks: [Int.random(in: 1..<30, using: &random)])
            #expect(chunked == whole, "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
            if let proof = whole.proof {
                #expect(proof.entries == whole.sink.entries.count)
                #expect(proof.rejected == whole.sink.rejections.count)
            }
        }
        #expect(min(outcomes.entries, outcomes.rejected, outcomes.errors) > 50, "seed \(seed): \(outcomes)")
    }
}
