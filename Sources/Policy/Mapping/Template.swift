// SPDX-License-Identifier: Apache-2.0

package import Intake

/// A text with attributes in braces: `{givenName} {sn}`, `{givenName|first|lower}`; `{{` and `}}` are braces.
package struct Template: Sendable, Hashable {
    /// A piece of the text.
    package enum Part: Sendable, Hashable {
        /// Stands as it is.
        case literal(String)
        /// Stands for the attribute's value, changed by the steps after it.
        case attribute(AttributeName, [Transform])
    }

    /// Why a text is no template, and at which byte of it.
    package struct Fault: Error, Sendable, Hashable {
        /// Counted from 0.
        package let offset: Int
        /// What is wrong, in words.
        package let message: String
    }

    /// What stands for the value itself in the name of an account that is made for each value.
    static let value: AttributeName = "value"

    /// As the policy has it.
    package let text: String
    /// The pieces in order.
    package let parts: [Part]

    /// Reads a template.
    package init(_ text: String) throws(Fault) {
        var parts: [Part] = []
        var literal: [UInt8] = []
        let bytes = Array(text.utf8)
        let (open, close) = (UInt8(ascii: "{"), UInt8(ascii: "}"))
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            let isDoubled = index + 1 < bytes.count && bytes[index + 1] == byte
            if (byte == open || byte == close) && isDoubled {
                literal.append(byte)
                index += 2
            } else if byte == close {
                throw Fault(offset: index, message: "a \"}\" without \"{\" before it (a brace as such is written twice)")
            } else if byte == open {
                guard let end = bytes[index...].firstIndex(of: close) else {
                    throw Fault(offset: index, message: "a \"{\" without \"}\" after it (a brace as such is written twice)")
                }
                if !literal.isEmpty { parts.append(.literal(String(decoding: literal, as: UTF8.self))) }
                literal.removeAll()
                parts.append(try Self.part(String(decoding: bytes[(index + 1)..<end], as: UTF8.self), at: index))
                index = end + 1
            } else {
                literal.append(byte)
                index += 1
            }
        }
        if !literal.isEmpty { parts.append(.literal(String(decoding: literal, as: UTF8.self))) }
        guard parts.contains(where: { if case .attribute = $0 { true } else { false } }) else {
            throw Fault(offset: 0, message: "a template without an attribute; a constant is written {value: \"…\"}")
        }
        self.text = text
        self.parts = parts
    }

    /// What stands between braces: a name, then steps, each after a bar.
    private static func part(_ text: String, at offset: Int) throws(Fault) -> Part {
        let pieces = text.split(separator: "|", omittingEmptySubsequences: false)
        guard let name = AttributeName(validating: "{\(pieces[0])}") else {
            throw Fault(offset: offset, message: "\"{\(text)}\" does not name an attribute")
        }
        var steps: [Transform] = []
        for piece in pieces.dropFirst() {
            guard let step = Transform.short[String(piece)] else {
                let known = Transform.short.keys.sorted().joined(separator: ", ")
                let near = NearestName.find(String(piece), among: Transform.short.keys.sorted()).map {
                    "; did you mean \"\($0)\"?"
                }
                throw Fault(
                    offset: offset, message: "\"\(piece)\" in \"{\(text)}\" is none of \(known)\(near ?? "")")
            }
            steps.append(step)
        }
        return .attribute(name, steps)
    }

    /// The attributes that the text needs.
    var attributes: [AttributeName] {
        parts.compactMap { if case .attribute(let name, _) = $0 { name } else { nil } }
    }

    /// The text with the entry's values, trimmed; nil where an attribute has none.
    ///
    /// - Parameter value: what `{value}` stands for, where it is no attribute.
    func expanded(with entry: borrowing Entry, value: ArraySlice<UInt8>? = nil) -> [UInt8]? {
        var bytes: [UInt8] = []
        for part in parts {
            switch part {
            case .literal(let text): bytes.append(contentsOf: text.utf8)
            case .attribute(let name, let steps):
                let found = name == Self.value && value != nil ? value : Self.first(of: name, in: entry)
                guard let found, !found.isEmpty else { return nil }
                if steps.isEmpty {
                    bytes.append(contentsOf: found)
                } else {
                    guard let text = steps.applied(to: String(decoding: found, as: UTF8.self)).first else { return nil }
                    bytes.append(contentsOf: text.utf8)
                }
            }
        }
        return Array(bytes[...].trimmed)
    }

    private static func first(of name: AttributeName, in entry: borrowing Entry) -> ArraySlice<UInt8>? {
        var first: ArraySlice<UInt8>?
        entry.forEachValue(of: name) { value in
            guard first == nil, value.kind == .text else { return }
            let text = value.bytes.trimmed
            if !text.isEmpty { first = text }
        }
        return first
    }
}
