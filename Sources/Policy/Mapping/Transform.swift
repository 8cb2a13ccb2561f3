// SPDX-License-Identifier: Apache-2.0

/// A step that changes a text on its way from an entry to a field.
package enum Transform: Sendable, Hashable {
    /// Which letters are capitals.
    package enum LetterCase: String, Sendable, Hashable, CaseIterable {
        case lower
        case upper
        /// The first letter of each word.
        case title
    }

    /// What becomes of blanks within a text.
    package enum Whitespace: String, Sendable, Hashable, CaseIterable {
        /// Several become one.
        case collapse
        /// They go.
        case remove
    }

    /// `whitespace:`
    case whitespace(Whitespace)
    /// `split:`, with `part:` one of the pieces (1 is the first, -1 the last), without it all of them.
    case split(String, part: Int?)
    /// `strip_prefix:`, the first of these that the text begins with.
    case stripPrefix([String])
    /// `strip_suffix:`, the first of these that the text ends with.
    case stripSuffix([String])
    /// `case:`
    case letterCase(LetterCase)
    /// `map:`
    case table(ValueTable)
    /// The first character; in templates only.
    case first

    /// The steps that templates know, by name.
    static let short: [String: Transform] = [
        "lower": .letterCase(.lower), "upper": .letterCase(.upper), "title": .letterCase(.title),
        "collapse": .whitespace(.collapse), "remove": .whitespace(.remove), "first": .first,
    ]

    /// What becomes of a text: several where it is split, none where nothing is left.
    func applied(to text: String) -> [String] {
        switch self {
        case .whitespace(let whitespace):
            return [text.split(whereSeparator: \.isWhitespace).joined(separator: whitespace == .collapse ? " " : "")]
        case .split(let separator, let part):
            let pieces = text.split(separator: separator, omittingEmptySubsequences: false).map { String($0) }
            guard let part else { return pieces }
            let index = part > 0 ? part - 1 : pieces.count + part
            return pieces.indices.contains(index) ? [pieces[index]] : []
        case .stripPrefix(let prefixes):
            let prefix = prefixes.first { text.utf8.starts(with: $0.utf8) }
            return [prefix.map { String(decoding: text.utf8.dropFirst($0.utf8.count), as: UTF8.self) } ?? text]
        case .stripSuffix(let suffixes):
            let suffix = suffixes.first { text.utf8.reversed().starts(with: $0.utf8.reversed()) }
            return [suffix.map { String(decoding: text.utf8.dropLast($0.utf8.count), as: UTF8.self) } ?? text]
        case .letterCase(.lower): return [text.lowercased()]
        case .letterCase(.upper): return [text.uppercased()]
        case .letterCase(.title): return [Self.titled(text)]
        case .table(let table): return [table.value(of: text)]
        case .first: return [String(text.prefix(1))]
        }
    }

    /// `o'neil-VAN dyk` as `O'Neil-Van Dyk`.
    private static func titled(_ text: String) -> String {
        var isInWord = false
        var titled = ""
        for character in text {
            titled += isInWord ? character.lowercased() : character.uppercased()
            isInWord = character.isLetter || character.isNumber
        }
        return titled
    }
}

extension [Transform] {
    /// What becomes of a text by all steps, one after the other; blanks around it go after each, empty texts too.
    func applied(to text: String) -> [String] {
        var texts = [text]
        for step in self {
            texts = texts.flatMap { step.applied(to: $0) }.compactMap { text in
                let trimmed = ArraySlice(text.utf8).trimmed
                return trimmed.isEmpty ? nil : String(decoding: trimmed, as: UTF8.self)
            }
        }
        return texts
    }
}

/// What stands for what: texts without regard to case, then patterns in their order (`map:`).
package struct ValueTable: Sendable, Hashable {
    /// A line of the table.
    package struct Line: Sendable, Hashable {
        /// A text or pattern, in lower case.
        let key: String
        /// What stands for it; empty is no value.
        let value: String
    }

    /// As the policy has them.
    package let lines: [Line]
    private let exact: [String: String]
    private let patterns: [(Wildcard, String)]

    init(_ lines: [Line]) {
        self.lines = lines
        let isPattern = { (line: Line) in Wildcard.isIn(line.key) }
        exact = Dictionary(lines.filter { !isPattern($0) }.map { ($0.key, $0.value) }) { first, _ in first }
        patterns = lines.filter(isPattern).map { (Wildcard($0.key), $0.value) }
    }

    /// What stands for a text, or the text itself where nothing does.
    func value(of text: String) -> String {
        let folded = text.lowercased()
        return exact[folded] ?? patterns.first { $0.0.matches(folded) }?.1 ?? text
    }

    package static func == (a: Self, b: Self) -> Bool { a.lines == b.lines }

    package func hash(into hasher: inout Hasher) { hasher.combine(lines) }
}
