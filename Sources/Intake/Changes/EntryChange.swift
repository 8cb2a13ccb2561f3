// SPDX-License-Identifier: Apache-2.0

/// What a source says happened to one object: a change record of LDIF, an item of a Graph delta.
///
/// Like ``Entry`` a flat arena that a reader fills again and again. Each part is one statement about one attribute; the
/// parts are to be taken in their order. What is not mentioned stays as it is, except for ``Kind/add``.
package struct EntryChange: Sendable {
    /// What happened to the object as a whole.
    package enum Kind: String, Sendable, CaseIterable {
        /// It came into being, and the parts are all there is of it (LDIF `add`).
        case add
        /// It is there from now on, if it was not, and the parts are what is known of it (Graph).
        case upsert
        /// It was there, and the parts changed (LDIF `modify`).
        case modify
        /// It has another name (LDIF `modrdn`, `moddn`); see ``EntryChange/rename``.
        case rename
        /// It is gone (LDIF `delete`, Graph `@removed`).
        case delete
    }

    /// What a part does to its attribute.
    package enum Operation: String, Sendable, CaseIterable {
        /// Adds its values to those that are there: members added.
        case add
        /// Takes its values away: members removed. Without values, all are taken.
        case remove
        /// Its values are all there are from now on. Without values the attribute is cleared.
        case replace
        /// Adds its value to the number that is there (RFC 4525).
        case increment
    }

    /// The new name of an object.
    package struct Rename: Sendable, Hashable {
        /// As the record wrote it.
        package var newRDN: String
        /// Whether the values of the old RDN are no longer values of the object.
        package var deletesOldRDN: Bool
        /// The name above from now on; nil where it stays.
        package var newSuperior: String?

        package init(newRDN: String, deletesOldRDN: Bool, newSuperior: String? = nil) {
            self.newRDN = newRDN
            self.deletesOldRDN = deletesOldRDN
            self.newSuperior = newSuperior
        }
    }

    /// A control that was sent with the change (`control:`), without its value.
    package struct Control: Sendable, Hashable {
        package var oid: String
        package var isCritical: Bool

        package init(oid: String, isCritical: Bool) {
            self.oid = oid
            self.isCritical = isCritical
        }
    }

    /// One statement about one attribute.
    package struct Part: Sendable, Hashable {
        package var operation: Operation
        /// As the source wrote it.
        package var attribute: String
        package var values: [AttributeValue]

        package init(operation: Operation, attribute: String, values: [AttributeValue]) {
            self.operation = operation
            self.attribute = attribute
            self.values = values
        }
    }

    package internal(set) var kind = Kind.modify
    /// The new name, of a ``Kind/rename`` only.
    package internal(set) var rename: Rename?
    /// Whether what is gone may come back under the same id (Graph `"reason": "changed"`, a tombstone of Active Directory).
    package internal(set) var isRestorable = false
    package internal(set) var controls: [Control] = []

    /// Name, position and values; of an `add` also the object itself.
    var entry = Entry()
    /// What is done to each of the entry's attributes; beyond its end, ``Operation/replace``.
    var operations: [Operation] = []

    package init() {}

    /// Makes a change from its parts: for tests and for tools.
    package init(
        _ kind: Kind, dn: String, parts: [Part] = [], rename: Rename? = nil, isRestorable: Bool = false,
        position: Position = Position(line: 1, byte: 0)
    ) {
        reset(at: position)
        self.kind = kind
        self.rename = rename
        self.isRestorable = isRestorable
        Array(dn.utf8).withUnsafeBytes { entry.setDN($0) }
        for part in parts {
            let index = Array(part.attribute.utf8).withUnsafeBytes { open(part.operation, $0) }
            for value in part.values { value.bytes.withUnsafeBytes { entry.append($0, kind: value.kind, to: index) } }
        }
    }

    /// Where the change begins.
    package var position: Position { entry.position }

    /// The object's name before the change: its distinguished name or, of sources without, its id.
    package var dn: String? { entry.dn }

    /// The object, where the change is an ``Kind/add``; otherwise the values of all parts under the names of their attributes.
    package var object: Entry { entry }

    /// Whether all that is below the object is gone with it: the control "tree delete" of draft-armijo-ldap-treedelete.
    package var deletesSubtree: Bool {
        kind == .delete && controls.contains { $0.oid == "1.2.840.113556.1.4.805" }
    }

    /// How many statements there are.
    package var partCount: Int { entry.attributes.count }

    /// The statements in their order; allocates.
    package var parts: [Part] {
        entry.attributes.indices.map { index in
            let attribute = entry.attributes[index]
            let start = Int(attribute.nameStart)
            var values: [AttributeValue] = []
            entry.forEachValue(at: index) { values.append($0) }
            return Part(
                operation: operation(at: index),
                attribute: String(decoding: entry.bytes[start..<start + Int(attribute.nameLength)], as: UTF8.self),
                values: values)
        }
    }

    /// Calls `body` with the bytes of the name.
    borrowing func withDN(_ body: (UnsafeRawBufferPointer) -> Void) { _ = entry.withDN(body) }

    /// A statement: of one without values that is not mentioned as null or empty, nothing is left.
    borrowing func part(at index: Int) -> (attribute: String, values: [AttributeValue], presence: Entry.Presence) {
        let attribute = entry.attributes[index]
        let start = Int(attribute.nameStart)
        var values: [AttributeValue] = []
        entry.forEachValue(at: index) { values.append($0) }
        return (
            String(decoding: entry.bytes[start..<start + Int(attribute.nameLength)], as: UTF8.self), values,
            // LDIF has no way to mention an attribute without values.
            !values.isEmpty ? .present : entry.names == .plain ? attribute.presence : .absent
        )
    }

    // MARK: How readers fill it

    mutating func reset(at position: Position) {
        kind = .modify
        rename = nil
        isRestorable = false
        controls.removeAll(keepingCapacity: true)
        operations.removeAll(keepingCapacity: true)
        entry.reset(at: position)
    }

    /// Begins a statement and gives the index under which ``Entry/append(_:kind:to:)`` takes its values.
    mutating func open(_ operation: Operation, _ name: UnsafeRawBufferPointer) -> Int {
        while operations.count < entry.attributes.count { operations.append(.replace) }
        operations.append(operation)
        let folded = name.contains(NameForm.semicolon) ? NameForm.folded(Array(name)) : Array(name)
        return folded.withUnsafeBytes { entry.add($0, key: NameForm.key($0)) }
    }

    func operation(at index: Int) -> Operation { index < operations.count ? operations[index] : .replace }
}
