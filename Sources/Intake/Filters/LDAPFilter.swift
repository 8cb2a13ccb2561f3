// SPDX-License-Identifier: Apache-2.0

/// A search filter of LDAP (RFC 4515), applied to the entries of an export.
///
/// Understood are `&`, `|`, `!`, equality, presence, substrings, `>=`, `<=`, `~=` (as equality) and Active Directory's
/// bit rules `:1.2.840.113556.1.4.803:=` and `:1.2.840.113556.1.4.804:=`. Text is compared without regard to case,
/// distinguished names in their one spelling, `>=` and `<=` as numbers where both sides are. An absent attribute
/// matches nothing, so its negation matches. Blanks between the parts are allowed.
package struct LDAPFilter: Sendable, Hashable, CustomStringConvertible {
    let root: Node
    /// The filter as it was written.
    package let description: String

    /// Reads a filter.
    package init(parsing text: String) throws(LDAPFilterError) {
        var parser = LDAPFilterParser(text)
        root = try parser.parse()
        description = text
    }

    /// Whether the filter lets an entry through.
    package func matches(_ entry: borrowing Entry) -> Bool {
        root.matches(entry)
    }

    /// The attributes that the filter asks for.
    package var attributes: Set<AttributeName> {
        var names: Set<AttributeName> = []
        root.collect(into: &names)
        return names
    }

    indirect enum Node: Sendable, Hashable {
        case all([Node])
        case any([Node])
        case not(Node)
        case present(AttributeName)
        case equal(AttributeName, Operand)
        case substrings(AttributeName, initial: [UInt8], inner: [[UInt8]], final: [UInt8])
        case atLeast(AttributeName, Operand)
        case atMost(AttributeName, Operand)
        case allBits(AttributeName, Int64)
        case anyBit(AttributeName, Int64)
    }

    /// What a value is compared with, prepared once.
    struct Operand: Sendable, Hashable {
        let folded: [UInt8]
        let number: Int64?
        /// The one spelling where the operand is a distinguished name.
        let dn: [UInt8]?

        init(_ bytes: [UInt8]) {
            folded = CaseFolding.folded(bytes)
            number = Operand.number(bytes[...])
            var normalised: [UInt8] = []
            let isName =
                bytes.contains(UInt8(ascii: "="))
                && bytes.withUnsafeBytes { DistinguishedName.normalise($0, into: &normalised) }
            dn = isName ? normalised : nil
        }

        static func number(_ bytes: ArraySlice<UInt8>) -> Int64? {
            guard let first = bytes.first, first == UInt8(ascii: "-") || first &- 0x30 < 10, bytes.count <= 20 else {
                return nil
            }
            return Int64(String(decoding: bytes, as: UTF8.self))
        }

        /// A number that is no integer, as JSON has it.
        static func decimal(_ bytes: ArraySlice<UInt8>) -> Double? {
            guard let first = bytes.first, first == UInt8(ascii: "-") || first &- 0x30 < 10, bytes.count <= 32,
                bytes.allSatisfy({ $0 &- 0x30 < 10 || "+-.eE".utf8.contains($0) })
            else { return nil }
            return Double(String(decoding: bytes, as: UTF8.self))
        }

        func equals(_ value: AttributeValue) -> Bool {
            if CaseFolding.isEqual(value.bytes, folded: folded) { return true }
            guard let dn, value.kind == .text else { return false }
            var normalised: [UInt8] = []
            return value.bytes.withUnsafeBytes { DistinguishedName.normalise($0, into: &normalised) } && normalised == dn
        }

        /// Whether `value` comes before (-1), with (0) or after (1) the operand.
        func order(of value: AttributeValue) -> Int {
            if let number, let other = Operand.number(value.bytes) {
                return other < number ? -1 : other == number ? 0 : 1
            }
            if let number = Operand.decimal(folded[...]), let other = Operand.decimal(value.bytes) {
                return other < number ? -1 : other == number ? 0 : 1
            }
            let other = CaseFolding.folded(value.bytes)
            return other == folded ? 0 : other.lexicographicallyPrecedes(folded) ? -1 : 1
        }
    }
}

extension LDAPFilter.Node {
    func matches(_ entry: borrowing Entry) -> Bool {
        switch self {
        case .all(let nodes):
            for node in nodes where !node.matches(entry) { return false }
            return true
        case .any(let nodes):
            for node in nodes where node.matches(entry) { return true }
            return false
        case .not(let node):
            return !node.matches(entry)
        case .present(let name):
            return entry.presence(of: name) == .present
        case .equal(let name, let operand):
            return entry.hasValue(of: name) { operand.equals($0) }
        case .substrings(let name, let initial, let inner, let final):
            return entry.hasValue(of: name) { Self.matches($0, initial, inner, final) }
        case .atLeast(let name, let operand):
            return entry.hasValue(of: name) { operand.order(of: $0) >= 0 }
        case .atMost(let name, let operand):
            return entry.hasValue(of: name) { operand.order(of: $0) <= 0 }
        case .allBits(let name, let mask):
            return entry.hasValue(of: name) { LDAPFilter.Operand.number($0.bytes).map { $0 & mask == mask } ?? false }
        case .anyBit(let name, let mask):
            return entry.hasValue(of: name) { LDAPFilter.Operand.number($0.bytes).map { $0 & mask != 0 } ?? false }
        }
    }

    func collect(into names: inout Set<AttributeName>) {
        switch self {
        case .all(let nodes), .any(let nodes):
            for node in nodes { node.collect(into: &names) }
        case .not(let node): node.collect(into: &names)
        case .present(let name), .equal(let name, _), .substrings(let name, _, _, _), .atLeast(let name, _),
            .atMost(let name, _), .allBits(let name, _), .anyBit(let name, _):
            names.insert(name)
        }
    }

    private static func matches(_ value: AttributeValue, _ initial: [UInt8], _ inner: [[UInt8]], _ final: [UInt8]) -> Bool {
        var rest = CaseFolding.folded(value.bytes)[...]
        guard rest.starts(with: initial) else { return false }
        rest = rest.dropFirst(initial.count)
        guard rest.count >= final.count, rest.suffix(final.count).elementsEqual(final) else { return false }
        rest = rest.dropLast(final.count)
        for part in inner {
            guard let end = endOfFirst(part, in: rest) else { return false }
            rest = rest[end...]
        }
        return true
    }

    private static func endOfFirst(_ part: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
        var start = text.startIndex
        while start + part.count <= text.endIndex {
            if text[start..<start + part.count].elementsEqual(part) { return start + part.count }
            start += 1
        }
        return nil
    }
}

extension Entry {
    /// Whether a value of an attribute fulfils a condition.
    fileprivate func hasValue(of name: AttributeName, _ condition: (AttributeValue) -> Bool) -> Bool {
        var found = false
        forEachValue(of: name) { value in
            if !found, condition(value) { found = true }
        }
        return found
    }
}
