// SPDX-License-Identifier: Apache-2.0

/// A pattern in which `*` stands for any characters and, unless told otherwise, `?` for one.
struct Wildcard: Sendable, Hashable {
    private enum Element: Sendable, Hashable {
        case any, one
        case scalar(Unicode.Scalar)
    }

    private let elements: [Element]

    /// - Parameters:
    ///   - star: what stands for any characters.
    ///   - one: what stands for one character; nil is nothing.
    init(_ text: some StringProtocol, star: Unicode.Scalar = "*", one: Unicode.Scalar? = "?") {
        elements = text.unicodeScalars.map { $0 == star ? .any : $0 == one ? .one : .scalar($0) }
    }

    /// Whether a text has wildcards at all.
    static func isIn(_ text: some StringProtocol) -> Bool {
        text.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
    }

    /// Matches in linear memory: on a mismatch the last `*` takes one more character.
    func matches(_ text: some StringProtocol) -> Bool {
        let text = Array(text.unicodeScalars)
        var (p, n) = (0, 0)
        var star: (element: Int, text: Int)?
        while n < text.count {
            if p < elements.count, elements[p] == .any {
                star = (p, n)
                p += 1
            } else if p < elements.count, elements[p] == .one || elements[p] == .scalar(text[n]) {
                p += 1
                n += 1
            } else if let last = star {
                star = (last.element, last.text + 1)
                p = last.element + 1
                n = last.text + 1
            } else {
                return false
            }
        }
        return elements[p...].allSatisfy { $0 == .any }
    }
}
