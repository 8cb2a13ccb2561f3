// SPDX-License-Identifier: Apache-2.0

import WebSurface

/// One verb of one path, with everything that is referred to in place; schemas keep their references.
struct OpenAPIOperation: Sendable {
    struct Parameter: Sendable {
        let name: String
        /// `path`, `query` or `header`.
        let place: String
        let isRequired: Bool
        let description: String
        let schema: JSONValue
    }

    struct Content: Sendable {
        let mediaType: String
        let schema: JSONValue
        let example: JSONValue?
    }

    struct Answer: Sendable {
        let status: String
        let description: String
        let content: [Content]
    }

    static let methods = ["get", "post", "patch", "put", "delete"]

    let id: String
    /// In capitals.
    let method: String
    let path: String
    let tag: String
    let summary: String
    let description: String
    let parameters: [Parameter]
    let body: [Content]
    let isBodyRequired: Bool
    /// By status.
    let answers: [Answer]
    /// Whether another verb of the path does the same, as its summary says.
    var isAlias: Bool { summary.contains("(the same as") }
    /// Whether the token of a Platform App is wanted.
    let needsApp: Bool
}

extension OpenAPIDocument {
    /// Every operation, in the order of the paths.
    func operations() throws(DocumentError) -> [OpenAPIOperation] {
        var operations: [OpenAPIOperation] = []
        for (path, item) in (root["paths"] ?? .null).fields {
            for method in OpenAPIOperation.methods {
                guard let operation = item[method] else { continue }
                operations.append(try read(operation, method, path, item))
            }
        }
        return operations
    }

    private func read(
        _ operation: JSONValue, _ method: String, _ path: String, _ item: JSONValue
    ) throws(DocumentError) -> OpenAPIOperation {
        guard let id = operation["operationId"]?.text, let summary = operation["summary"]?.text,
            let tag = operation["tags"]?.elements.first?.text
        else { throw DocumentError("\(method) \(path) lacks an operationId, a summary or a tag") }
        var parameters: [OpenAPIOperation.Parameter] = []
        for given in (item["parameters"]?.elements ?? []) + (operation["parameters"]?.elements ?? []) {
            parameters.append(try parameter(given))
        }
        var answers: [OpenAPIOperation.Answer] = []
        for (status, given) in (operation["responses"] ?? .null).fields {
            let answer = try resolved(given)
            answers.append(
                .init(
                    status: status, description: answer["description"]?.text ?? "", content: try content(answer["content"])))
        }
        return OpenAPIOperation(
            id: id, method: method.uppercased(), path: path, tag: tag, summary: summary,
            description: operation["description"]?.text ?? "", parameters: parameters,
            body: try content(operation["requestBody"]?["content"]),
            isBodyRequired: operation["requestBody"]?["required"] == .bool(true),
            answers: answers.sorted { $0.status < $1.status }, needsApp: operation["security"] == nil)
    }

    private func parameter(_ given: JSONValue) throws(DocumentError) -> OpenAPIOperation.Parameter {
        let parameter = try resolved(given)
        guard let name = parameter["name"]?.text, let place = parameter["in"]?.text else {
            throw DocumentError("a parameter lacks its name or its place")
        }
        return .init(
            name: name, place: place, isRequired: parameter["required"] == .bool(true),
            description: parameter["description"]?.text ?? "", schema: parameter["schema"] ?? .null)
    }

    private func content(_ content: JSONValue?) throws(DocumentError) -> [OpenAPIOperation.Content] {
        var found: [OpenAPIOperation.Content] = []
        for (mediaType, value) in (content ?? .null).fields {
            let named = value["examples"]?.fields.values.first.flatMap { $0["value"] }
            found.append(.init(mediaType: mediaType, schema: value["schema"] ?? .null, example: value["example"] ?? named))
        }
        return found
    }
}
