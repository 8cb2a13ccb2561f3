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
        guard kind != .delete else { return nil }
        var object = base.map { ChangedObject($0) }
        try object.apply(self)
        return object?.entry
    }
}

/// An object while changes are applied to it: any number of them, of which none looks at all values of a large group again.
struct ChangedObject {
    private struct Attribute {
        var name: AttributeName
        var written: String
        var values: [AttributeValue]
        /// Of one without values.
        var presence: Entry.Presence
        /// The forms of the values by which they are equal to others; made when there is a value to look for.
        var forms: Set<[UInt8]>?

        /// Notes a form; false where it is there already.
        mutating func formed(_ form: [UInt8]) -> Bool {
            if forms == nil { forms = Set(values.map(ChangedObject.form)) }
            return forms?.insert(form).inserted ?? false
        }
    }

    private(set) var dn: String
    private let names: Entry.Names
    private let position: Position
    private let hasMissingValues: Bool
    private let isContinuation: Bool
    private var attributes: [Attribute]

    init(_ entry: borrowing Entry) {
        dn = entry.dn ?? ""
        names = entry.names
        position = entry.position
        hasMissingValues = entry.hasMissingValues
        isContinuation = entry.isContinuation
        attributes = []
        for (index, written) in entry.attributeNames.enumerated() {
            var values: [AttributeValue] = []
            entry.forEachValue(at: index) { values.append($0) }
            attributes.append(
                Attribute(
                    name: AttributeName(written), written: written, values: values, presence: entry.attributes[index].presence))
        }
    }

    /// What an addition makes, or a statement about something that was not known.
    fileprivate init(madeBy change: borrowing EntryChange) {
        var empty = Entry()
        empty.names = change.entry.names
        empty.position = change.position
        change.withDN { empty.setDN($0) }
        self.init(empty)
    }

    /// The object as an entry; an attribute that lost its values is not mentioned, unless a statement mentioned it so.
    var entry: Entry {
        var entry = Entry()
        entry.position = position
        entry.names = names
        entry.hasMissingValues = hasMissingValues
        entry.isContinuation = isContinuation
        Array(dn.utf8).withUnsafeBytes { entry.setDN($0) }
        for attribute in attributes where !attribute.values.isEmpty || attribute.presence != .absent {
            let index = Array(attribute.written.utf8).withUnsafeBytes { entry.findOrAdd($0) }
            for value in attribute.values { value.bytes.withUnsafeBytes { entry.append($0, kind: value.kind, to: index) } }
            if attribute.values.isEmpty { entry.attributes[index].presence = attribute.presence }
        }
        return entry
    }

    fileprivate mutating func apply(_ change: borrowing EntryChange) throws(EntryChange.Misfit) {
        if change.kind == .rename {
            guard let rename = change.rename else { throw .notThere }
            return try self.rename(rename)
        }
        for index in change.entry.attributes.indices {
            let (written, values, presence) = change.part(at: index)
            let name = AttributeName(written)
            switch (change.kind, change.operation(at: index)) {
            case (.add, _), (_, .add): add(values, to: name, as: written)
            case (_, .replace): replace(name, as: written, with: values, presence)
            case (_, .remove): remove(values, from: name)
            case (_, .increment): try increment(name, by: values.first)
            }
        }
    }

    /// Moves the object with one above it, which has another name now; both as they are written.
    mutating func move(above count: Int, to superior: String) {
        guard let head = DistinguishedName.head(of: dn, withoutLast: count) else { return }
        dn = superior.isEmpty ? head : head + "," + superior
    }

    private mutating func add(_ values: [AttributeValue], to name: AttributeName, as written: String) {
        let index = attributes.firstIndex { $0.name == name } ?? attributes.count
        if index == attributes.count {
            attributes.append(Attribute(name: name, written: written, values: [], presence: .absent))
        }
        for value in values where attributes[index].formed(Self.form(value)) { attributes[index].values.append(value) }
    }

    private mutating func replace(
        _ name: AttributeName, as written: String, with values: [AttributeValue], _ presence: Entry.Presence
    ) {
        attributes.removeAll { $0.name == name }
        if !values.isEmpty || presence != .absent {
            attributes.append(Attribute(name: name, written: written, values: values, presence: presence))
        }
    }

    private mutating func remove(_ values: [AttributeValue], from name: AttributeName) {
        guard let index = attributes.firstIndex(where: { $0.name == name }) else { return }
        // What is left without values is not mentioned where names are distinguished: no directory has such an attribute.
        if attributes[index].presence != .absent { attributes[index].presence = names == .plain ? .emptyList : .absent }
        guard !values.isEmpty else {
            attributes[index].values = []
            attributes[index].forms = nil
            return
        }
        let gone = Set(values.map(Self.form))
        attributes[index].values.removeAll { gone.contains(Self.form($0)) }
        attributes[index].forms?.subtract(gone)
    }

    private mutating func increment(_ name: AttributeName, by step: AttributeValue?) throws(EntryChange.Misfit) {
        guard let step = step?.string.flatMap({ Int($0) }), let index = attributes.firstIndex(where: { $0.name == name }) else {
            throw .noNumber
        }
        attributes[index].forms = nil
        attributes[index].values = try attributes[index].values.map { value throws(EntryChange.Misfit) in
            guard let number = value.string.flatMap({ Int($0) }) else { throw .noNumber }
            let (sum, overflows) = number.addingReportingOverflow(step)
            guard !overflows else { throw .noNumber }
            return AttributeValue(text: String(sum))
        }
    }

    private mutating func rename(_ rename: EntryChange.Rename) throws(EntryChange.Misfit) {
        let (oldParts, _) = try Self.split(dn)
        let (newParts, rest) = try Self.split(rename.newRDN)
        guard rest.isEmpty else { throw .badName }
        dn = try Self.renamed(dn, rename)
        if rename.deletesOldRDN {
            for part in oldParts { remove([AttributeValue(bytes: part.value)], from: AttributeName(part.name)) }
        }
        for part in newParts { add([AttributeValue(bytes: part.value)], to: AttributeName(part.name), as: part.name) }
    }

    /// The name that a name becomes.
    static func renamed(_ dn: String, _ rename: EntryChange.Rename) throws(EntryChange.Misfit) -> String {
        let above = if let superior = rename.newSuperior { superior } else { try split(dn).superior }
        guard DistinguishedName.normalised(above) != nil, DistinguishedName.normalised(rename.newRDN) != nil else {
            throw .badName
        }
        return above.isEmpty ? rename.newRDN : rename.newRDN + "," + above
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

    /// What two values have in common that count as one: as a name where it is one, without regard to case otherwise.
    private static func form(_ value: AttributeValue) -> [UInt8] {
        guard value.kind == .text else { return [0] + value.bytes }
        if value.bytes.contains(UInt8(ascii: "=")), let name = DistinguishedName.normalised(value) { return [1] + name.utf8 }
        return [2] + value.bytes.map(NameForm.lower)
    }
}

extension ChangedObject? {
    /// Applies a change that is no deletion.
    ///
    /// - Throws: ``EntryChange/Misfit``; the object is then to be taken as it was before.
    mutating func apply(_ change: borrowing EntryChange) throws(EntryChange.Misfit) {
        var object: ChangedObject
        switch (change.kind, self) {
        case (.add, _), (.upsert, nil): object = ChangedObject(madeBy: change)
        case (_, let there?): object = there
        case (_, nil): throw .notThere
        }
        try object.apply(change)
        self = object
    }
}
