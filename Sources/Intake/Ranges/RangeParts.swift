// SPDX-License-Identifier: Apache-2.0

/// The parts in which Active Directory hands out an attribute of many values (`member;range=0-1499`).
struct RangeParts {
    private struct Part {
        var attribute: Int
        var low: Int
        /// Nothing for `*`: no more follow.
        var high: Int?
    }

    private var parts: [Part] = []

    mutating func reset() {
        if !parts.isEmpty { parts.removeAll(keepingCapacity: true) }
    }

    /// Notes the part that a name stands for; false where the name has no range.
    ///
    /// A range that cannot be read counts as one that leaves something out.
    mutating func note(_ name: UnsafeRawBufferPointer, attribute: Int) -> Bool {
        for option in name.split(separator: NameForm.semicolon).dropFirst() {
            let text = option.map(NameForm.lower)
            guard text.starts(with: "range=".utf8) else { continue }
            let bounds = text.dropFirst(6).split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            let part =
                bounds.count == 2
                ? Part(attribute: attribute, low: Int(bounds[0]) ?? -1, high: bounds[1] == "*" ? nil : Int(bounds[1]) ?? -1)
                : Part(attribute: attribute, low: -1, high: -1)
            if parts.last.map({ $0.attribute == part.attribute && $0.low == part.low && $0.high == part.high }) != true {
                parts.append(part)
            }
            return true
        }
        return false
    }

    var isEmpty: Bool { parts.isEmpty }

    /// Whether some attribute came in parts, and none of them with its beginning: the entry goes on with another one.
    var isContinuation: Bool {
        !parts.isEmpty && !parts.contains { $0.low == 0 }
    }

    /// Calls `body` with each part and the index of its attribute; a part that cannot be read has a negative beginning.
    func forEach(_ body: (Int, RangeLedger.Span) -> Void) {
        for part in parts {
            let isReadable = part.low >= 0 && (part.high ?? .max) >= part.low
            let unreadable = RangeLedger.Span(low: -1, high: -1)
            body(part.attribute, isReadable ? RangeLedger.Span(low: part.low, high: part.high ?? .max) : unreadable)
        }
    }

    /// Whether an attribute came in parts.
    func has(_ attribute: Int) -> Bool {
        parts.contains { $0.attribute == attribute }
    }

    /// Whether the parts of each attribute reach from 0 to `*` without a gap.
    var isComplete: Bool {
        if parts.isEmpty { return true }
        return Set(parts.map(\.attribute)).allSatisfy { attribute in
            var next: Int? = 0
            for part in parts.filter({ $0.attribute == attribute }).sorted(by: { $0.low < $1.low }) {
                guard let expected = next, part.low == expected else { return false }
                next = part.high.map { $0 + 1 }
            }
            return next == nil
        }
    }
}
