// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Testing
import WebSurface

@testable import Documents

/// How the documents are handed out.
@Suite struct ServingTests {
    private static let documents = Result { try Documents(publicURL: "https://muster.example/base") }

    private func get(_ document: StaticDocument, ifNoneMatch: String? = nil) -> Response {
        var head = HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/platform/docs")
        head.headerFields[.ifNoneMatch] = ifNoneMatch
        return document.response(to: Request(head: head, body: RequestBody(buffer: .init())))
    }

    @Test func cachesAskWhetherTheirsIsGood() throws {
        let documents = try Self.documents.get()
        var tags: Set<String> = []
        for document in [documents.openAPI, documents.postman, documents.page] {
            let answer = get(document)
            let tag = try #require(answer.headers[.eTag])
            #expect(answer.status == .ok && answer.headers[.cacheControl] == "public, no-cache" && tag.hasPrefix("\""))
            let again = get(document, ifNoneMatch: "W/\"x\", \(tag)")
            #expect(again.status == .notModified && again.headers[.eTag] == tag && again.headers[.contentType] == nil)
            #expect(get(document, ifNoneMatch: "\"other\"").status == .ok)
            tags.insert(tag)
        }
        #expect(tags.count == 3)
        // Another address, another document.
        #expect(
            get(try Documents(publicURL: "https://other.example").openAPI).headers[.eTag] != get(documents.openAPI).headers[.eTag]
        )
    }

    @Test func thePageNeedsNothingFromElsewhere() throws {
        let documents = try Self.documents.get()
        let answer = get(documents.page)
        let policy = try #require(answer.headers[HTTPField.Name("Content-Security-Policy")!])
        #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"))
        #expect(answer.headers[.contentType] == "text/html; charset=utf-8")
        let html = String(buffer: documents.page.body)
        // The hash covers the one <style>; a style= or a script would not be let through.
        for forbidden in ["<script", " style=", "src=", "<link", "@import", "url(", "href=\"http", "onclick"] {
            #expect(!html.contains(forbidden), "\(forbidden)")
        }
        #expect(html.ranges(of: "<style>").count == 1)
        // Everything is on it, and every link inside of it leads somewhere.
        for operation in try OpenAPIDocument(publicURL: "").operations() {
            #expect(html.contains("id=\"\(operation.id)\""), "\(operation.id)")
        }
        for link in html.matches(of: /href="#([^"]*)"/) { #expect(html.contains("id=\"\(link.1)\""), "\(link.1)") }
        #expect(html.contains(#"href="openapi.json""#) && html.contains(#"href="postman.json""#))
    }

    @Test func textsAreEscaped() {
        var html = HTML()
        html.element("p", ["title": #"a"b<"#]) { $0.prose("**1 < 2** & `<token>`") }
        #expect(
            html.markup
                == #"<p title="a&quot;b&lt;"><p><strong>1 &lt; 2</strong> &amp; <code>&lt;token&gt;</code></p></p>"#)
    }
}
