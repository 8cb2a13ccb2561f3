// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

@testable import Documents

/// The OpenAPI document by itself. Its form by the specification, and its examples, are checked by `Tests/Schemathesis`.
@Suite struct DocumentTests {
    private static let document = Result { try OpenAPIDocument(publicURL: "https://muster.example/base") }

    @Test func everyReferenceLeadsSomewhere() throws {
        let document = try Self.document.get()
        var references: Set<String> = []
        Self.walk(document.root) { _, value in
            if let reference = value["$ref"]?.text { references.insert(reference) }
        }
        #expect(references.count > 40)
        for reference in references {
            #expect(throws: Never.self) { try document.resolved(.object(["$ref": .string(reference)])) }
        }
        // And everything that can be referred to, is.
        for (kind, components) in document.root["components"]?.fields ?? JSONObject() where kind != "securitySchemes" {
            for (name, _) in components.fields {
                #expect(references.contains("#/components/\(kind)/\(name)"), "\(kind)/\(name) is used by nobody")
            }
        }
    }

    @Test func everyOperationIsComplete() throws {
        let document = try Self.document.get()
        let operations = try document.operations()
        let tags = Set((document.root["tags"] ?? .null).elements.compactMap { $0["name"]?.text })
        #expect(Set(operations.map(\.id)).count == operations.count)
        #expect(Set(operations.map(\.tag)) == tags)
        for operation in operations {
            let statuses = Set(operation.answers.map(\.status))
            #expect(operation.summary.count > 3 && !operation.summary.hasSuffix("."), "\(operation.id)")
            #expect(!statuses.isDisjoint(with: ["200", "202", "204"]), "\(operation.id)")
            #expect(operation.answers.allSatisfy { !$0.description.isEmpty }, "\(operation.id)")
            #expect(statuses.contains("400"), "\(operation.id)")
            #expect(operation.id == "health" || statuses.contains("429"), "\(operation.id)")
            let inPath = operation.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { $0.dropFirst().dropLast() }
            #expect(
                inPath.map(String.init) == operation.parameters.filter { $0.place == "path" }.map(\.name), "\(operation.id)")
            if operation.needsApp {
                #expect(statuses.isSuperset(of: ["401", "403", "503"]), "\(operation.id): \(statuses)")
                #expect(inPath.isEmpty || statuses.contains("404"), "\(operation.id)")
            }
            if !operation.body.isEmpty {
                #expect(operation.body.allSatisfy { $0.example != nil }, "\(operation.id) has no example of its body")
                #expect(operation.id == "bulk" || statuses.isSuperset(of: ["413", "415"]), "\(operation.id)")
            }
        }
        // What is repeatable is said of every POST, as every POST is.
        for operation in operations where operation.method == "POST" && operation.needsApp {
            let own = ["postLoginLink", "redeliver"]
            #expect(
                own.contains(operation.id) == !operation.parameters.contains { $0.name == "Idempotency-Key" }, "\(operation.id)")
        }
    }

    @Test func itNamesTheInstallation() throws {
        let root = try Self.document.get().root
        #expect(root["openapi"] == .string("3.1.0"))
        #expect(root["servers"]?.elements.first?["url"] == .string("https://muster.example/base"))
        #expect(root["x-shared"] == nil && root["users"] == nil)
    }

    @Test func brokenSourcesAreRefused() throws {
        #expect(
            try YAMLValue.parse("a: {b: 1, c: [true, ~, \"2\", x]}\nd: &d {e: 1}\nf: {<<: *d, g: 2}").compactText
                == #"{"a":{"b":1,"c":[true,null,"2","x"]},"d":{"e":1},"f":{"e":1,"g":2}}"#)
        for text in ["a: {description: One, and two}", "a: {<<: 1}", "? [a]\n: b", "a: *b"] {
            #expect(throws: (any Error).self, "\(text)") { try YAMLValue.parse(text) }
        }
    }

    private static func walk(_ value: JSONValue, _ visit: (String, JSONValue) -> Void) {
        for (key, value) in value.fields {
            visit(key, value)
            walk(value, visit)
        }
        for element in value.elements {
            visit("", element)
            walk(element, visit)
        }
    }
}
