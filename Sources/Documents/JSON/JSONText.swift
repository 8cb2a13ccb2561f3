// SPDX-License-Identifier: Apache-2.0

import NIOCore
import WebSurface

extension JSONValue {
    /// The JSON text on one line.
    var compactText: String {
        var writer = JSONWriter(capacity: 256)
        writer.element(self)
        return String(buffer: writer.buffer)
    }

    /// The JSON text for people: two blanks a level, and what fits on a line of 72 on one.
    var prettyText: String { pretty(indent: 0) }

    private func pretty(indent: Int) -> String {
        switch self {
        case .array(let elements) where !elements.isEmpty:
            lines("[", "]", indent, elements.map { $0.pretty(indent: indent + 2) })
        case .object(let object) where !object.isEmpty:
            lines(
                "{", "}", indent,
                object.map { "\(JSONValue.string($0).compactText): \($1.pretty(indent: indent + 2))" })
        default: compactText
        }
    }

    private func lines(_ open: String, _ close: String, _ indent: Int, _ parts: [String]) -> String {
        let flat = parts.joined(separator: ", ")
        if indent + flat.utf8.count <= 70, indent > 0, !flat.contains("\n") { return open + flat + close }
        let margin = String(repeating: " ", count: indent)
        return "\(open)\n" + parts.map { "\(margin)  \($0)" }.joined(separator: ",\n") + "\n\(margin)\(close)"
    }
}
