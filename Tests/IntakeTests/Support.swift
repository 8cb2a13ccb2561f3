// SPDX-License-Identifier: Apache-2.0

import Foundation
import Intake

/// Keeps everything that a reader says.
struct CollectingSink: EntrySink, Equatable {
    /// An entry as plain values, so that entries compare.
    struct Seen: Equatable {
        var dn: String?
        var position: Position
        var hasMissingValues: Bool
        var attributes: [String: [AttributeValue]]
        var presence: [String: Entry.Presence]
    }

    var entries: [Seen] = []
    var rejections: [Rejection] = []
    /// Whether the entries themselves are kept too.
    var keeps = false
    var kept: [Entry] = []

    mutating func entry(_ entry: borrowing Entry) {
        var seen = Seen(
            dn: entry.dn, position: entry.position, hasMissingValues: entry.hasMissingValues, attributes: [:], presence: [:])
        for name in entry.attributeNames {
            seen.attributes[name] = entry.values(of: AttributeName(name))
            seen.presence[name] = entry.presence(of: AttributeName(name))
        }
        entries.append(seen)
        if keeps { kept.append(copy entry) }
    }

    mutating func rejected(_ rejection: Rejection) {
        rejections.append(rejection)
    }

    static func == (a: Self, b: Self) -> Bool {
        a.entries == b.entries && a.rejections == b.rejections
    }
}

/// The outcome of a read: what was said, and the proof or the error.
struct Outcome: Equatable {
    var sink = CollectingSink()
    var proof: Proof?
    var error: IntakeError?
}

/// Reads an export in chunks of the given sizes (repeated; whole where there are none).
func readExport(
    _ bytes: [UInt8], format: EntryFormat = .detect, group: String? = nil, chunks: [Int] = [],
    limits: EntryLimits = EntryLimits(), keeps: Bool = false
) -> Outcome {
    var outcome = Outcome()
    outcome.sink.keeps = keeps
    var reader = EntryReader(format: format, group: group, limits: limits)
    do {
        var start = 0
        var turn = 0
        while start < bytes.count {
            let size = chunks.isEmpty ? bytes.count : chunks[turn % chunks.count]
            turn += 1
            let end = min(bytes.count, start + size)
            try reader.read(bytes[start..<end], into: &outcome.sink)
            start = end
        }
        outcome.proof = try reader.finish(into: &outcome.sink)
    } catch let error as IntakeError {
        outcome.error = error
    } catch {
        fatalError("another error: \(error)")
    }
    return outcome
}

func readExport(
    _ text: String, format: EntryFormat = .detect, group: String? = nil, chunks: [Int] = [], keeps: Bool = false
) -> Outcome {
    readExport(Array(text.utf8), format: format, group: group, chunks: chunks, keeps: keeps)
}

/// Wraps entries in the form of ldap3.
func ldap3(_ entries: String...) -> String {
    "{\"entries\": [\(entries.joined(separator: ", "))]}"
}

extension CollectingSink.Seen {
    func texts(_ name: String) -> [String?] {
        (attributes[name] ?? []).map(\.string)
    }
}

/// The samples of the field: beside the repository, or where `MUSTER_SAMPLES` says.
enum Samples {
    static let folder: URL? = {
        var candidates: [URL] = []
        if let path = ProcessInfo.processInfo.environment["MUSTER_SAMPLES"] { candidates.append(URL(filePath: path)) }
        var up = URL(filePath: #filePath)
        for _ in 0..<6 {
            up = up.deletingLastPathComponent()
            candidates.append(up.appending(path: "shared/samples"))
        }
        return candidates.first { FileManager.default.fileExists(atPath: $0.appending(path: "json-suite").path) }
    }()

    static var isThere: Bool { folder != nil }

    static func read(_ path: String) throws -> [UInt8] {
        guard let folder else { throw CocoaError(.fileNoSuchFile) }
        return Array(try Data(contentsOf: folder.appending(path: path)))
    }
}

/// SplitMix64, so that a failing run can be had again by its seed.
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

/// How many rounds of a random test run: few always, many with `MUSTER_SOAK=1`.
func rounds(_ few: Int, soak many: Int) -> Int {
    ProcessInfo.processInfo.environment["MUSTER_SOAK"] == "1" ? many : few
}

/// The bytes with some damage: changed to one of the hints, left out, or a hint put in between.
///
/// - Parameters:
///   - most: one less than so many places.
///   - longest: of what is left out, one less than that.
func damaged(
    _ original: [UInt8], hints: [UInt8], most: Int, longest: Int, using random: inout some RandomNumberGenerator
) -> [UInt8] {
    var bytes = original
    for _ in 0..<Int.random(in: 1..<most, using: &random) {
        // Nothing is left to be damaged of a short one, now and then.
        guard !bytes.isEmpty else { break }
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[at] = hints.randomElement(using: &random) ?? 0
        case 1: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1..<longest, using: &random)))
        default: bytes.insert(hints.randomElement(using: &random) ?? 0, at: at)
        }
    }
    return bytes
}
