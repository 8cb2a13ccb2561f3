// SPDX-License-Identifier: Apache-2.0

import WebSurface

/// A schema as the page shows it: a line a field, nested ones by their path.
struct SchemaLine {
    /// `accounts[].role`; empty for the whole.
    let name: String
    let type: String
    let isRequired: Bool
    let description: String
    /// Of a parameter: `path`, `query` or `header`.
    var place = ""
}

extension OpenAPIDocument {
    /// The fields of a schema, in their order.
    func lines(of schema: JSONValue) throws(DocumentError) -> [SchemaLine] {
        let schema = try resolved(schema)
        if let items = schema["items"], schema["properties"] == nil { return try lines(of: items, prefix: "[].", depth: 0) }
        return try lines(of: schema, prefix: "", depth: 0)
    }

    private func lines(of schema: JSONValue, prefix: String, depth: Int) throws(DocumentError) -> [SchemaLine] {
        let schema = try resolved(schema)
        if let first = schema["anyOf"]?.elements.first, schema["properties"] == nil, try resolved(first)["properties"] != nil {
            return try lines(of: first, prefix: prefix, depth: depth)
        }
        let required = (schema["required"] ?? .null).elements.compactMap(\.text)
        var lines: [SchemaLine] = []
        for (name, value) in (schema["properties"] ?? .null).fields {
            let field = try resolved(value)
            lines.append(
                SchemaLine(
                    name: prefix + name, type: try type(of: field), isRequired: required.contains(name),
                    description: field["description"]?.text ?? ""))
            guard depth < 3 else { continue }
            if field["properties"] != nil {
                lines += try self.lines(of: field, prefix: "\(prefix)\(name).", depth: depth + 1)
            } else if let items = field["items"] {
                lines += try self.lines(of: items, prefix: "\(prefix)\(name)[].", depth: depth + 1)
            }
        }
        return lines
    }

    /// In words: `text or null`, `agent | administrator`, `list of integer`.
    func type(of schema: JSONValue) throws(DocumentError) -> String {
        let schema = try resolved(schema)
        if let values = schema["enum"]?.elements {
            return values.count > 12 ? "one of \(values.count) words" : values.map(Self.word).joined(separator: " | ")
        }
        if let value = schema["const"] { return Self.word(value) }
        if let choices = schema["anyOf"]?.elements {
            var words: [String] = []
            for choice in choices {
                let word = try type(of: choice)
                if !words.contains(word) { words.append(word) }
            }
            return words.joined(separator: " or ")
        }
        let names = schema["type"].map { $0.text.map { [$0] } ?? $0.elements.compactMap(\.text) } ?? ["anything"]
        var words: [String] = []
        for name in names { words.append(try word(name, schema)) }
        return words.joined(separator: " or ")
    }

    private func word(_ type: String, _ schema: JSONValue) throws(DocumentError) -> String {
        switch type {
        case "string": return schema["format"]?.text == "date-time" ? "time" : "text" + Self.length(schema)
        case "array":
            return try schema["items"].map { items throws(DocumentError) in "list of \(try self.type(of: items))" } ?? "list"
        case "boolean": return "true | false"
        default: return type
        }
    }

    private static func length(_ schema: JSONValue) -> String {
        guard case .integer(let most)? = schema["maxLength"] else { return "" }
        return schema["minLength"] == .integer(most) ? " (\(most) characters)" : " (to \(most))"
    }

    private static func word(_ value: JSONValue) -> String {
        if case .string(let text) = value, !text.isEmpty, Int64(text) == nil, text != "true", text != "false" { return text }
        return value.compactText
    }
}
