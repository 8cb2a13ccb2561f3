// SPDX-License-Identifier: Apache-2.0

import WebSurface

/// The Postman collection (format 2.1), made from the OpenAPI document along the walk in `walk.yaml`.
///
/// Run from its beginning to its end, every request is answered as its test script expects: the scripts fill the variables that
/// later requests use.
struct PostmanCollection {
    private static let format = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"

    let value: JSONValue

    /// - Throws: ``DocumentError`` when the walk names what the document does not have, or leaves an operation out.
    init(_ document: OpenAPIDocument, _ operations: [OpenAPIOperation], publicURL: String) throws {
        let walk = try YAMLValue.parse(String(decoding: PackageResources.walk_yaml, as: UTF8.self)).elements
        var folders: [JSONValue] = []
        var variables: [String] = []
        var missing = Set(operations.map(\.id))
        for folder in walk {
            var items: [JSONValue] = []
            for call in folder["calls"]?.elements ?? [] {
                guard let id = call["call"]?.text, let operation = operations.first(where: { $0.id == id }) else {
                    throw DocumentError("the walk calls \(call["call"]?.text ?? "nothing"), which the document does not have")
                }
                missing.remove(id)
                let step = PostmanRequest(operation, call)
                variables += step.sets.map(\.variable).filter { !variables.contains($0) }
                items.append(step.item)
            }
            folders.append(.object(["name": folder["folder"] ?? .null, "item": .array(items)]))
        }
        guard missing.isEmpty else { throw DocumentError("the walk leaves out \(missing.sorted().joined(separator: ", "))") }
        let own: [(String, String)] = [("base_url", publicURL), ("token", "")] + variables.map { ($0, "") }
        value = .object([
            "info": .object([
                "name": document.root["info"]?["title"] ?? .null,
                "description": .string(
                    "Put the token of a Platform App into the variable `token`, and run the folders from the first to the last."),
                "schema": .string(Self.format),
            ]),
            "auth": Self.apiKey, "variable": .array(own.map { .object(["key": .string($0), "value": .string($1)]) }),
            "item": .array(folders),
        ])
    }

    private static let apiKey = JSONValue.object([
        "type": .string("apikey"),
        "apikey": .array(
            [("key", "api_access_token"), ("value", "{{token}}"), ("in", "header")].map { (key, value) in
                .object(["key": .string(key), "value": .string(value), "type": .string("string")])
            }),
    ])
}
