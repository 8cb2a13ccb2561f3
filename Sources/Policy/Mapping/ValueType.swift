// SPDX-License-Identifier: Apache-2.0

/// What kind of value a custom attribute has (`type:`).
package enum ValueType: Sendable, Hashable {
    /// Day and month where a date is written with numbers only (`format:`).
    package enum DateOrder: String, Sendable, Hashable, CaseIterable {
        case dayFirst = "day/month/year"
        case monthFirst = "month/day/year"
    }

    /// One text.
    case text
    /// A number.
    case number
    /// True or false.
    case boolean
    /// A list of texts, also of one.
    case list
    /// A day, or a moment in UTC.
    case date(DateOrder?)

    /// The names by which policies call them.
    static let names = ["text", "number", "boolean", "list", "date"]

    /// The name by which policies call it.
    var name: String {
        switch self {
        case .text: "text"
        case .number: "number"
        case .boolean: "boolean"
        case .list: "list"
        case .date: "date"
        }
    }

    /// The value in texts of an entry, of which there is one at least; nil where the first is none of this type.
    ///
    /// `.null` is a date that stands for never.
    func value(of texts: [String]) -> FieldValue? {
        guard let text = texts.first else { return .null }
        switch self {
        case .text: return .text(text)
        case .list: return .texts(texts)
        case .number: return Number.canonical(text).map { .number($0) }
        case .boolean: return Self.boolean(text).map { .boolean($0) }
        case .date(let order):
            guard let date = DateText.canonical(text, order: order) else { return nil }
            return date.isEmpty ? .null : .text(date)
        }
    }

    private static func boolean(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "on", "1", "active", "enabled": true
        case "false", "no", "off", "0", "inactive", "disabled": false
        default: nil
        }
    }
}

/// Numbers in the one spelling.
enum Number {
    /// Integers as they are, fractions as the shortest text of the same value; nil for what JSON has no number for.
    static func canonical(_ text: String) -> String? {
        if let integer = Int64(text) { return String(integer) }
        guard text.utf8.allSatisfy({ $0 &- 0x30 < 10 || "+-.eE".utf8.contains($0) }), text.utf8.first.map({ $0 != 0x2E }) == true,
            let value = Double(text), value.isFinite
        else { return nil }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
    }
}
