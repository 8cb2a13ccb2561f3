// SPDX-License-Identifier: Apache-2.0

import Yams

/// Takes values out of a policy document and collects every mistake on the way.
///
/// Each function answers nil after it has noted a mistake, so that reading goes on and one check shows all of them.
struct DocumentReader {
    let document: PolicyDocument
    let file: String
    private(set) var diagnostics: [PolicyDiagnostic] = []

    init(document: PolicyDocument, file: String) {
        self.document = document
        self.file = file
    }

    // MARK: Mistakes

    mutating func note(
        _ code: PolicyDiagnostic.Code, at node: Node, _ message: String, suggestion: String? = nil
    ) {
        note(code, at: (node.mark?.line ?? 1, node.mark?.column ?? 1), message, suggestion: suggestion)
    }

    mutating func note(
        _ code: PolicyDiagnostic.Code, at position: (line: Int, column: Int), _ message: String, suggestion: String? = nil
    ) {
        diagnostics.append(
            PolicyDiagnostic(
                code, file: file, line: max(1, position.line), column: max(1, position.column), message: message,
                suggestion: suggestion))
    }

    // MARK: Mappings

    /// The keys of a mapping; notes unknown ones with the nearest known key.
    mutating func fields(of node: Node, _ what: String, known: [String]) -> Fields? {
        guard case .mapping(let mapping) = node else {
            note(
                .wrongType, at: node, "\(what) must be a mapping with keys such as \(Self.listing(known)), not \(Self.kind(node))"
            )
            return nil
        }
        var values: [String: Node] = [:]
        var mistyped: Set<String> = []
        for (key, value) in mapping {
            guard case .scalar(let scalar) = key else {
                note(.wrongType, at: key, "a key in \(what) must be a text")
                continue
            }
            guard known.contains(scalar.string) else {
                if let meant = noteUnknown(scalar.string, at: key, what, known) { mistyped.insert(meant) }
                continue
            }
            values[scalar.string] = value
        }
        return Fields(node: node, what: what, values: values, mistyped: mistyped)
    }

    /// Gives the key that was probably meant.
    private mutating func noteUnknown(_ key: String, at node: Node, _ what: String, _ known: [String]) -> String? {
        if refusesMerge(key, at: node) { return nil }
        let near = NearestName.find(key, among: known)
        let listing = near == nil ? " (known keys: \(Self.listing(known)))" : ""
        note(.unknownKey, at: node, "unknown key \"\(key)\" in \(what)\(listing)", suggestion: near)
        return near
    }

    /// Notes YAML's merge key, which looks like it would work.
    mutating func refusesMerge(_ key: String, at node: Node) -> Bool {
        guard key == "<<" else { return false }
        note(.unknownKey, at: node, "merge keys (\"<<\") are not part of policies; write the keys out")
        return true
    }

    /// The value of a key that must be there.
    mutating func required(_ key: String, in fields: Fields) -> Node? {
        if let node = fields.values[key] { return node }
        // A mistyped key has been noted already, with this one as its hint.
        if fields.mistyped.contains(key) { return nil }
        note(.missingKey, at: fields.node, "\(fields.what) needs the key \"\(key)\"")
        return nil
    }

    // MARK: Scalars

    /// A text, exactly as written; `null` and the empty text are mistakes.
    mutating func scalar(_ node: Node, _ what: String) -> Node.Scalar? {
        guard case .scalar(let scalar) = node else {
            note(.wrongType, at: node, "\(what) must be a text, not \(Self.kind(node))")
            return nil
        }
        guard !Self.isNull(scalar), !scalar.string.allSatisfy(\.isWhitespace) else {
            note(.badValue, at: node, "\(what) is empty")
            return nil
        }
        guard !scalar.string.unicodeScalars.contains("\0") else {
            note(.badValue, at: node, "\(what) contains U+0000")
            return nil
        }
        return scalar
    }

