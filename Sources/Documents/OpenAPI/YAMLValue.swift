// SPDX-License-Identifier: Apache-2.0

import WebSurface
import Yams

/// Reads a YAML text as the JSON value that it stands for (YAML 1.2's core schema, with `<<`).
///
/// Keys keep their order. Scalars are judged here and not by Yams, whose patterns cost more than the whole rest.
enum YAMLValue {
    static func parse(_ text: String) throws -> JSONValue {
        guard let root = try Yams.compose(yaml: text) else { return .null }
        return try value(root)
    }

    private static func value(_ node: Node) throws(DocumentError) -> JSONValue {
        switch node {
        case .scalar(let scalar): return scalar.style == .plain ? plain(scalar.string) : .string(scalar.string)
        case .sequence(let sequence):
            var elements: [JSONValue] = []
            for element in sequence { elements.append(try value(element)) }
            return .array(elements)
        case .mapping(let mapping): return .object(try object(mapping))
        case .alias(let alias): throw DocumentError("an alias stands for nothing: \(alias.anchor.rawValue)")
        }
    }

    /// What is merged stands first; the mapping's own values win.
    private static func object(_ mapping: Node.Mapping) throws(DocumentError) -> JSONObject {
        var object = JSONObject()
        for (key, node) in mapping where key.scalar?.string == "<<" {
            let merged: [Node] = if case .sequence(let sequence) = node { Array(sequence) } else { [node] }
            for node in merged {
                guard case .mapping(let mapping) = node else { throw DocumentError("only mappings can be merged") }
                object.merge(try Self.object(mapping))
            }
        }
        for (key, node) in mapping {
            guard let key = key.scalar?.string else { throw DocumentError("a key must be a text") }
            // In `{description: One, two}` the comma begins a key.
            guard !key.contains(" ") else { throw DocumentError("quotation marks are missing around: \(key)") }
            if key != "<<" { object[key] = try value(node) }
        }
        return object
    }

    private static func plain(_ text: String) -> JSONValue {
        switch text {
        case "", "~", "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        default: return Int64(text).map { .integer($0) } ?? .string(text)
        }
    }
}

/// A document of ours is at fault. The tests see to it that nobody meets one.
struct DocumentError: Error, CustomStringConvertible {
    /// A stable name.
    let code = "broken_document"
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
