// SPDX-License-Identifier: Apache-2.0

/// Which ranged attributes (`member;range=0-499`) of a whole read have not reached their end yet.
///
/// The parts of one attribute may stand in one entry, in several entries of the same name, and in several files, in any
/// order. Kept is only what is open, and of that no values: memory grows with the number of unfinished attributes, up to a bound.
package struct RangeLedger: Sendable, Hashable {
    /// So many unfinished attributes are told apart; what is beyond counts as never finished.
    static let limit = 100_000

    private struct Key: Hashable {
        var owner: [UInt8]
        var attribute: [UInt8]
    }

    /// Parts seen, ascending, merged where they touch; the end is `Int.max` for `*`.
    private var open: [Key: [Span]] = [:]
    private var beyond = 0

    struct Span: Hashable {
        var low: Int
        var high: Int
    }

    package init() {}

    /// Attributes of which parts are missing.
    package var unfinished: Int { open.count + beyond }

    /// Notes the parts that an entry has.
    mutating func note(_ entry: borrowing Entry, _ parts: RangeParts) {
        guard !parts.isEmpty else { return }
        var owner: [UInt8] = []
        let isName = entry.withDN { DistinguishedName.normalise($0, into: &owner) }
        if isName != true { owner = entry.withDN { Array($0) } ?? [] }
        parts.forEach { attribute, span in
            let name = entry.attributes[attribute]
            let start = Int(name.nameStart)
            let folded = NameForm.folded(Array(entry.bytes[start..<start + Int(name.nameLength)]))
            add([span], to: Key(owner: owner, attribute: folded))
        }
    }

    /// Adds what another file of the same read left open.
    package mutating func merge(_ other: RangeLedger) {
        for (key, spans) in other.open { add(spans, to: key) }
        beyond += other.beyond
    }

    private mutating func add(_ spans: [Span], to key: Key) {
        if open[key] == nil, open.count >= Self.limit {
            beyond += 1
            return
        }
        let merged = Self.merged((open[key] ?? []) + spans)
        open[key] = merged == [Span(low: 0, high: .max)] ? nil : merged
    }

    /// Spans that overlap or touch become one; one that cannot be read stays apart and keeps the attribute open.
    private static func merged(_ spans: [Span]) -> [Span] {
        var merged: [Span] = []
        for span in spans.sorted(by: { ($0.low, $0.high) < ($1.low, $1.high) }) {
            if let last = merged.last, last.low >= 0, last.high == .max || span.low <= last.high + 1 {
                merged[merged.count - 1].high = max(last.high, span.high)
            } else if merged.last != span {
                merged.append(span)
            }
        }
        return merged
    }
}
