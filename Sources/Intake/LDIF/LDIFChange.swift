// SPDX-License-Identifier: Apache-2.0

/// The lines of a change record behind its `dn:` (RFC 2849, `increment` of RFC 4525).
///
/// The values lie in the entry that the reader fills; here is what the record does to them.
struct LDIFChange {
    enum Kind {
        case add, delete, modify, rename

        /// The value of `changetype:`.
        init?(_ value: UnsafeRawBufferPointer) {
            var name = value
            while name.last == UInt8(ascii: " ") { name = UnsafeRawBufferPointer(rebasing: name.dropLast()) }
            if name.isName("add") {
                self = .add
            } else if name.isName("delete") {
                self = .delete
            } else if name.isName("modify") {
                self = .modify
            } else if name.isName("modrdn") || name.isName("moddn") {
                self = .rename
            } else {
                return nil
            }
        }
    }

    /// What a line is.
    enum Line {
        case done
        /// A value of this attribute of the entry.
        case value(Int)
        /// Something else should have stood there.
        case wrong(expected: String)

        static func wrong(_ expected: String) -> Self { .wrong(expected: expected) }
    }

    var kind: Kind?
    private(set) var controls: [EntryChange.Control] = []
    /// The attribute of the part that is open.
    private(set) var openPart: Int?
    private var operations: [EntryChange.Operation] = []
    private var newRDN: String?
    private var deletesOldRDN: Bool?
    private var newSuperior: String?

    var isAddition: Bool { kind == .add }

    mutating func reset() {
        guard kind != nil || !controls.isEmpty else { return }
        kind = nil
        controls.removeAll(keepingCapacity: true)
        openPart = nil
        operations.removeAll(keepingCapacity: true)
        (newRDN, deletesOldRDN, newSuperior) = (nil, nil, nil)
    }

    /// Takes the value of `control:`: an identifier, perhaps `true` or `false`, perhaps a value; false where it is none.
    mutating func takeControl(_ value: UnsafeRawBufferPointer) -> Bool {
        let words = value.prefix { $0 != UInt8(ascii: ":") }.split(separator: UInt8(ascii: " "))
        guard let oid = words.first, words.count <= 2, oid.allSatisfy({ $0 &- 0x30 < 10 || $0 == UInt8(ascii: ".") }) else {
            return false
        }
        var isCritical = false
        if words.count == 2 {
            let flag = UnsafeRawBufferPointer(rebasing: words[1])
            isCritical = flag.isName("true")
            guard isCritical || flag.isName("false") else { return false }
        }
        controls.append(EntryChange.Control(oid: String(decoding: oid, as: UTF8.self), isCritical: isCritical))
        return true
    }

    // MARK: - modify

    /// The first line of a part: `add: member`.
    mutating func begin(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, in entry: inout Entry) -> Line {
        let operation: EntryChange.Operation
        if name.isName("add") {
            operation = .add
        } else if name.isName("delete") {
            operation = .remove
        } else if name.isName("replace") {
            operation = .replace
        } else if name.isName("increment") {
            operation = .increment
        } else {
            return .wrong("\"add:\", \"delete:\", \"replace:\" or \"increment:\"")
        }
        var attribute = value
        while attribute.last == UInt8(ascii: " ") { attribute = UnsafeRawBufferPointer(rebasing: attribute.dropLast()) }
        guard !attribute.isEmpty, attribute.allSatisfy({ NameForm.isNameByte[Int($0)] }) else {
            return .wrong("the name of an attribute")
        }
        let folded = attribute.contains(NameForm.semicolon) ? NameForm.folded(Array(attribute)) : Array(attribute)
        openPart = folded.withUnsafeBytes { entry.add($0, key: NameForm.key($0)) }
        operations.append(operation)
        return .done
    }

    /// A line within a part: a value of its attribute.
    func value(_ name: UnsafeRawBufferPointer, of entry: borrowing Entry) -> Line {
        guard let openPart else { return .wrong("a part") }
        let attribute = entry.attributes[openPart]
        let start = Int(attribute.nameStart)
        let written = entry.bytes[start..<start + Int(attribute.nameLength)]
        let isSame = written.withUnsafeBytes { written in
            if NameForm.equal(written, name) { return true }
            guard name.contains(NameForm.semicolon) else { return false }
            return NameForm.folded(Array(name)).withUnsafeBytes { NameForm.equal(written, $0) }
        }
        return isSame ? .value(openPart) : .wrong("a value of \"\(String(decoding: written, as: UTF8.self))\" or \"-\"")
    }

    /// The line `-`; for the last part, the end of the record does as well.
    mutating func endPart(of entry: borrowing Entry) -> Line {
        guard let part = openPart, let operation = operations.last else { return .wrong("a part before \"-\"") }
        openPart = nil
        let count = entry.count(at: part)
        switch operation {
        case .add where count == 0: return .wrong("values to be added")
        case .increment where count != 1: return .wrong("one number to be added")
        default: return .done
        }
    }

    // MARK: - modrdn, moddn

    mutating func takeRename(_ name: UnsafeRawBufferPointer, _ value: [UInt8]) -> Line {
        let text = String(decoding: value, as: UTF8.self)
        if name.isName("newrdn"), newRDN == nil {
            newRDN = text
        } else if name.isName("deleteoldrdn"), deletesOldRDN == nil {
            switch text.prefix(while: { $0 != " " }) {
            case "0": deletesOldRDN = false
            case "1": deletesOldRDN = true
            default: return .wrong("0 or 1 behind \"deleteoldrdn:\"")
            }
        } else if name.isName("newsuperior"), newSuperior == nil {
            newSuperior = text
        } else {
            return .wrong("\"newrdn:\", \"deleteoldrdn:\" and \"newsuperior:\", each once,")
        }
        return .done
    }

    // MARK: - The end

    /// Whether the record may end here.
    mutating func end(of entry: borrowing Entry) -> Line {
        switch kind {
        case .modify: return openPart == nil ? .done : endPart(of: entry)
        case .rename:
            guard newRDN?.isEmpty == false else { return .wrong("\"newrdn:\"") }
            return deletesOldRDN == nil ? .wrong("\"deleteoldrdn:\"") : .done
        case .add: return entry.attributes.isEmpty ? .wrong("attributes") : .done
        case .delete, nil: return .done
        }
    }

    /// Makes `whole` of the record and the reader's entry.
    mutating func move(into whole: inout EntryChange, _ entry: inout Entry) {
        whole.kind =
            switch kind {
            case .add: .add
            case .delete: .delete
            case .rename: .rename
            case .modify, nil: .modify
            }
        if kind == .rename, let newRDN {
            whole.rename = EntryChange.Rename(
                newRDN: newRDN, deletesOldRDN: deletesOldRDN ?? true, newSuperior: newSuperior)
        }
        swap(&whole.entry, &entry)
        swap(&whole.operations, &operations)
        swap(&whole.controls, &controls)
    }

    mutating func move(back whole: inout EntryChange, _ entry: inout Entry) {
        swap(&whole.entry, &entry)
        swap(&whole.operations, &operations)
        swap(&whole.controls, &controls)
    }
}
