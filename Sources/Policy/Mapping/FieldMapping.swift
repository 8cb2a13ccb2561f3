// SPDX-License-Identifier: Apache-2.0

package import Intake

/// How one field of a user is made from an entry: sources tried in order until one has a value.
package struct FieldMapping: Sendable {
    /// What becomes of a field for which the entry has no value.
    package enum Missing: String, Sendable, Hashable, CaseIterable {
        /// The field is cleared.
        case clear
        /// The field stays as it is.
        case keep
    }

    /// The sources in order.
    package let sources: [FieldSource]
    /// What becomes of the field where none has a value (`missing:`).
    package let missing: Missing

    /// The sources as the policy has them, for messages: `displayName, cn`.
    package var description: String { sources.map(\.description).joined(separator: ", ") }
}

/// One place from which a field can come.
package enum FieldSource: Sendable {
    /// The value of an attribute.
    case attribute(AttributeName)
    /// A text with attributes in it; has no value when one of them has none.
    case template(Template)
    /// The same for everybody.
    case constant(FieldValue)

    /// As a policy has it.
    package var description: String {
        switch self {
        case .attribute(let name): name.description
        case .template(let template): template.text
        case .constant(let value): "the constant \(value)"
        }
    }
}

/// A value of a custom attribute.
package enum FieldValue: Sendable, Hashable {
    /// No value: the field is cleared.
    case null
    /// A text.
    case text(String)
    /// Several texts, sorted: values of an LDAP attribute have no order.
    case texts([String])
    /// A number, as JSON has it.
    case number(String)
    /// True or false.
    case boolean(Bool)
}

/// A text with attributes in braces: `{givenName} {sn}`; `{{` and `}}` are braces.
package struct Template: Sendable, Hashable {
    /// A piece of the text.
    package enum Part: Sendable, Hashable {
        /// Stands as it is.
        case literal(String)
        /// Stands for the attribute's value.
        case attribute(AttributeName)
    }

    /// Why a text is no template, and at which byte of it.
    package struct Fault: Error, Sendable, Hashable {
        /// Counted from 0.
        package let offset: Int
        /// What is wrong, in words.
        package let message: String
    }

    /// As the policy has it.
    package let text: String
    /// The pieces in order.
    package let parts: [Part]

    /// Reads a template.
    package init(_ text: String) throws(Fault) {
        var parts: [Part] = []
        var literal = ""
        let bytes = Array(text.utf8)
        let (open, close) = (UInt8(ascii: "{"), UInt8(ascii: "}"))
        var index = 0
        var literalBytes: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            let isDoubled = index + 1 < bytes.count && bytes[index + 1] == byte
            if (byte == open || byte == close) && isDoubled {
                literalBytes.append(byte)
                index += 2
            } else if byte == close {
                throw Fault(offset: index, message: "a \"}\" without \"{\" before it (a brace as such is written twice)")
            } else if byte == open {
                guard let end = bytes[index...].firstIndex(of: close) else {
                    throw Fault(offset: index, message: "a \"{\" without \"}\" after it (a brace as such is written twice)")
                }
                let name = String(decoding: bytes[(index + 1)..<end], as: UTF8.self)
                guard let attribute = AttributeName(validating: name) else {
                    throw Fault(offset: index, message: "\"{\(name)}\" does not name an attribute")
                }
                literal = String(decoding: literalBytes, as: UTF8.self)
                if !literal.isEmpty { parts.append(.literal(literal)) }
                literalBytes.removeAll()
                parts.append(.attribute(attribute))
                index = end + 1
            } else {
                literalBytes.append(byte)
                index += 1
            }
        }
        literal = String(decoding: literalBytes, as: UTF8.self)
        if !literal.isEmpty { parts.append(.literal(literal)) }
        guard parts.contains(where: { if case .attribute = $0 { true } else { false } }) else {
            throw Fault(offset: 0, message: "a template without an attribute; a constant is written {value: \"…\"}")
        }
        self.text = text
        self.parts = parts
    }
}
