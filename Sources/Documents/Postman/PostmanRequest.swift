// SPDX-License-Identifier: Apache-2.0

import WebSurface

/// One request of the collection: an operation of the document, filled in as the walk says.
struct PostmanRequest {
    /// A variable, and where in the answer its value stands: a JSON pointer into the body, else the name of a header.
    let sets: [(variable: String, source: String)]
    private let operation: OpenAPIOperation
    private let step: JSONValue

    init(_ operation: OpenAPIOperation, _ step: JSONValue) {
        self.operation = operation
        self.step = step
        sets = (step["set"] ?? .null).fields.map { ($0.0, $0.1.text ?? "") }
    }

    var item: JSONValue {
        var request: JSONObject = [
            "method": .string(operation.method), "header": .array(headers), "url": url,
            "description": .string(operation.description.isEmpty ? operation.summary : operation.description),
        ]
        if !operation.needsApp { request["auth"] = .object(["type": .string("noauth")]) }
        if let body { request["body"] = body }
        return .object([
            "name": step["name"] ?? .string(operation.summary),
            "event": .array([
                .object([
                    "listen": .string("test"),
                    "script": .object(["type": .string("text/javascript"), "exec": .array(script.map { .string($0) })]),
                ])
            ]),
            "request": .object(request), "response": .array([]),
        ])
    }

    // MARK: - The request

    private var url: JSONValue {
        let path = operation.path.split(separator: "/").map { segment in
            segment.hasPrefix("{") ? filled(String(segment.dropFirst().dropLast())) : String(segment)
        }
        let query = (step["query"] ?? .null).fields.map { ($0.0, $0.1.text ?? "") }
        var raw = "{{base_url}}/" + path.joined(separator: "/")
        if !query.isEmpty { raw += "?" + query.map { "\($0)=\($1)" }.joined(separator: "&") }
        var url: JSONObject = [
            "raw": .string(raw), "host": .array([.string("{{base_url}}")]), "path": .array(path.map { .string($0) }),
        ]
        if !query.isEmpty {
            url["query"] = .array(query.map { .object(["key": .string($0), "value": .string($1)]) })
        }
        return .object(url)
    }

    /// What a path parameter is filled with: a variable, or behind `=` a text.
    private func filled(_ name: String) -> String {
        let value = step["path"]?[name]?.text ?? name
        return value.hasPrefix("=") ? String(value.dropFirst()) : "{{\(value)}}"
    }

    private var headers: [JSONValue] {
        var headers = (step["headers"] ?? .null).fields.map { ($0.0, "{{\($0.1.text ?? "")}}") }
        if body != nil { headers.append(("Content-Type", "application/json")) }
        return headers.map { .object(["key": .string($0), "value": .string($1)]) }
    }

    private var body: JSONValue? {
        let example = operation.body.first { $0.mediaType == "application/json" }?.example
        guard let content = step["body"] ?? example else { return nil }
        return .object([
            "mode": .string("raw"), "raw": .string(Self.withBareIDs(content.prettyText)),
            "options": .object(["raw": .object(["language": .string("json")])]),
        ])
    }

    /// Ids are numbers: `"{{user_id}}"` loses its quotes.
    private static func withBareIDs(_ text: String) -> String {
        var parts = text.split(separator: "\"{{", omittingEmptySubsequences: false).map(String.init)
        for index in parts.indices.dropFirst() {
            guard let end = parts[index].firstRange(of: "}}\""), parts[index][..<end.lowerBound].hasSuffix("_id") else {
                parts[index] = "\"{{" + parts[index]
                continue
            }
            parts[index] = "{{\(parts[index][..<end.lowerBound])}}\(parts[index][end.upperBound...])"
        }
        return parts.joined()
    }

    // MARK: - Its test

    private var script: [String] {
        var status: Int64 = 200
        if case .integer(let expected)? = step["expect"] { status = expected }
        return ["pm.test(\"answers \(status)\", () => pm.response.to.have.status(\(status)));"]
            + sets.map { "pm.collectionVariables.set(\"\($0.variable)\", \(Self.expression($0.source)));" }
    }

    private static func expression(_ source: String) -> String {
        guard source.hasPrefix("/") else { return "pm.response.headers.get(\"\(source)\")" }
        return "pm.response.json()" + source.split(separator: "/").map { Int($0) == nil ? ".\($0)" : "[\($0)]" }.joined()
    }
}
