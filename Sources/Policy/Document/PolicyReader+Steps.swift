// SPDX-License-Identifier: Apache-2.0

import Yams

/// What is done to a value on its way into a field, in the order in which it is done.
extension DocumentReader {
    static let stepKeys = ["whitespace", "split", "part", "strip_prefix", "strip_suffix", "case", "map"]

    mutating func steps(_ fields: Fields, _ what: String) -> [Transform] {
        var steps: [Transform] = []
        if let node = fields["whitespace"], let choice = choice(node, "\"whitespace\"", Transform.Whitespace.self) {
            steps.append(.whitespace(choice))
        }
        if let step = split(fields) { steps.append(step) }
        if let node = fields["strip_prefix"] { steps.append(.stripPrefix(texts(node, "\"strip_prefix\""))) }
        if let node = fields["strip_suffix"] { steps.append(.stripSuffix(texts(node, "\"strip_suffix\""))) }
        if let node = fields["case"], let choice = choice(node, "\"case\"", Transform.LetterCase.self) {
            steps.append(.letterCase(choice))
        }
        if let node = fields["map"] { steps.append(.table(table(node, what))) }
        return steps
    }

    private mutating func split(_ fields: Fields) -> Transform? {
        let part = fields["part"].flatMap { integer($0, "\"part\"", in: -1_000...1_000) }
        if part == 0, let node = fields["part"] {
            note(.badValue, at: node, "\"part\" counts from 1, and -1 is the last piece")
        }
        guard let node = fields["split"] else {
            if let node = fields["part"] { note(.missingKey, at: node, "\"part\" needs \"split\"") }
            return nil
        }
        // A blank is a separator, which other texts may not be.
        guard case .scalar(let scalar) = node, !scalar.string.isEmpty, !Self.isNull(scalar) else {
            note(.wrongType, at: node, "\"split\" must be the text at which values are split")
            return nil
        }
        return .split(scalar.string, part: part)
    }

    mutating func texts(_ node: Node, _ what: String) -> [String] {
        (list(node, what) ?? []).compactMap { text($0, "a text in \(what)", maximum: 4096) }
    }

    private mutating func table(_ node: Node, _ what: String) -> ValueTable {
        guard case .mapping(let mapping) = node, !mapping.isEmpty else {
            note(.wrongType, at: node, "\"map\" must be a mapping of values, not \(Self.kind(node))")
            return ValueTable([])
        }
        var lines: [ValueTable.Line] = []
        for (keyNode, valueNode) in mapping {
            guard let key = text(keyNode, "a key in \"map\"", maximum: 4096), !refusesMerge(key, at: keyNode) else { continue }
            guard case .scalar(let value) = valueNode else {
                note(.wrongType, at: valueNode, "a value in \"map\" must be a text, not \(Self.kind(valueNode))")
                continue
            }
            let folded = key.lowercased()
            if lines.contains(where: { ByteOrder.isSame($0.key, folded) }) {
                note(.duplicate, at: keyNode, "\"\(key)\" is given more than once in \"map\"")
            }
            lines.append(ValueTable.Line(key: folded, value: Self.isNull(value) ? "" : value.string))
        }
        return ValueTable(lines)
    }
}
