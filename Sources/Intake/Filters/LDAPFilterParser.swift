// SPDX-License-Identifier: Apache-2.0

/// Why a text is no filter, and where.
package struct LDAPFilterError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of fault.
    package enum Code: String, Sendable, CaseIterable {
        case syntax
        /// A matching rule that is not built in.
        case unsupportedRule
        /// Filters in filters deeper than anybody writes.
        case tooDeep
    }

    package var code: Code
    /// Counted from 1, in characters.
    package var column: Int
    package var expected: String

    /// One line: where, and what was expected.
    package var description: String { "column \(column): expected \(expected)" }
}

/// Reads RFC 4515 by recursive descent.
struct LDAPFilterParser {
    private let text: [UInt8]
    private var index = 0

    init(_ text: String) {
        self.text = Array(text.utf8)
    }

    mutating func parse() throws(LDAPFilterError) -> LDAPFilter.Node {
        skipBlanks()
        let node = try filter(depth: 0)
        skipBlanks()
        guard index == text.count else { throw fault("the end of the filter") }
        return node
    }

    private mutating func filter(depth: Int) throws(LDAPFilterError) -> LDAPFilter.Node {
        guard depth < 100 else { throw fault("at most 100 filters in each other", .tooDeep) }
        try take("(", "\"(\"")
        skipBlanks()
        let node: LDAPFilter.Node
        switch peek {
        case UInt8(ascii: "&"):
            index += 1
            node = .all(try list(depth: depth))
        case UInt8(ascii: "|"):
            index += 1
            node = .any(try list(depth: depth))
        case UInt8(ascii: "!"):
            index += 1
            skipBlanks()
            node = .not(try filter(depth: depth + 1))
            skipBlanks()
        default:
            node = try item()
        }
        try take(")", "\")\"")
        return node
    }

    /// Any number of filters: `(&)` is true and `(|)` is false (RFC 4526).
    private mutating func list(depth: Int) throws(LDAPFilterError) -> [LDAPFilter.Node] {
        var nodes: [LDAPFilter.Node] = []
        skipBlanks()
        while peek == UInt8(ascii: "(") {
            nodes.append(try filter(depth: depth + 1))
            skipBlanks()
        }
        return nodes
    }

    private mutating func item() throws(LDAPFilterError) -> LDAPFilter.Node {
        let (name, rule) = try attribute()
        if let rule { return try matchingRule(rule, of: name) }
        switch peek {
        case UInt8(ascii: "="):
            index += 1
            return try equality(name)
        case UInt8(ascii: ">"):
            index += 1
            try take("=", "\"=\" after \">\"")
            return .atLeast(name, try operand())
        case UInt8(ascii: "<"):
            index += 1
            try take("=", "\"=\" after \"<\"")
            return .atMost(name, try operand())
        case UInt8(ascii: "~"):
            index += 1
            try take("=", "\"=\" after \"~\"")
            return .equal(name, try operand())
        default:
            throw fault("one of = >= <= ~= :=")
        }
    }

    /// A name, and where `:=` follows, the matching rule before it. Paths have colons too (`urn:…:User.department`).
    private mutating func attribute() throws(LDAPFilterError) -> (AttributeName, rule: Range<Int>?) {
        let start = index
        if peek == UInt8(ascii: "{") {
            while index < text.count, text[index] != UInt8(ascii: "}") { index += 1 }
            index = min(index + 1, text.count)
        } else {
            while index < text.count, !"=<>~()* ".utf8.contains(text[index]) { index += 1 }
        }
        var end = index
        var rule: Range<Int>?
        if peek == UInt8(ascii: "="), text[start..<index].last == UInt8(ascii: ":") {
            let colon = text[start..<(index - 1)].lastIndex(of: UInt8(ascii: ":"))
            rule = colon.map { ($0 + 1)..<(index - 1) }
            end = colon ?? index - 1
        }
        guard let name = AttributeName(validating: String(decoding: text[start..<end], as: UTF8.self)) else {
            index = start
            throw fault("the name of an attribute, \"&\", \"|\" or \"!\"")
        }
        skipBlanks()
        return (name, rule)
    }

    private mutating func equality(_ name: AttributeName) throws(LDAPFilterError) -> LDAPFilter.Node {
        var parts: [[UInt8]] = [[]]
        while let byte = peek, byte != UInt8(ascii: ")") {
            if byte == UInt8(ascii: "*") {
                parts.append([])
                index += 1
            } else {
                parts[parts.count - 1].append(try valueByte())
            }
        }
        if parts.count == 1 { return .equal(name, LDAPFilter.Operand(parts[0])) }
        let folded = parts.map { CaseFolding.folded($0) }
        if folded.allSatisfy(\.isEmpty) { return .present(name) }
        let inner = folded.dropFirst().dropLast().filter { !$0.isEmpty }
        return .substrings(name, initial: folded[0], inner: inner, final: folded[folded.count - 1])
    }

    private mutating func matchingRule(_ place: Range<Int>, of name: AttributeName) throws(LDAPFilterError) -> LDAPFilter.Node {
        let rule = String(decoding: text[place], as: UTF8.self)
        guard rule == "1.2.840.113556.1.4.803" || rule == "1.2.840.113556.1.4.804" else {
            index = place.lowerBound
            throw fault("the rule 1.2.840.113556.1.4.803 (all bits) or 1.2.840.113556.1.4.804 (any bit)", .unsupportedRule)
        }
        try take("=", "\":=\"")
        let valueStart = index
        guard let mask = try operand().number else {
            index = valueStart
            throw fault("an integer")
        }
        return rule.hasSuffix("803") ? .allBits(name, mask) : .anyBit(name, mask)
    }

    private mutating func operand() throws(LDAPFilterError) -> LDAPFilter.Operand {
        var bytes: [UInt8] = []
        while let byte = peek, byte != UInt8(ascii: ")") {
            guard byte != UInt8(ascii: "*") else { throw fault("a value without *, or \\2a") }
            bytes.append(try valueByte())
        }
        return LDAPFilter.Operand(bytes)
    }

    /// A byte of a value, `\28` for a bracket.
    private mutating func valueByte() throws(LDAPFilterError) -> UInt8 {
        let byte = text[index]
        if byte == UInt8(ascii: "(") { throw fault("\")\", or \\28 for a bracket in a value") }
        guard byte == UInt8(ascii: "\\") else {
            index += 1
            return byte
        }
        guard index + 2 < text.count, let high = Hex.digit(text[index + 1]), let low = Hex.digit(text[index + 2]) else {
            throw fault("two hexadecimal digits after \"\\\"")
        }
        index += 3
        return high << 4 | low
    }

    private var peek: UInt8? { index < text.count ? text[index] : nil }

    private mutating func take(_ character: Unicode.Scalar, _ expected: String) throws(LDAPFilterError) {
        guard peek == UInt8(ascii: character) else { throw fault(expected) }
        index += 1
    }

    private mutating func skipBlanks() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    private func fault(_ expected: String, _ code: LDAPFilterError.Code = .syntax) -> LDAPFilterError {
        let column = String(decoding: text[..<min(index, text.count)], as: UTF8.self).count + 1
        return LDAPFilterError(code: code, column: column, expected: expected)
    }
}
