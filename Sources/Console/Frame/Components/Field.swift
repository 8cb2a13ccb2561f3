// SPDX-License-Identifier: Apache-2.0

import Directory

/// A field of a form with its label, its hint, what was typed and what is wrong with that; the template is `field`.
///
/// ```swift
/// Field.text("name", "Name", form.name, hint: "As others see it", problems)
/// ```
struct Field: Sendable {
    let name: String
    let id: String
    let label: String
    var hint: String?
    let error: String?
    /// The ids of hint and error, for `aria-describedby`.
    let describedBy: String?
    let value: String
    let type: String
    var autocomplete: String?
    var maximumLength: Int?
    var rows: Int?
    var options: [Option] = []
    let isInput: Bool
    let isArea: Bool
    let isChoice: Bool
    let isCheckbox: Bool
    var isChecked = false
    var isRequired = false
    /// Said beside the label of what need not be filled in.
    var isOptional = false

    /// One of a choice.
    struct Option: Sendable {
        let value: String
        let label: String
        var isSelected = false
    }

    private enum Form { case input, area, choice, checkbox }

    private init(
        _ form: Form, _ name: String, _ label: String, _ value: String, type: String = "text", hint: String?,
        _ problems: [FieldProblem]
    ) {
        self.name = name
        // Boxes of a group share their name and not their value.
        id =
            "field-"
            + String((name.hasSuffix("[]") ? name + value : name).map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
        self.label = label
        self.value = value
        self.type = type
        self.hint = hint
        let own = problems.filter { $0.attribute == name }.map(\.message)
        error = own.isEmpty ? nil : own.joined(separator: ". ")
        let described = (hint == nil ? [] : [id + "-hint"]) + (own.isEmpty ? [] : [id + "-error"])
        describedBy = described.isEmpty ? nil : described.joined(separator: " ")
        isInput = form == .input
        isArea = form == .area
        isChoice = form == .choice
        isCheckbox = form == .checkbox
    }

    /// A line of text.
    ///
    /// - Parameters:
    ///   - value: what stands in it: as it was sent, else as it is stored.
    ///   - type: as HTML has it: `text`, `email`, `url`, `number`, `datetime-local` ...
    static func text(
        _ name: String, _ label: String, _ value: String?, type: String = "text", hint: String? = nil, required: Bool = false,
        maximumLength: Int? = 255, autocomplete: String? = "off", _ problems: [FieldProblem] = []
    ) -> Field {
        var field = Field(.input, name, label, value ?? "", type: type, hint: hint, problems)
        field.isRequired = required
        field.isOptional = !required
        field.maximumLength = ["number", "date", "datetime-local"].contains(type) ? nil : maximumLength
        field.autocomplete = autocomplete
        return field
    }

    /// A password, never shown again.
    static func password(
        _ name: String, _ label: String, hint: String? = nil, required: Bool = true, autocomplete: String,
        _ problems: [FieldProblem] = []
    ) -> Field {
        var field = Field(.input, name, label, "", type: "password", hint: hint, problems)
        field.isRequired = required
        field.isOptional = !required
        field.maximumLength = 128
        field.autocomplete = autocomplete
        return field
    }

    /// A code of an authenticator, or a recovery code.
    static func code(_ name: String, _ label: String, hint: String? = nil, _ problems: [FieldProblem] = []) -> Field {
        var field = Field(.input, name, label, "", hint: hint, problems)
        field.isRequired = true
        field.maximumLength = 64
        field.autocomplete = "one-time-code"
        return field
    }

    /// Several lines of text.
    static func area(
        _ name: String, _ label: String, _ value: String?, rows: Int = 4, hint: String? = nil, required: Bool = false,
        _ problems: [FieldProblem] = []
    ) -> Field {
        var field = Field(.area, name, label, value ?? "", hint: hint, problems)
        field.rows = rows
        field.isRequired = required
        field.isOptional = !required
        return field
    }

    /// One of several values.
    static func choice(
        _ name: String, _ label: String, _ value: String?, _ options: [(value: String, label: String)], hint: String? = nil,
        _ problems: [FieldProblem] = []
    ) -> Field {
        var field = Field(.choice, name, label, value ?? "", hint: hint, problems)
        field.options = options.map { Option(value: $0.value, label: $0.label, isSelected: $0.value == value) }
        return field
    }

    /// A box to tick. Unticked it sends `0`.
    ///
    /// - Parameter name: with `[]` at its end for one of several that share the name: then it sends `value`, or nothing.
    static func checkbox(
        _ name: String, _ label: String, _ isChecked: Bool, value: String = "1", hint: String? = nil,
        _ problems: [FieldProblem] = []
    ) -> Field {
        var field = Field(.checkbox, name, label, value, hint: hint, problems)
        field.isChecked = isChecked
        return field
    }
}

extension [FieldProblem] {
    /// What is wrong with no field of the form in particular, for the head of the page.
    func notice(besides fields: [String]) -> Notice? {
        let others = filter { !fields.contains($0.attribute) }.map(\.message)
        return others.isEmpty ? nil : .error(others.joined(separator: ". ") + ".")
    }
}
