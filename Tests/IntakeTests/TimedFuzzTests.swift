// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Intake

/// Exports of every format, of one file or several, compressed and encoded in every way, damaged for as long as there is time.
///
/// `MUSTER_FUZZ_SECONDS` says how long, ten minutes where `MUSTER_SOAK` is set; `MUSTER_FUZZ_SEED` has a failing run again.
@Suite("Fuzzing for a time", .serialized)
struct TimedFuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seconds =
        environment["MUSTER_FUZZ_SECONDS"].flatMap { Double($0) } ?? (environment["MUSTER_SOAK"] == nil ? 5 : 600)
    private static let seed = environment["MUSTER_FUZZ_SEED"].flatMap { UInt64($0) } ?? 71
    /// Of a reader's own for one of these small files, and of the process over all of them.
    private static let slowest = Duration.seconds(20)
    private static let growthLimit = 32 << 20

    /// What is read, with the name that it is handed over under.
    private static let texts: [(name: String, text: String)] =
        JSONFormatFuzzTests.files.map { ($0.group.map { "group=\($0).json" } ?? "users.json", $0.text) } + [
            ("a.json", FuzzTests.json), ("a.ldif", FuzzTests.ldif), ("changes.ldif", LDIFChangeTests.text),
            ("a.csv", CSVTests.text),
            ("b.ldif", DecodingTests.text),
        ]

    private struct Case {
        var files: [(String?, [UInt8])]
        var options: ExportOptions
    }

    @Test("nothing crashes, hangs or grows, and chunks make no difference")
    func everything() throws {
        var random = SeededRandom(seed: Self.seed)
        let end = ContinuousClock.now + .seconds(Self.seconds)
        var (rounds, good, bad) = (0, 0, 0)
        var warm = 0
        while ContinuousClock.now < end {
            rounds += 1
            // Each round by a seed of its own, so that one round can be had again alone.
            let seed = random.next()
            var own = SeededRandom(seed: seed)
            let example = Self.example(&own)
            let began = ContinuousClock.now
            let whole = ExportTests.read(example.files, example.options, chunk: 1 << 20)
            let chunked = ExportTests.read(example.files, example.options, chunk: Int.random(in: 1..<50, using: &own))
            #expect(ContinuousClock.now - began < Self.slowest, "round \(rounds), seed \(seed) of \(Self.seed)")
            #expect(Self.isAlike(whole, chunked), "round \(rounds), seed \(seed) of \(Self.seed): \(example)")
            if whole.error == nil { good += 1 } else { bad += 1 }
            if rounds == 2_000 { warm = Self.resident() }
        }
        print("\(rounds) exports, \(good) read to their end, \(bad) not")
        #expect(good > rounds / 100 && bad > rounds / 100, "the damage is neither nothing nor total")
        if warm > 0 {
            let growth = Self.resident() - warm
            #expect(growth < Self.growthLimit, "grew by \(growth) bytes in \(rounds) rounds")
        }
    }

    @Test("manifests and change records on entries")
    func besides() {
        var random = SeededRandom(seed: Self.seed)
        let digest = String(repeating: "0a", count: 32)
        let manifest = Array(
            "{\"entries\": 3, \"created\": \"now\", \"sha256\": \"\(digest)\", \"files\": {\"a\": \"\(digest)\"}, \"signature\": \"AA==\"}"
                .utf8)
        let end = ContinuousClock.now + .seconds(Self.seconds / 10)
        while ContinuousClock.now < end {
            _ = try? Manifest(
                parsing: damaged(manifest, hints: Array("{}[]\":,0a\n\\".utf8), most: 4, longest: 12, using: &random))
            let bytes = damaged(
                Array(LDIFChangeTests.text.utf8), hints: Array("-:\n <#=;1".utf8), most: 4, longest: 30, using: &random)
            var entries: [String: Entry] = [:]
            for change in LDIFChangeTests.read(bytes).sink.kept {
                let dn = change.dn ?? ""
                entries[dn] = (try? change.applied(to: entries[dn])) ?? nil
            }
        }
    }

    // MARK: Examples

    private static func example(_ random: inout SeededRandom) -> Case {
        var options = ExportOptions()
        if Int.random(in: 0..<4, using: &random) == 0 {
            options.format = EntryFormat.allCases.randomElement(using: &random) ?? .detect
        }
        if Int.random(in: 0..<8, using: &random) == 0 { options.encoding = TextEncoding.allCases.randomElement(using: &random) }
        let count = Int.random(in: 0..<4, using: &random) == 0 ? Int.random(in: 2...3, using: &random) : 1
        var files: [(String?, [UInt8])] = []
        for number in 0..<count {
            let (name, text) = texts.randomElement(using: &random) ?? texts[0]
            let isSingle = count == 1 && !name.hasPrefix("group=")
            files.append((isSingle ? nil : "\(number)-\(name)", bytes(text, &random)))
        }
        return Case(files: files, options: options)
    }

    /// The text, damaged before or after it is encoded, or both.
    private static func bytes(_ text: String, _ random: inout SeededRandom) -> [UInt8] {
        let hints = Array("{}[]\",:\\u0 \n\r#<d-=*;|nt1".utf8) + [0, 0x80, 0xC3, 0xED, 0xF4, 0xFF, 0xEF, 0x1F, 0x8B]
        var text = Array(text.utf8)
        if Bool.random(using: &random) { text = damaged(text, hints: hints, most: 5, longest: 24, using: &random) }
        let string = String(decoding: text, as: UTF8.self)
        var bytes: [UInt8] =
            switch Int.random(in: 0..<8, using: &random) {
            case 0: DecodingTests.utf16(string, little: true, mark: Bool.random(using: &random))
            case 1: DecodingTests.utf16(string, little: false, mark: true)
            case 2: [0xEF, 0xBB, 0xBF] + text
            default: text
            }
        if Int.random(in: 0..<4, using: &random) == 0 { bytes = DecodingTests.gzip(bytes) }
        if Bool.random(using: &random), !bytes.isEmpty {
            bytes = damaged(bytes, hints: hints, most: 3, longest: 24, using: &random)
        }
        return bytes
    }

    /// Of what is compressed or encoded, the chunks decide which of several faults is found first.
    private static func isAlike(_ one: ExportTests.Outcome, _ other: ExportTests.Outcome) -> Bool {
        one.error == nil || other.error == nil ? one == other : true
    }

    /// Bytes of memory that the process has.
    private static func resident() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let pages = status.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
