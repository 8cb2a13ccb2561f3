// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import Testing
import WebSurface

@Suite struct JSONParserTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)).value }

    @Test func keepsNumbersExactly() throws {
        let parsed = try parse(#"[0,-1,9223372036854775807,9223372036854775808,0.10,1e3,1.5E-2,100000000000000000000]"#)
        #expect(
            parsed
                == .array([
                    .integer(0), .integer(-1), .integer(.max), .decimal("9223372036854775808"), .decimal("0.10"), .decimal("1e3"),
                    .decimal("1.5E-2"), .decimal("100000000000000000000"),
                ]))
    }

    @Test func readsEscapesAndPlainText() throws {
        #expect(try parse(#""a\"\\\/\b\f\n\r\t\u00e4\uD83D\uDE00ö""#) == .string("a\"\\/\u{8}\u{c}\n\r\tä😀ö"))
    }

    @Test func lastDuplicateKeyWinsAtItsFirstPlace() throws {
        guard case .object(let object) = try parse(#"{"a":1,"b":2,"a":{"c":null}}"#) else {
            Issue.record("no object")
            return
        }
        #expect(object.keys == ["a", "b"])
        #expect(object["a"] == .object(["c": .null]))
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "'a'", "01", "1.", ".5", "+1", "-", "1e", "NaN", "nul", "truee", "[1 2]",
        "\"\\x\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"a\nb\"", "\"abc", "[]]", "// a\n1", "{\"a\":1 \"b\":2}",
        "\u{0}1", "1\u{0}",
    ])
    func refusesWhatIsNotJSON(_ text: String) {
        #expect(throws: JSONSyntaxError.self) { try parse(text) }
    }

    @Test func refusesInvalidUTF8() {
        for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0xFE, 0xFF]] {
            #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(bytes) }
        }
    }

    @Test func limitsDepth() throws {
        let deep = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(try parse(deep(100)) != .null)
        #expect(throws: JSONSyntaxError.tooDeep) { try parse(deep(101)) }
        #expect(throws: JSONSyntaxError.tooDeep) { try parse(String(repeating: "{\"a\":", count: 500_000)) }
    }

    @Test func flagsWhatCannotBeStored() throws {
        #expect(try JSONParser.parse(Array(#"{"a":"b","c":1.5}"#.utf8)).needsScrutiny == false)
        for text in [#"["\u0000"]"#, #"{"a\u0000":1}"#, "[1e999999999]", "1E-500", String(repeating: "9", count: 500)] {
            let document = try JSONParser.parse(Array(text.utf8))
            #expect(document.needsScrutiny && !document.value.isStorable, "\(text)")
        }
    }

    @Test func manyKeysTakeLinearTime() throws {
        let fields = (0..<60_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
        let start = ContinuousClock.now
        guard case .object(let object) = try parse("{\(fields)}") else { return }
        #expect(object.count == 60_000 && object["k59999"] == .integer(59_999))
        #expect(.now - start < .seconds(3))
    }

    @Test func agreesWithTheJSONSuite() throws {
        guard let folder = JSONSuite.folder else { return }
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        var judged = 0
        for file in files where file.pathExtension == "json" {
            let accepted = (try? JSONParser.parse(Array(Data(contentsOf: file)))) != nil
            switch file.lastPathComponent.prefix(2) {
            case "y_": #expect(accepted, "\(file.lastPathComponent)")
            case "n_": #expect(!accepted, "\(file.lastPathComponent)")
            default: continue
            }
            judged += 1
        }
        #expect(judged > 250)
    }

    /// Random documents survive writing and parsing; damaged ones are refused or parsed, never a trap.
    @Test func survivesFuzz() throws {
        let seed = UInt64(20_260_131)
        var random = SeededRandom(seed: seed)
        for round in 0..<3000 {
            let value = random.jsonValue(depth: 4)
            var writer = JSONWriter()
            writer.element(value)
            var bytes = Array(writer.buffer.readableBytesView)
            let again = try JSONParser.parse(bytes).value
            #expect(again == value, "seed \(seed), round \(round)")
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: at)
                default: bytes.removeSubrange(at...)
                }
            }
            let ours = try? JSONParser.parse(bytes).value
            let theirs = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            // Foundation is the more lenient one: what it refuses we refuse as well.
            if theirs == nil, let ours { #expect(!ours.isStorable || ours.hasNumber, "seed \(seed), round \(round): \(bytes)") }
        }
    }
}

enum JSONSuite {
    /// The suite beside the repository, when it is there.
    static var folder: URL? {
        var folder = URL(filePath: #filePath)
        while folder.pathComponents.count > 1 {
            folder.deleteLastPathComponent()
            let candidate = folder.appending(path: "shared/samples/json-suite")
            if FileManager.default.fileExists(atPath: candidate.path()) { return candidate }
        }
        return nil
    }
}

extension JSONValue {
    /// Foundation refuses some numbers that the grammar allows.
    var hasNumber: Bool {
        switch self {
        case .integer, .decimal: true
        case .array(let elements): elements.contains(where: \.hasNumber)
        case .object(let object): object.values.contains(where: \.hasNumber)
        default: false
        }
    }
}
