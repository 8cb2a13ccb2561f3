// SPDX-License-Identifier: Apache-2.0

import WebSurface

/// Writes HTML in which every text is escaped.
struct HTML {
    private(set) var markup = ""

    /// An element with its content; attributes without a value are empty.
    mutating func element(
        _ name: StaticString, _ attributes: KeyValuePairs<String, String>, _ content: (inout HTML) -> Void
    ) {
        markup += "<\(name)"
        for (key, value) in attributes { markup += " \(key)=\"\(MarkupText.escaped(value))\"" }
        markup += ">"
        content(&self)
        markup += "</\(name)>"
    }

    mutating func element(_ name: StaticString, _ content: (inout HTML) -> Void) { element(name, [:], content) }

    /// An element that holds a text.
    mutating func element(_ name: StaticString, _ attributes: KeyValuePairs<String, String>, _ text: String) {
        element(name, attributes) { $0.text(text) }
    }

    mutating func element(_ name: StaticString, _ text: String) { element(name, [:], text) }

    mutating func text(_ text: String) { markup += MarkupText.escaped(text) }

    /// Markup of our own.
    mutating func raw(_ markup: StaticString) { self.markup += "\(markup)" }

    /// What was written elsewhere.
    mutating func append(_ other: HTML) { markup += other.markup }

    /// A style sheet of our own.
    mutating func style(_ css: String) { markup += "<style>\(css)</style>" }

    /// The little Markdown that the document's texts use: paragraphs, `## ` headings, `code` and **strong**.
    mutating func prose(_ text: String) {
        for paragraph in text.split(separator: "\n\n") {
            var lines = paragraph.split(separator: "\n")
            if let first = lines.first, first.hasPrefix("## ") {
                element("h3") { $0.inline(first.dropFirst(3)) }
                lines.removeFirst()
            }
            if !lines.isEmpty { element("p") { $0.inline(lines.joined(separator: " ")[...]) } }
        }
    }

    mutating func inline(_ text: Substring) {
        for (index, part) in text.split(separator: "`", omittingEmptySubsequences: false).enumerated() {
            if index % 2 == 1 {
                element("code", String(part))
                continue
            }
            for (index, part) in part.split(separator: "**", omittingEmptySubsequences: false).enumerated() {
                if index % 2 == 1 { element("strong", String(part)) } else { self.text(String(part)) }
            }
        }
    }
}
