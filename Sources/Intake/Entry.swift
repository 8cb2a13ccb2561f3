// SPDX-License-Identifier: Apache-2.0

/// Where something stands in an export.
package struct Position: Sendable, Hashable {
    /// Counted from 1.
    package var line: Int
    /// Counted from 0, in bytes from the start of the file.
    package var byte: Int

    package init(line: Int, byte: Int) {
        self.line = line
        self.byte = byte
    }
}

/// One object of an export: its name, its attributes, where it stood.
///
/// A flat arena of bytes with a table of attributes, which a reader fills again and again, so that reading
/// allocates nothing per entry. It is a value: a copy that is kept stays as it is (and costs the reader new storage).
package struct Entry: Sendable {
    /// What an entry says about an attribute: four different statements.
    package enum Presence: UInt8, Sendable {
        /// Not mentioned.
        case absent
        /// Mentioned as null.
        case null
        /// Mentioned as a list without values.
        case emptyList
        /// Has values, of which any may be the empty text.
        case present
    }

    /// What kind of names an export gives its entries, and by which its groups name their members.
    package enum Names: UInt8, Sendable {
        /// Distinguished names of a directory (RFC 4514).
        case distinguished
        /// Ids, paths, e-mails: compared without blanks around them and without regard to case.
        case plain
    }

    struct Attribute: Sendable {
        var key: UInt64
        var nameStart: UInt32
        var nameLength: UInt32
        /// Indices into `values`, -1 for none; values of one attribute need not lie side by side (LDIF).
        var firstValue: Int32
        var lastValue: Int32
        var presence: Presence
    }

    struct Value: Sendable {
        var start: UInt32
        var length: UInt32
        var next: Int32
        var kind: AttributeValue.Kind
    }

    /// Where the entry begins.
    package var position = Position(line: 1, byte: 0)
    /// What kind of name `dn` is; the format decides.
    package internal(set) var names = Names.distinguished
    /// Whether an attribute came in parts (`member;range=0-499`) of which some are missing.
    package internal(set) var hasMissingValues = false
    /// Whether attributes came in parts, all of them without their beginning (`member;range=500-*`): the rest of an entry
    /// that stands elsewhere in the read, often without anything else that it says about itself.
    package internal(set) var isContinuation = false

    var bytes: [UInt8] = []
    var attributes: [Attribute] = []
    var values: [Value] = []
    var dnRange: Range<Int>?

    /// Makes an entry without name and attributes.
    package init() {}

    /// Makes an entry from its parts: for tests and for tools.
    package init(
        dn: String?, names: Names = .distinguished, attributes: KeyValuePairs<String, [String]>,
        position: Position = Position(line: 1, byte: 0)
    ) {
        self.position = position
        self.names = names
        if let dn { Array(dn.utf8).withUnsafeBytes { setDN($0) } }
        for (name, texts) in attributes {
            let index = Array(name.utf8).withUnsafeBytes { findOrAdd($0) }
            if texts.isEmpty { self.attributes[index].presence = .emptyList }
            for text in texts { Array(text.utf8).withUnsafeBytes { append($0, kind: .text, to: index) } }
        }
    }

    /// A copy to be kept, with no more storage than it needs.
    package borrowing func kept() -> Entry {
        var kept = copy self
        kept.bytes = bytes.withUnsafeBytes { Array($0) }
        kept.attributes = attributes.withUnsafeBufferPointer { Array($0) }
        kept.values = values.withUnsafeBufferPointer { Array($0) }
        return kept
    }

    /// The name as the export wrote it: distinguished or, where `names` says so, plain.
    package var dn: String? {
        dnRange.map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    /// Calls `body` with the bytes of the name; nothing where there is none.
    package func withDN<T>(_ body: (UnsafeRawBufferPointer) -> T) -> T? {
        guard let range = dnRange else { return nil }
        return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// What the entry says about an attribute.
    package func presence(of name: AttributeName) -> Presence {
        index(of: name).map { attributes[$0].presence } ?? .absent
    }

    /// The first value of an attribute.
    package func first(_ name: AttributeName) -> AttributeValue? {
        guard let index = index(of: name), attributes[index].firstValue >= 0 else { return nil }
        return value(at: Int(attributes[index].firstValue))
    }

    /// Calls `body` with each value of an attribute, in the order of the export.
    package func forEachValue(of name: AttributeName, _ body: (AttributeValue) throws -> Void) rethrows {
        guard let index = index(of: name) else { return }
        try forEachValue(at: index, body)
    }

    func forEachValue(at index: Int, _ body: (AttributeValue) throws -> Void) rethrows {
        var next = attributes[index].firstValue
        while next >= 0 {
            try body(value(at: Int(next)))
            next = values[Int(next)].next
        }
    }

    /// All values of an attribute; allocates, unlike `forEachValue(of:_:)`.
    package func values(of name: AttributeName) -> [AttributeValue] {
        var all: [AttributeValue] = []
        forEachValue(of: name) { all.append($0) }
        return all
    }

    /// How many values an attribute has.
    package func count(of name: AttributeName) -> Int {
        guard let index = index(of: name) else { return 0 }
        return count(at: index)
    }

    func count(at index: Int) -> Int {
        var count = 0
        var next = attributes[index].firstValue
        while next >= 0 {
            count += 1
            next = values[Int(next)].next
        }
        return count
    }

    /// The names of all attributes mentioned, as the export wrote them, without transfer options.
    package var attributeNames: [String] {
        attributes.map { attribute in
            let start = Int(attribute.nameStart)
            return String(decoding: bytes[start..<start + Int(attribute.nameLength)], as: UTF8.self)
        }
    }

    private func value(at index: Int) -> AttributeValue {
        let value = values[index]
        return AttributeValue(kind: value.kind, bytes: bytes[Int(value.start)..<Int(value.start) + Int(value.length)])
    }

    func index(of name: AttributeName) -> Int? {
        for index in attributes.indices where attributes[index].key == name.key {
            let start = Int(attributes[index].nameStart)
            let isSame = bytes.withUnsafeBytes { all in
                let written = UnsafeRawBufferPointer(rebasing: all[start..<start + Int(attributes[index].nameLength)])
                return name.folded.withUnsafeBytes { NameForm.equal(written, $0) }
            }
            if isSame { return index }
        }
        return nil
    }
}
