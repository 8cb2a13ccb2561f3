// SPDX-License-Identifier: Apache-2.0

import Intake
import Yams

/// Mappings of fields: an attribute, a template, a constant, a list of them, or `{from: …, missing: keep}`.
extension DocumentReader {
    mutating func fieldMapping(_ node: Node, _ what: String) -> FieldMapping? {
        guard case .mapping = node else {
            return sources(node, what).map { FieldMapping(sources: $0, missing: .clear) }
        }
        guard let fields = fields(of: node, what, known: ["value", "from", "missing"]) else { return nil }
        if let value = fields["value"] {
            if fields.values.count > 1 {
                note(.badValue, at: node, "\(what) has a constant \"value\": nothing else goes with it")
            }
            return constant(value, what).map { FieldMapping(sources: [.constant($0)], missing: .clear) }
        }
        let missing = fields["missing"].flatMap { choice($0, "\"missing\"", FieldMapping.Missing.self) } ?? .clear
        guard let from = required("from", in: fields) else { return nil }
        return sources(from, what).map { FieldMapping(sources: $0, missing: missing) }
    }

    private mutating func sources(_ node: Node, _ what: String) -> [FieldSource]? {
        guard let items = list(node, what) else { return nil }
        let sources = items.compactMap { source($0, what) }
        return sources.count == items.count ? sources : nil
    }

    private mutating func source(_ node: Node, _ what: String) -> FieldSource? {
        if case .mapping = node {
            guard let fields = fields(of: node, "an item of \(what)", known: ["value"]) else { return nil }
            return required("value", in: fields).flatMap { constant($0, what) }.map { .constant($0) }
        }
        guard let scalar = scalar(node, what) else { return nil }
        let text = scalar.string
        if text.contains("{") || text.contains("}") {
            do throws(Template.Fault) {
                return .template(try Template(text))
            } catch {
                note(.badMapping, at: document.position(of: error.offset, in: scalar), "in \(what): \(error.message)")
                return nil
            }
        }
        if let name = AttributeName(validating: text) { return .attribute(name) }
        note(
            .badMapping, at: node,
            "\"\(text)\" is not the name of an attribute; a constant is written {value: \"\(text)\"}, a template with {attribute}"
        )
        return nil
    }

    private mutating func constant(_ node: Node, _ what: String) -> FieldValue? {
        switch node {
        case .sequence(let items):
            var texts = items.compactMap { text($0, "a text in \"value\"", maximum: 65_536) }
            ByteOrder.sortUnique(&texts)
            return .texts(texts)
        case .scalar(let scalar):
            if Self.isNull(scalar) {
                note(.badValue, at: node, "the constant of \(what) is empty")
                return nil
            }
            if let flag = Self.boolean(scalar) { return .boolean(flag) }
            if scalar.style == .plain, let number = Self.number(scalar.string) { return .number(number) }
            return text(node, "the constant of \(what)", maximum: 65_536).map { .text($0) }
        default:
            note(.wrongType, at: node, "the constant of \(what) must be a text, number, boolean, or list of texts")
            return nil
        }
    }

    /// A number in the one spelling: integers as they are, fractions as the shortest text of the same value.
    private static func number(_ text: String) -> String? {
        if let integer = Int64(text) { return String(integer) }
        guard text.utf8.allSatisfy({ $0 &- 0x30 < 10 || "+-.eE".utf8.contains($0) }), text.utf8.first.map({ $0 != 0x2E }) == true,
            let value = Double(text), value.isFinite
        else { return nil }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
    }
}
