// SPDX-License-Identifier: Apache-2.0

import Directory
import NIOCore
import WebSurface

/// JSON as people read and write it.
enum JSONDisplay {
    /// The value of a text; nil for what is no JSON.
    static func value(_ text: String) -> JSONValue? { try? parse(text) }

    /// An object of the database, which is one.
    static func object(_ text: JSONText) -> JSONObject {
        if case .object(let object)? = value(text.text) { object } else { JSONObject() }
    }

    /// A value in one line: a text as it is, anything else as JSON.
    static func line(_ value: JSONValue) -> String {
        if case .string(let text) = value { return text }
        return json(value)
    }

    /// An object over several lines, for a field to be edited in; empty for an empty one.
    static func pretty(_ text: JSONText) -> String {
        let object = object(text)
        return object.isEmpty ? "" : pretty(.object(object), indent: "")
    }

    /// What was typed into a field for an object.
    ///
    /// - Parameters:
    ///   - name: of the field, which problems are about.
    ///   - label: how problems call it.
    static func typed(_ text: String?, _ name: String, _ label: String) throws(FieldProblem) -> JSONText {
        guard let text else { return JSONText("{}") }
        do {
            guard case .object(let object) = try parse(text) else {
                throw FieldProblem(name, "\(label) must be an object: {\"key\": \"value\"}")
            }
            return JSONText(json(.object(object)))
        } catch JSONSyntaxError.malformed(let byte) {
            let before = Array(text.utf8).prefix(byte)
            let line = before.count { $0 == UInt8(ascii: "\n") } + 1
            let column =
                String(decoding: before, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).last?.count ?? 0
            throw FieldProblem(name, "\(label) is no JSON: look at line \(line), column \(column + 1)")
        } catch JSONSyntaxError.tooDeep {
            throw FieldProblem(name, "\(label) is nested too deeply")
        } catch let problem as FieldProblem {
            throw problem
        } catch {
            throw FieldProblem(name, "\(label) is no JSON")
        }
    }

    private static func parse(_ text: String) throws -> JSONValue {
        try Array(text.utf8).withUnsafeBufferPointer { try JSONParser.parse($0).value }
    }

    private static func json(_ value: JSONValue) -> String {
        var writer = JSONWriter()
        writer.element(value)
        return String(buffer: writer.buffer)
    }

    private static func pretty(_ value: JSONValue, indent: String) -> String {
        let inner = indent + "  "
        switch value {
        case .object(let object) where !object.isEmpty:
            let fields = object.map { "\(inner)\(json(.string($0.0))): \(pretty($0.1, indent: inner))" }
            return "{\n\(fields.joined(separator: ",\n"))\n\(indent)}"
        case .array(let elements) where !elements.isEmpty:
            return "[\n\(elements.map { inner + pretty($0, indent: inner) }.joined(separator: ",\n"))\n\(indent)]"
        default: return json(value)
        }
    }
}

extension DataTable {
    /// Custom attributes as names and values.
    static func attributes(_ text: JSONText) -> DataTable {
        var table = DataTable("Custom attributes", ["Name", "Value"])
        for (name, value) in JSONDisplay.object(text) {
            table.append([.text(name, none: "(empty)"), .text(JSONDisplay.line(value).cut(to: 2_000), none: "(empty)")])
        }
        return table
    }
}

extension String {
    /// At most so many characters of it, with a sign where there were more.
    func cut(to count: Int) -> String {
        unicodeScalars.count <= count ? self : String(String.UnicodeScalarView(unicodeScalars.prefix(count))) + "…"
    }
}
