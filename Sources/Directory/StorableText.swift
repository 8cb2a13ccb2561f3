// SPDX-License-Identifier: Apache-2.0

import Postgres

/// What PostgreSQL cannot hold although a caller can send it: U+0000, and half of a surrogate pair in JSON.
enum StorableText {
    /// A name without blanks around it, and one between its words: policies name their app by it.
    static func tidied(_ name: String) -> String {
        name.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    static func problems(_ attribute: String, _ name: String, _ text: String?) -> [FieldProblem] {
        guard let text, text.utf8.contains(0) else { return [] }
        return [problem(attribute, name)]
    }

    /// The same for a text of at most so many characters.
    static func problems(_ attribute: String, _ name: String, _ text: String?, maximum: Int) -> [FieldProblem] {
        guard let text, text.unicodeScalars.count > maximum else { return problems(attribute, name, text) }
        return [FieldProblem(attribute, "\(name) is too long (maximum is \(maximum) characters)")]
    }

    static func problems(_ attribute: String, _ name: String, _ json: JSONText?) -> [FieldProblem] {
        guard let json, !isStorable(json: json.text) else { return [] }
        return [problem(attribute, name)]
    }

    private static func problem(_ attribute: String, _ name: String) -> FieldProblem {
        FieldProblem(attribute, "\(name) contains a character that cannot be stored")
    }

    private static func isStorable(json: String) -> Bool {
        var bytes = json.utf8.makeIterator()
        // The first half of a surrogate pair waits for the second, which must come at once.
        var half = false
        while let byte = bytes.next() {
            if byte == 0 { return false }
            guard byte == UInt8(ascii: "\\") else {
                if half { return false }
                continue
            }
            guard bytes.next() == UInt8(ascii: "u") else {
                if half { return false }
                continue
            }
            var unit: UInt16 = 0
            for _ in 0..<4 { unit = unit << 4 | UInt16(bytes.next().flatMap { Character(UnicodeScalar($0)).hexDigitValue } ?? 0) }
            let isSecondHalf = (0xDC00..<0xE000).contains(unit)
            if unit == 0 || isSecondHalf != half { return false }
            half = (0xD800..<0xDC00).contains(unit)
        }
        return !half
    }
}
