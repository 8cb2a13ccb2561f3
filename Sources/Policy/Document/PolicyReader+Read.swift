// SPDX-License-Identifier: Apache-2.0

import Intake
import Yams

/// How exports are read: encoding, rows, manifest.
extension DocumentReader {
    mutating func exportOptions(_ fields: Fields) -> ExportOptions {
        var options = ExportOptions()
        if let node = fields["encoding"] { options.encoding = encoding(node) }
        if let node = fields["csv"] { options.csv = csvOptions(node) }
        if let node = fields["manifest"] { options.manifest = manifestRule(node) }
        return options
    }

    private mutating func encoding(_ node: Node) -> TextEncoding? {
        guard let text = text(node, "\"encoding\"") else { return nil }
        if let encoding = TextEncoding(named: text) { return encoding }
        let known = TextEncoding.allCases.map(\.rawValue)
        note(
            .badValue, at: node, "\"encoding\" must be one of \(Self.listing(known)), not \"\(text)\"",
            suggestion: NearestName.find(text, among: known))
        return nil
    }

    private mutating func csvOptions(_ node: Node) -> CSVOptions {
        var options = CSVOptions()
        let keys = ["delimiter", "header", "columns", "values", "multi_valued", "name", "short_rows", "duplicates"]
        guard let fields = fields(of: node, "\"csv\"", known: keys) else { return options }
        if let node = fields["delimiter"], let delimiter = delimiter(node) { options.delimiter = delimiter }
        if let node = fields["header"], let header = boolean(node, "\"header\"") { options.hasHeader = header }
        if let node = fields["columns"], let items = list(node, "\"columns\"") {
            options.columns = items.compactMap { text($0, "a name in \"columns\"") }
        }
        if let node = fields["values"], let separator = text(node, "\"values\"", maximum: 8) {
            options.valueSeparator = separator
        }
        if let node = fields["multi_valued"], let items = list(node, "\"multi_valued\"") {
            options.multiValuedColumns = items.compactMap { text($0, "a name in \"multi_valued\"") }
            if fields["values"] == nil { note(.missingKey, at: node, "\"multi_valued\" needs \"values\", what parts the values") }
        }
        if let node = fields["name"], let name = text(node, "\"name\"") { options.nameColumn = name }
        if let node = fields["short_rows"], let allowed = boolean(node, "\"short_rows\"") { options.allowsShortRows = allowed }
        if let node = fields["duplicates"], let numbered = boolean(node, "\"duplicates\"") {
            options.numbersDuplicates = numbered
        }
        return options
    }

    /// One character, or its name where it is none that can be seen.
    private mutating func delimiter(_ node: Node) -> Unicode.Scalar? {
        guard case .scalar(let scalar) = node else {
            note(.wrongType, at: node, "\"delimiter\" must be a text, not \(Self.kind(node))")
            return nil
        }
        if scalar.string == "tab" { return "\t" }
        let scalars = scalar.string.unicodeScalars
        guard scalars.count == 1, let only = scalars.first, only.isASCII, only != "\"", only != "\n", only != "\r", only != "\0"
        else {
            note(.badValue, at: node, "\"delimiter\" must be one character such as \";\", or \"tab\"")
            return nil
        }
        return only
    }

    private mutating func manifestRule(_ node: Node) -> ManifestRule {
        var rule = ManifestRule()
        guard let fields = fields(of: node, "\"manifest\"", known: ["required", "public_key"]) else { return rule }
        if let node = fields["required"], let required = boolean(node, "\"required\"") { rule.isRequired = required }
        if let node = fields["public_key"], let text = text(node, "\"public_key\"") {
            rule.publicKey = ManifestRule.publicKey(base64: text)
            if rule.publicKey == nil {
                note(
                    .badValue, at: node, "\"public_key\" must be the 32 bytes of an Ed25519 key in base64, or its PEM's one line")
            }
        }
        return rule
    }
}
