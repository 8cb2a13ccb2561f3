// SPDX-License-Identifier: Apache-2.0

import WebSurface

/// One operation on the page: what it takes, how it is called, what it answers.
struct OperationPart {
    private(set) var html = HTML()
    private let openAPI: OpenAPIDocument
    private let operation: OpenAPIOperation

    init(_ openAPI: OpenAPIDocument, _ operation: OpenAPIOperation) throws {
        self.openAPI = openAPI
        self.operation = operation
        html.prose(operation.description)
        try parameters()
        try body()
        call()
        try answers()
    }

    private mutating func parameters() throws {
        var lines: [SchemaLine] = []
        for parameter in operation.parameters {
            let schema = try openAPI.resolved(parameter.schema)
            lines.append(
                SchemaLine(
                    name: parameter.name, type: try openAPI.type(of: parameter.schema), isRequired: parameter.isRequired,
                    description: parameter.description.isEmpty ? schema["description"]?.text ?? "" : parameter.description,
                    place: parameter.place))
        }
        table("Parameters", lines)
    }

    private mutating func body() throws {
        guard let first = operation.body.first else { return }
        table(operation.isBodyRequired ? "Body" : "Body (may be absent)", try openAPI.lines(of: first.schema))
        html.element("p", ["class": "note"]) { note in
            note.text("As ")
            for (index, content) in operation.body.enumerated() {
                if index > 0 { note.text(" or ") }
                note.element("code", content.mediaType)
            }
            note.text(".")
        }
    }

    /// As it is typed in a shell.
    private mutating func call() {
        var words = ["curl"]
        if operation.method != "GET" { words.append("-X \(operation.method)") }
        if operation.needsApp { words.append("-H \"api_access_token: $TOKEN\"") }
        if operation.path.hasPrefix("/auth"), operation.id != "signIn" { words.append("-H \"authorization: $SESSION\"") }
        words.append("\"$MUSTER\(operation.path.replacing("{", with: "$").replacing("}", with: ""))\"")
        var text = words.joined(separator: " ")
        if let example = operation.body.first?.example {
            text += " \\\n  --json '\(example.prettyText.replacing("\n", with: "\n  "))'"
        }
        html.element("pre") { $0.element("code", text) }
    }

    private mutating func answers() throws {
        html.element("h4", "Answers")
        let operation = operation
        html.element("table", ["class": "answers"]) { table in
            table.element("tbody") { rows in
                for answer in operation.answers {
                    rows.element("tr") { row in
                        row.element("td", ["class": "status s\(answer.status.prefix(1))"], answer.status)
                        row.element("td") { $0.inline(answer.description[...]) }
                    }
                }
            }
        }
        guard let content = operation.answers.first(where: { $0.status.hasPrefix("2") })?.content.first else { return }
        if let example = content.example { html.element("pre") { $0.element("code", example.prettyText) } }
        let lines = try openAPI.lines(of: content.schema)
        guard !lines.isEmpty else { return }
        var fields = HTML()
        Self.table(lines, &fields)
        html.element("details", ["class": "fields"]) { details in
            details.element("summary", "Fields of the answer")
            details.append(fields)
        }
    }

    private mutating func table(_ title: String, _ lines: [SchemaLine]) {
        guard !lines.isEmpty else { return }
        html.element("h4", title)
        Self.table(lines, &html)
    }

    private static func table(_ lines: [SchemaLine], _ html: inout HTML) {
        html.element("table") { table in
            table.element("tbody") { rows in
                for line in lines {
                    rows.element("tr") { row in
                        row.element("th", ["scope": "row"]) { cell in
                            cell.element("code", line.name)
                            if line.isRequired { cell.element("span", ["class": "required"], "required") }
                        }
                        row.element("td") { cell in
                            cell.element(
                                "span", ["class": "type"], line.place.isEmpty ? line.type : "\(line.place), \(line.type)")
                            if !line.description.isEmpty {
                                cell.element("span", ["class": "about"]) { $0.inline(line.description[...]) }
                            }
                        }
                    }
                }
            }
        }
    }
}
