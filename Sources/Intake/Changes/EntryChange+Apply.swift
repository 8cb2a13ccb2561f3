// SPDX-License-Identifier: Apache-2.0

extension EntryChange {
    /// Why a change does not fit what is there.
    package enum Misfit: String, Error, Sendable, CaseIterable {
        /// A modification or a new name for an object that is not there: what went before is missing.
        case notThere
        /// The new or the old name is no distinguished name.
        case badName
        /// A number was to be added to something that is none.
        case noNumber

        package var code: String { rawValue }
    }

    /// What becomes of an object by this change: the object, or nil when it is gone.
    ///
    /// Taking away what is not there, adding what is there already and deleting twice change nothing, so that a change may
    /// be applied again. Values are compared as bytes first, then as names and without regard to case.
    ///
    /// - Parameter base: the object before the change, nil where there is none.
    package func applied(to base: Entry?) throws(Misfit) -> Entry? {
        switch kind {
        case .delete: return nil
        case .add:
            var made = ObjectDraft(Entry())
            made.dn = dn ?? ""
            try apply(parts, to: &made)
            return made.entry(at: position)
        case .upsert, .modify:
            guard base != nil || kind == .upsert else { throw .notThere }
            var draft = ObjectDraft(base ?? Entry())
            draft.dn = base?.dn ?? dn ?? ""
            try apply(parts, to: &draft)
            return draft.entry(at: base?.position ?? position)
        case .rename:
            guard let base, let rename else { throw .notThere }
            var draft = ObjectDraft(base)
            try draft.rename(rename)
            return draft.entry(at: base.position)
        }
    }

    private func apply(_ parts: [Part], to draft: inout ObjectDraft) throws(Misfit) {
        for part in parts {
            let name = AttributeName(part.attribute)
            switch (kind, part.operation) {
            case (.add, _), (_, .add): draft.add(part.values, to: name, as: part.attribute)
            case (_, .replace): draft.replace(name, as: part.attribute, with: part.values)
            case (_, .remove): draft.remove(part.values, from: name)
            case (_, .increment): try draft.increment(name, by: part.values.first)
            }
        }
    }
}

/// An object while changes are applied to it.
private struct ObjectDraft {
    private struct Attribute {
        var name: AttributeName
        var written: String
        var values: [AttributeValue]
    }

    var dn: String
    private var attributes: [Attribute]

    init(_ entry: Entry) {
        dn = entry.dn ?? ""
        attributes = entry.attributeNames.map {
            Attribute(name: AttributeName($0), written: $0, values: entry.values(of: AttributeName($0)))
        }
    }

    /// The object as an entry; an attribute without values is not mentioned.
    func entry(at position: Position) -> Entry {
        var entry = Entry()
        entry.position = position
        Array(dn.utf8).withUnsafeBytes { entry.setDN($0) }
        for attribute in attributes where !attribute.values.isEmpty {
            let index = Array(attribute.written.utf8).withUnsafeBytes { entry.findOrAdd($0) }
            for value in attribute.values { value.bytes.withUnsafeBytes { entry.append($0, kind: value.kind, to: index) } }
        }
        return entry
    }

    mutating func add(_ values: [AttributeValue], to name: AttributeName, as written: String) {
        let index = attributes.firstIndex { $0.name == name } ?? attributes.count
        if index == attributes.count { attributes.append(Attribute(name: name, written: written, values: [])) }
        for value in values where !attributes[index].values.contains(where: { Self.same($0, value) }) {
            attributes[index].values.append(value)
        }
    }

    mutating func replace(_ name: AttributeName, as written: String, with values: [AttributeValue]) {
        attributes.removeAll { $0.name == name }
        if !values.isEmpty { attributes.append(Attribute(name: name, written: written, values: values)) }
    }

    mutating func remove(_ values: [AttributeValue], from name: AttributeName) {
        guard let index = attributes.firstIndex(where: { $0.name == name }) else { return }
        guard !values.isEmpty else {
            attributes.remove(at: index)
            return
        }
        for value in values {
            let found =
                attributes[index].values.firstIndex(of: value)
                ?? attributes[index].values.firstIndex { Self.same($0, value) }
            if let found { attributes[index].values.remove(at: found) }
        }
    }

    mutating func increment(_ name: AttributeName, by step: AttributeValue?) throws(EntryChange.Misfit) {
        guard let step = step?.string.flatMap({ Int($0) }), let index = attributes.firstIndex(where: { $0.name == name }) else {
            throw .noNumber
        }
        attributes[index].values = try attributes[index].values.map { value throws(EntryChange.Misfit) in
            guard let number = value.string.flatMap({ Int($0) }) else { throw .noNumber }
            let (sum, overflows) = number.addingReportingOverflow(step)
            guard !overflows else { throw .noNumber }
            return AttributeValue(text: String(sum))
        }
    }

    mutating func rename(_ rename: EntryChange.Rename) throws(EntryChange.Misfit) {
        let (oldParts, superior) = try Self.split(dn)
        let (newParts, rest) = try Self.split(rename.newRDN)
        guard rest.isEmpty else { throw .badName }
        let above = rename.newSuperior ?? superior
        guard DistinguishedName.normalised(above) != nil else { throw .badName }
        dn = above.isEmpty ? rename.newRDN : rename.newRDN + "," + above
        if rename.deletesOldRDN {
            for part in oldParts { remove([AttributeValue(bytes: part.value)], from: AttributeName(part.name)) }
        }
        for part in newParts { add([AttributeValue(bytes: part.value)], to: AttributeName(part.name), as: part.name) }
    }

    /// The parts of the first RDN, and the name above it as it is written.
    private static func split(
        _ dn: String
    ) throws(EntryChange.Misfit) -> (parts: [(name: String, value: [UInt8])], superior: String) {
        let bytes = Array(dn.utf8)
        var parts: [(name: String, value: [UInt8])] = []
        let end: Int? = bytes.withUnsafeBytes { bytes in
            var parser = DNParser(bytes)
            while let part = parser.part() {
                parts.append((String(decoding: part.type, as: UTF8.self), part.value))
                if part.separator != UInt8(ascii: "+") { return parser.index }
            }
            return nil
        }
        guard let end else { throw .badName }
        return (parts, String(decoding: bytes[end...].drop { $0 == UInt8(ascii: " ") }, as: UTF8.self))
    }

    private static func same(_ a: AttributeValue, _ b: AttributeValue) -> Bool {
        if a == b { return true }
        guard a.kind == .text, b.kind == .text else { return false }
        if a.bytes.elementsEqual(b.bytes, by: { NameForm.lower($0) == NameForm.lower($1) }) { return true }
        guard a.bytes.contains(UInt8(ascii: "=")), let name = DistinguishedName.normalised(a) else { return false }
        return name == DistinguishedName.normalised(b)
    }
}
