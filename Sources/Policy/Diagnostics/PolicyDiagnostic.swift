// SPDX-License-Identifier: Apache-2.0

/// One mistake in a policy document, with the place where a person finds it.
package struct PolicyDiagnostic: Sendable, Hashable {
    /// What kind of mistake it is, stable for programs.
    package struct Code: RawRepresentable, Sendable, Hashable {
        /// The code as it is shown with `--json`.
        package let rawValue: String

        /// Makes a code from its text.
        package init(rawValue: String) { self.rawValue = rawValue }

        /// The document is no YAML.
        package static let syntax = Code(rawValue: "syntax")
        /// The file cannot be read, or is no UTF-8 text.
        package static let unreadable = Code(rawValue: "unreadable")
        /// A key that policies do not have.
        package static let unknownKey = Code(rawValue: "unknown_key")
        /// A key is given twice, or a name that must be unique is not.
        package static let duplicate = Code(rawValue: "duplicate")
        /// A key that must be there is missing.
        package static let missingKey = Code(rawValue: "missing_key")
        /// A list where a text belongs, or the like.
        package static let wrongType = Code(rawValue: "wrong_type")
        /// The right type with a value that makes no sense.
        package static let badValue = Code(rawValue: "bad_value")
        /// A distinguished name that cannot be read.
        package static let badName = Code(rawValue: "bad_dn")
        /// An LDAP filter that cannot be read.
        package static let badFilter = Code(rawValue: "bad_filter")
        /// An attribute name, fallback list or template that cannot be read.
        package static let badMapping = Code(rawValue: "bad_mapping")
    }

    /// The kind of mistake.
    package var code: Code
    /// The file as it was named to the reader.
    package var file: String
    /// Line, from 1.
    package var line: Int
    /// Column in characters, from 1.
    package var column: Int
    /// What is wrong, in a sentence without a full stop.
    package var message: String
    /// What was probably meant, where that can be told.
    package var suggestion: String?

    /// Makes a diagnostic.
    package init(
        _ code: Code, file: String, line: Int, column: Int, message: String, suggestion: String? = nil
    ) {
        self.code = code
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        self.suggestion = suggestion
    }
}

extension PolicyDiagnostic: CustomStringConvertible {
    /// The line that compilers print: `file:line:column: error: message; did you mean "…"?`.
    package var description: String {
        let hint = suggestion.map { "; did you mean \"\($0)\"?" } ?? ""
        return "\(file):\(line):\(column): error: \(message)\(hint)"
    }
}

/// Every mistake found in one or several policy documents; never empty when thrown.
package struct PolicyDiagnostics: Error, Sendable, Hashable, CustomStringConvertible {
    /// The mistakes by file, line and column.
    package let all: [PolicyDiagnostic]

    /// Sorts the mistakes into reading order.
    package init(_ diagnostics: [PolicyDiagnostic]) {
        all = diagnostics.sorted { ($0.file, $0.line, $0.column, $0.message) < ($1.file, $1.line, $1.column, $1.message) }
    }

    /// Stable code of this error.
    package var code: String { "policy_invalid" }

    /// One line per mistake.
    package var description: String { all.map(\.description).joined(separator: "\n") }
}
