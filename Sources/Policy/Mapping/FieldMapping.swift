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

    /// What becomes of the field by what the entry says instead of a value.
    package struct WhenMissing: Sendable, Hashable {
        /// No attribute is mentioned.
        package var absent: Missing
        /// One is null.
        package var null: Missing
        /// One is an empty list or an empty text.
        package var empty: Missing

        /// The same for all three.
        package init(_ missing: Missing = .clear) {
            absent = missing
            null = missing
            empty = missing
        }

        /// Whether the field can stay as it is.
        var mayKeep: Bool { absent == .keep || null == .keep || empty == .keep }
    }

    /// The sources in order.
    package var sources: [FieldSource]
    /// What becomes of the field where none has a value (`missing:`).
    package var whenMissing = WhenMissing()
    /// What kind of value a custom attribute has (`type:`); nil is texts, as many as there are.
    package var type: ValueType?
    /// Whether the field is set when the user is created, and left alone from then on (`only: creation`).
    package var onlyOnCreation = false
    /// The precedence of this field, where it differs from the policy's (`precedence:`).
    package var precedence: Int?

    /// The sources as the policy has them, for messages: `displayName, cn`.
    package var description: String { sources.map(\.description).joined(separator: ", ") }
}

/// One place from which a field can come, and what is done to what is there.
package struct FieldSource: Sendable {
    /// Where the value is.
    package enum Origin: Sendable {
        /// The value of an attribute.
        case attribute(AttributeName)
        /// A text with attributes in it; has no value when one of them has none.
        case template(Template)
        /// The same for everybody.
        case constant(FieldValue)
    }

    /// Where the value is.
    package var origin: Origin
    /// What is done to it, in order.
    package var steps: [Transform] = []

    /// As a policy has it.
    package var description: String {
        switch origin {
        case .attribute(let name): name.description
        case .template(let template): template.text
        case .constant(let value): "the constant \(value)"
        }
    }

    /// The attributes that the source looks at.
    var attributes: [AttributeName] {
        switch origin {
        case .attribute(let name): [name]
        case .template(let template): template.attributes
        case .constant: []
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