    mutating func text(_ node: Node, _ what: String, maximum: Int = 255) -> String? {
        guard let scalar = scalar(node, what) else { return nil }
        guard scalar.string.unicodeScalars.count <= maximum else {
            note(.badValue, at: node, "\(what) is longer than \(maximum) characters")
            return nil
        }
        return scalar.string
    }

    /// A short name that stands in journals and on command lines: letters, digits, `.`, `_`, `-`.
    mutating func name(_ node: Node, _ what: String) -> String? {
        guard let text = text(node, what) else { return nil }
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isPlain, text.first != ".", text.first != "-" else {
            note(
                .badValue, at: node,
                "\(what) \"\(text)\" may hold letters, digits, \".\", \"_\" and \"-\" only, and starts with one of the first two")
            return nil
        }
        return text
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ node: Node, _ what: String, _ type: Choice.Type
    ) -> Choice? where Choice.RawValue == String {
        guard let text = scalar(node, what)?.string else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let known = Choice.allCases.map(\.rawValue)
        note(
            .badValue, at: node, "\(what) must be one of \(Self.listing(known)), not \"\(text)\"",
            suggestion: NearestName.find(text, among: known))
        return nil
    }

    mutating func boolean(_ node: Node, _ what: String) -> Bool? {
        guard case .scalar(let scalar) = node, let value = Self.boolean(scalar) else {
            note(.wrongType, at: node, "\(what) must be true or false")
            return nil
        }
        return value
    }

    mutating func integer(_ node: Node, _ what: String, in range: ClosedRange<Int>) -> Int? {
        guard case .scalar(let scalar) = node, let value = Int(scalar.string) else {
            note(.wrongType, at: node, "\(what) must be a whole number")
            return nil
        }
        guard range.contains(value) else {
            note(.badValue, at: node, "\(what) must lie between \(range.lowerBound) and \(range.upperBound)")
            return nil
        }
        return value
    }

    /// A time with its unit: `30d`, `12h`, `45m`, `90s`, `2w`.
    mutating func duration(_ node: Node, _ what: String, in range: ClosedRange<Duration>) -> Duration? {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800]
        guard case .scalar(let scalar) = node, let unit = scalar.string.last.flatMap({ units[$0] }),
            let number = Int(scalar.string.dropLast()), number >= 0, number <= 1_000_000_000
        else {
            note(.wrongType, at: node, "\(what) must be a time such as 30d, 12h, 45m or 90s")
            return nil
        }
        let duration = Duration.seconds(number * unit)
        guard range.contains(duration) else {
            let bounds = [range.lowerBound, range.upperBound].map { "\($0.components.seconds)s" }
            note(.badValue, at: node, "\(what) must lie between \(bounds[0]) and \(bounds[1])")
            return nil
        }
        return duration
    }

    /// The members of a list, or a single value as a list of one.
    mutating func list(_ node: Node, _ what: String, mayBeEmpty: Bool = false) -> [Node]? {
        guard case .sequence(let sequence) = node else { return [node] }
        guard mayBeEmpty || !sequence.isEmpty else {
            note(.badValue, at: node, "\(what) is an empty list")
            return nil
        }
        return Array(sequence)
    }

    // MARK: Helpers

    static func isNull(_ scalar: Node.Scalar) -> Bool {
        scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    static func boolean(_ scalar: Node.Scalar) -> Bool? {
        guard scalar.style == .plain else { return nil }
        switch scalar.string {
        case "true", "True", "TRUE": return true
        case "false", "False", "FALSE": return false
        default: return nil
        }
    }

    static func kind(_ node: Node) -> String {
        switch node {
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .scalar(let scalar): isNull(scalar) ? "empty" : "the text \"\(scalar.string.prefix(40))\""
        case .alias: "an alias"
        }
    }

    static func listing(_ names: [String]) -> String { names.map { "\"\($0)\"" }.joined(separator: ", ") }
}

/// The known keys that a mapping of the document gives.
struct Fields {
    let node: Node
    let what: String
    let values: [String: Node]
    /// Known keys for which unknown ones were probably meant.
    let mistyped: Set<String>

    subscript(key: String) -> Node? { values[key] }
}
