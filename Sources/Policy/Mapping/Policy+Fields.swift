// SPDX-License-Identifier: Apache-2.0

import Intake

extension Policy {
    /// The value of a field; nil leaves it as it is.
    func field(
        _ mapping: FieldMapping, of entry: borrowing Entry, _ what: String, single: Bool, maximum: Int
    ) throws(EntryFault) -> FieldValue? {
        let onlyFirst = single || (mapping.type != nil && mapping.type != .list)
        for source in mapping.sources {
            let texts: [String]
            switch source.origin {
            case .constant(let value): return value
            case .template(let template):
                guard let bytes = template.expanded(with: entry) else { continue }
                texts = [try Self.checked(bytes[...], what, maximum)]
            case .attribute(let name):
                texts = try Self.texts(entry, name, what, take: source.steps.isEmpty && onlyFirst ? 1 : .max, maximum)
            }
            var changed = try Self.changed(texts, by: source.steps, what, onlyFirst: onlyFirst, maximum)
            if !onlyFirst { ByteOrder.sortUnique(&changed) }
            guard let first = changed.first else { continue }
            guard let type = mapping.type else { return changed.count == 1 ? .text(first) : .texts(changed) }
            guard let value = type.value(of: changed) else {
                throw EntryFault(reason: .badValue, message: "the value of \(what) is no \(type.name)")
            }
            if value != .null { return value }
        }
        return Self.missing(mapping, in: entry)
    }

    /// What becomes of the field where no source has a value: the strongest statement of the entry counts.
    private static func missing(_ mapping: FieldMapping, in entry: borrowing Entry) -> FieldValue? {
        let rule = mapping.whenMissing
        var decision = rule.absent
        if rule != FieldMapping.WhenMissing(rule.absent) {
            var said = Entry.Presence.absent
            for source in mapping.sources {
                for name in source.attributes { said = stronger(said, entry.presence(of: name)) }
            }
            switch said {
            case .absent: decision = rule.absent
            case .null: decision = rule.null
            case .emptyList, .present: decision = rule.empty
            }
        }
        return decision == .keep ? nil : .null
    }

    private static func stronger(_ a: Entry.Presence, _ b: Entry.Presence) -> Entry.Presence {
        let order: [Entry.Presence] = [.absent, .null, .emptyList, .present]
        return (order.firstIndex(of: a) ?? 0) >= (order.firstIndex(of: b) ?? 0) ? a : b
    }

    /// The texts after the steps.
    private static func changed(
        _ texts: [String], by steps: [Transform], _ what: String, onlyFirst: Bool, _ maximum: Int
    ) throws(EntryFault) -> [String] {
        guard !steps.isEmpty else { return texts }
        var changed: [String] = []
        for text in texts {
            for result in steps.applied(to: text) { changed.append(try checked(ArraySlice(result.utf8), what, maximum)) }
            if onlyFirst, !changed.isEmpty { return [changed[0]] }
        }
        return changed
    }

    /// The first texts of an attribute in the order of the entry, trimmed, without empty and binary ones.
    private static func texts(
        _ entry: borrowing Entry, _ name: AttributeName, _ what: String, take: Int, _ maximum: Int
    ) throws(EntryFault) -> [String] {
        var texts: [String] = []
        var fault: EntryFault?
        entry.forEachValue(of: name) { value in
            guard value.kind == .text, fault == nil, texts.count < take else { return }
            let text = value.bytes.trimmed
            guard !text.isEmpty else { return }
            do throws(EntryFault) { texts.append(try checked(text, what, maximum)) } catch { fault = error }
        }
        if let fault { throw fault }
        return texts
    }

    static func checked(_ bytes: ArraySlice<UInt8>, _ what: String, _ maximum: Int) throws(EntryFault) -> String {
        if bytes.contains(0) { throw EntryFault(reason: .nulCharacter, message: "\(what) contains U+0000") }
        let text = String(decoding: bytes, as: UTF8.self)
        guard bytes.count <= maximum || text.unicodeScalars.count <= maximum else {
            throw EntryFault(reason: .tooLong, message: "\(what) is longer than \(maximum) characters")
        }
        return text
    }
}
