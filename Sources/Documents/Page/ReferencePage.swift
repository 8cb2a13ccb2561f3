// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import NIOCore
import Secrets
import WebSurface

/// `/platform/docs`: the OpenAPI document as one page, without scripts and without anything from elsewhere.
struct ReferencePage {
    let document: StaticDocument

    init(_ openAPI: OpenAPIDocument, _ operations: [OpenAPIOperation]) throws {
        let css = String(decoding: PackageResources.page_css, as: UTF8.self)
        var body = HTML()
        body.element("header") { header in
            header.element("h1", openAPI.root["info"]?["title"]?.text ?? "")
            header.element("p") {
                $0.text(openAPI.root["info"]?["summary"]?.text ?? "")
                $0.text(" For programs: ")
                // Relative, so that they are right under any public address.
                $0.element("a", ["href": "openapi.json"], "OpenAPI 3.1")
                $0.text(", ")
                $0.element("a", ["href": "postman.json"], "Postman collection")
                $0.text(".")
            }
        }
        let tags = (openAPI.root["tags"] ?? .null).elements
        let groups = tags.map { tag in (tag: tag, operations: operations.filter { $0.tag == tag["name"]?.text }) }
        body.element("nav", ["aria-label": "Contents"]) { nav in
            for group in groups { Self.contents(group.tag, group.operations, &nav) }
        }
        var main = HTML()
        main.element("section", ["class": "guide"]) { guide in
            guide.prose(openAPI.root["info"]?["description"]?.text ?? "")
            guide.prose("In the examples, `$MUSTER` is \(Self.code(openAPI)) and `$TOKEN` the token of your Platform App.")
        }
        for group in groups { try Self.section(openAPI, group.tag, group.operations, &main) }
        body.element("main") { $0.append(main) }
        document = StaticDocument(
            ByteBuffer(string: Self.page(title: openAPI.root["info"]?["title"]?.text ?? "", css: css, body)),
            contentType: "text/html; charset=utf-8", headers: Self.headers(css))
    }

    private static func page(title: String, css: String, _ body: HTML) -> String {
        var head = HTML()
        head.raw("<meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        head.raw("<meta name=\"color-scheme\" content=\"light dark\">")
        head.element("title", title)
        head.style(css)
        var page = HTML()
        page.raw("<!doctype html>")
        page.element("html", ["lang": "en"]) { html in
            html.element("head") { $0.append(head) }
            html.element("body") { $0.append(body) }
        }
        return page.markup
    }

    /// Nothing but the one style sheet, which is known by its digest.
    private static func headers(_ css: String) -> HTTPFields {
        let digest = Data(Digest.sha256(css)).base64EncodedString()
        let policy =
            "default-src 'none'; style-src 'sha256-\(digest)'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        return [.contentSecurityPolicy: policy, .referrerPolicy: "no-referrer"]
    }

    // MARK: - Parts

    /// Where the installation is.
    private static func code(_ openAPI: OpenAPIDocument) -> String {
        "`\(openAPI.root["servers"]?.elements.first?["url"]?.text ?? "")`"
    }

    private static func anchor(_ tag: JSONValue) -> String {
        (tag["name"]?.text ?? "").lowercased().split(separator: " ").joined(separator: "-")
    }

    private static func contents(_ tag: JSONValue, _ operations: [OpenAPIOperation], _ nav: inout HTML) {
        nav.element("a", ["class": "group", "href": "#" + anchor(tag)], tag["name"]?.text ?? "")
        nav.element("ul") { list in
            for operation in operations where !operation.isAlias {
                list.element("li") { $0.element("a", ["href": "#" + operation.id], operation.summary) }
            }
        }
    }

    private static func section(
        _ openAPI: OpenAPIDocument, _ tag: JSONValue, _ operations: [OpenAPIOperation], _ main: inout HTML
    ) throws {
        var section = HTML()
        section.element("h2", tag["name"]?.text ?? "")
        section.prose(tag["description"]?.text ?? "")
        for operation in operations {
            let part = try OperationPart(openAPI, operation)
            section.element("details") { details in
                details.element("summary") { summary in
                    summary.element("span", ["class": "verb \(operation.method.lowercased())"], operation.method)
                    summary.element("code", operation.path)
                    summary.element("span", ["class": "what"], operation.summary)
                }
                // Inside of what is closed: browsers open it for a link that leads here.
                details.element("div", ["id": operation.id, "class": "operation"]) { $0.append(part.html) }
            }
        }
        main.element("section", ["id": anchor(tag)]) { $0.append(section) }
    }
}

extension HTTPField.Name {
    fileprivate static let contentSecurityPolicy = HTTPField.Name("Content-Security-Policy")!
    fileprivate static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
}
