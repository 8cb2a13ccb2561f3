// SPDX-License-Identifier: Apache-2.0

import Intake
import Yams

/// Mappings of fields: an attribute, a template, a constant, a list of them, or `{from: …}` with steps and rules.
extension DocumentReader {
    /// Keys of a field as a whole.
    static let fieldKeys = ["value", "from"] + stepKeys + ["default", "missing", "only", "precedence"]
    /// Keys of a custom attribute.
    static let customAttributeKeys = fieldKeys + ["type", "format"]
    /// Keys of an item in the list of a field's sources.
    static let sourceKeys = ["value", "from"] + stepKeys

    mutating func fieldMapping(_ node: Node, _ what: String, isTyped: Bool = false) -> FieldMapping? {
        guard case .mapping = node else { return sources(node, what).map { FieldMapping(sources: $0) } }
        guard let fields = fields(of: node, what, known: isTyped ? Self.customAttributeKeys : Self.fieldKeys) else { return nil }
        var mapping = FieldMapping(sources: [])
        if let node = fields["only"] { mapping.onlyOnCreation = onlyOnCreation(node) }
        mapping.precedence = fields["precedence"].flatMap { integer($0, "\"precedence\"", in: Self.precedences) }
        if let value = fields["value"] {
            refuse(
                fields, beside: ["value", "only", "precedence"], node,
                "\(what) has a constant \"value\": nothing else goes with it")
            guard let constant = constant(value, what) else { return nil }
            mapping.sources = [FieldSource(origin: .constant(constant))]
            return mapping
        }
        if let node = fields["missing"] { mapping.whenMissing = whenMissing(node) }
        mapping.type = valueType(fields)
        guard let from = required("from", in: fields), var sources = sources(from, what) else { return nil }
        let steps = steps(fields, what)
        for index in sources.indices { sources[index].steps += steps }
        if let node = fields["default"], let constant = constant(node, what) {
            sources.append(FieldSource(origin: .constant(constant)))
        }
        mapping.sources = sources
        return mapping
    }

    static let precedences = -1_000_000...1_000_000

    /// Notes keys that have no meaning beside others.
    private mutating func refuse(_ fields: Fields, beside allowed: Set<String>, _ node: Node, _ message: String) {
        if !allowed.isSuperset(of: fields.values.keys) { note(.badValue, at: node, message) }
    }

    // MARK: Sources

    mutating func sources(_ node: Node, _ what: String) -> [FieldSource]? {
        guard let items = list(node, what) else { return nil }
        let sources = items.compactMap { source($0, what) }
        return sources.count == items.count ? sources : nil
    }

    private mutating func source(_ node: Node, _ what: String) -> FieldSource? {
        guard case .mapping = node else { return origin(node, what).map { FieldSource(origin: $0) } }
        guard let fields = fields(of: node, "an item of \(what)", known: Self.sourceKeys) else { return nil }
        if let value = fields["value"] {
            refuse(fields, beside: ["value"], node, "an item of \(what) has a constant \"value\": nothing else goes with it")
            return constant(value, what).map { FieldSource(origin: .constant($0)) }
        }
        guard let from = required("from", in: fields), let origin = origin(from, what) else { return nil }
        return FieldSource(origin: origin, steps: steps(fields, what))
    }

    private mutating func origin(_ node: Node, _ what: String) -> FieldSource.Origin? {
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
            if scalar.style == .plain, let number = Number.canonical(scalar.string) { return .number(number) }
            return text(node, "the constant of \(what)", maximum: 65_536).map { .text($0) }
        default:
            note(.wrongType, at: node, "the constant of \(what) must be a text, number, boolean, or list of texts")
            return nil
        }
    }

    // MARK: Rules

    private mutating func onlyOnCreation(_ node: Node) -> Bool {
        choice(node, "\"only\"", OnlyWhen.self) != nil
    }

    /// `missing: keep`, or what the entry says, one by one.
    private mutating func whenMissing(_ node: Node) -> FieldMapping.WhenMissing {
        guard case .mapping = node else {
            return FieldMapping.WhenMissing(choice(node, "\"missing\"", FieldMapping.Missing.self) ?? .clear)
        }
        var rule = FieldMapping.WhenMissing()
        guard let fields = fields(of: node, "\"missing\"", known: ["absent", "null", "empty"]) else { return rule }
        if let node = fields["absent"] { rule.absent = choice(node, "\"absent\"", FieldMapping.Missing.self) ?? .clear }
        if let node = fields["null"] { rule.null = choice(node, "\"null\"", FieldMapping.Missing.self) ?? .clear }
        if let node = fields["empty"] { rule.empty = choice(node, "\"empty\"", FieldMapping.Missing.self) ?? .clear }
        return rule
    }

    private mutating func valueType(_ fields: Fields) -> ValueType? {
        let order = fields["format"].flatMap { choice($0, "\"format\"", ValueType.DateOrder.self) }
        let name = fields["type"].flatMap { choice($0, "\"type\"", TypeName.self) }
        if let node = fields["format"], name != .date {
            note(.badValue, at: node, "\"format\" goes with \"type: date\" only")
        }
        switch name {
        case .text: return .text
        case .number: return .number
        case .boolean: return .boolean
        case .list: return .list
        case .date: return .date(order)
        case nil: return nil
        }
    }
}

/// When a field is set (`only:`).
private enum OnlyWhen: String, CaseIterable {
    case creation
}

/// The names of types (`type:`).
private enum TypeName: String, CaseIterable {
    case text, number, boolean, list, date
}
