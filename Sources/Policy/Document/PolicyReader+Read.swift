// SPDX-License-Identifier: Apache-2.0

import Intake
import Secrets
import Yams

/// `read:`.
extension DocumentReader {
    static let readKeys = ["files", "changes", "keep", "format", "encoding", "csv", "manifest", "public_key"]
    static let csvKeys = ["delimiter", "header", "columns", "name", "values", "multiple", "short_rows", "number_duplicates"]
    /// The names of formats, in which `auto` is told from the content.
    static let formats = EntryFormat.allCases.map { $0 == .detect ? "auto" : $0.rawValue }

    mutating func readRule(_ node: Node) -> ReadRule {
        var rule = ReadRule()
        guard let fields = fields(of: node, "\"read\"", known: Self.readKeys) else { return rule }
        if let files = fields["files"], let items = list(files, "\"files\"") {
            rule.files = items.compactMap { filePattern($0) }
        }
        if let changes = fields["changes"], let items = list(changes, "\"changes\"") {
            rule.changes = items.compactMap { filePattern($0) }
        }
        if let node = fields["keep"] { rule.keep = keep(node) }
        if let node = fields["format"] { rule.format = format(node) }
        if let node = fields["changes"] { check(changes: node, rule) }
        if let node = fields["encoding"] { rule.encoding = encoding(node) }
        if let node = fields["csv"] { rule.csv = csv(node) }
        if let node = fields["manifest"], let choice = choice(node, "\"manifest\"", ReadRule.Manifest.self) {
            rule.manifest = choice
        }
        if let node = fields["public_key"] { rule.publicKey = publicKey(node) }
        if rule.manifest == .signed, fields["public_key"] == nil, let node = fields["manifest"] {
            note(.missingKey, at: node, "\"manifest: signed\" needs \"public_key\"")
        } else if rule.manifest != .signed, let node = fields["public_key"] {
            note(.badValue, at: node, "\"public_key\" goes with \"manifest: signed\" only")
        }
        return rule
    }

    /// `30d`, or `never`.
    private mutating func keep(_ node: Node) -> Duration? {
        if case .scalar(let scalar) = node, scalar.string == "never" { return nil }
        return duration(node, "\"keep\"", in: .seconds(3_600)...(.seconds(3_650 * 86_400)))
    }

    private mutating func check(changes node: Node, _ rule: ReadRule) {
        if rule.keep == nil {
            note(.badValue, at: node, "\"changes\" build on the kept read, and \"keep: never\" keeps none")
        }
        if ![.detect, .ldif, .graph].contains(rule.format) {
            note(
                .badValue, at: node, "\"changes\" are read from \"ldif\" and \"graph\" only, not from \"\(rule.format.rawValue)\""
            )
        }
    }

    private mutating func filePattern(_ node: Node) -> FilePattern? {
        guard let text = text(node, "a pattern in \"files\"", maximum: 4096) else { return nil }
        do throws(FilePattern.Fault) {
            return try FilePattern(text)
        } catch .noName {
            note(.badValue, at: node, "\"\(text)\" names no file; write for instance \"inbox/*.json\"")
        } catch .leavesFolder {
            note(.badValue, at: node, "\"\(text)\" leaves the policy's folder by \"..\"; write an absolute path")
        } catch {
            note(.badValue, at: node, "\"\(text)\" has a wildcard in a folder's name; only the name of the file can have one")
        }
        return nil
    }

    private mutating func format(_ node: Node) -> EntryFormat {
        guard let text = scalar(node, "\"format\"")?.string else { return .detect }
        if let index = Self.formats.firstIndex(of: text) { return EntryFormat.allCases[index] }
        note(
            .badValue, at: node, "\"format\" must be one of \(Self.listing(Self.formats)), not \"\(text)\"",
            suggestion: NearestName.find(text, among: Self.formats))
        return .detect
    }

    private mutating func encoding(_ node: Node) -> TextEncoding? {
        guard let text = scalar(node, "\"encoding\"")?.string else { return nil }
        if let encoding = TextEncoding(named: text) { return encoding }
        let known = TextEncoding.allCases.map(\.rawValue)
        note(
            .badValue, at: node, "\"encoding\" must be one of \(Self.listing(known)), not \"\(text)\"",
            suggestion: NearestName.find(text, among: known))
        return nil
    }

    /// How rows are meant.
    private mutating func csv(_ node: Node) -> CSVOptions {
        var options = CSVOptions()
        guard let fields = fields(of: node, "\"csv\"", known: Self.csvKeys) else { return options }
        if let node = fields["delimiter"] {
            if case .scalar(let scalar) = node, scalar.string.unicodeScalars.count == 1 || scalar.string == "tab" {
                options.delimiter = scalar.string == "tab" ? "\t" : scalar.string.unicodeScalars.first
            } else {
                note(.badValue, at: node, "\"delimiter\" must be one character, or tab")
            }
        }
        if let node = fields["header"], let flag = boolean(node, "\"header\"") { options.hasHeader = flag }
        if let node = fields["columns"] { options.columns = texts(node, "\"columns\"") }
        if let node = fields["name"] { options.nameColumn = text(node, "\"name\"") }
        if let node = fields["values"] { options.valueSeparator = text(node, "\"values\"") }
        if let node = fields["multiple"] { options.multiValuedColumns = texts(node, "\"multiple\"") }
        if let node = fields["short_rows"], let flag = boolean(node, "\"short_rows\"") { options.allowsShortRows = flag }
        if let node = fields["number_duplicates"], let flag = boolean(node, "\"number_duplicates\"") {
            options.numbersDuplicates = flag
        }
        if !options.hasHeader, fields["columns"] == nil {
            note(.missingKey, at: node, "\"csv\" without a header needs \"columns\"")
        }
        return options
    }

    /// An Ed25519 key: 32 bytes in base64, or as `openssl pkey -pubout` writes it.
    private mutating func publicKey(_ node: Node) -> [UInt8]? {
        guard let text = scalar(node, "\"public_key\"")?.string else { return nil }
        let body = text.split(whereSeparator: \.isNewline).filter { !$0.contains("-----") }.joined()
        let bytes = Base64Text.decode(body.filter { !$0.isWhitespace }) ?? []
        // SubjectPublicKeyInfo of RFC 8410 before the key itself.
        let prefix: [UInt8] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00]
        let key = bytes.starts(with: prefix) ? Array(bytes.dropFirst(prefix.count)) : bytes
        guard key.count == 32 else {
            note(.badValue, at: node, "\"public_key\" must be an Ed25519 key: 32 bytes in base64, or PEM")
            return nil
        }
        return key
    }
}
