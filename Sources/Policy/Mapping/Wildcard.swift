// SPDX-License-Identifier: Apache-2.0

/// A pattern in which `*` stands for any characters and `?` for one.
struct Wildcard: Sendable, Hashable {
    private let pattern: [Unicode.Scalar]

    init(_ text: some StringProtocol) {
        pattern = Array(text.unicodeScalars)
    }

    /// Whether a text has wildcards at all.
    static func isIn(_ text: some StringProtocol) -> Bool {
        text.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
    }

    /// Matches in linear memory: on a mismatch the last `*` takes one more character.
    func matches(_ text: some StringProtocol) -> Bool {
        let text = Array(text.unicodeScalars)
        var (p, n) = (0, 0)
        var star: (pattern: Int, text: Int)?
        while n < text.count {
            if p < pattern.count, pattern[p] == "*" {
                star = (p, n)
                p += 1
            } else if p < pattern.count, pattern[p] == "?" || pattern[p] == text[n] {
                p += 1
                n += 1
            } else if let last = star {
                star = (last.pattern, last.text + 1)
                p = last.pattern + 1
                n = last.text + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == "*" }
    }
}
