// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import NIOCore
package import WebSurface

/// `/platform/openapi.json`, `/platform/postman.json`, `/platform/docs` and `/super_admin/openapi.json`: what the APIs are like,
/// for programs and for people.
///
/// The OpenAPI document is written by hand; the other two are made from it. Nothing here is secret, so no token is asked for.
package struct Documents: Sendable {
    let openAPI: StaticDocument
    let postman: StaticDocument
    let page: StaticDocument
    let superAdmins: StaticDocument

    /// Reads and renders the documents, once.
    ///
    /// - Parameter publicURL: how others reach the installation, without a slash at the end.
    package init(publicURL: String) throws {
        let document = try OpenAPIDocument(publicURL: publicURL)
        let operations = try document.operations()
        openAPI = Self.json(document.root)
        postman = Self.json(try PostmanCollection(document, operations, publicURL: publicURL).value)
        superAdmins = Self.json(try OpenAPIDocument(publicURL: publicURL, audience: .superAdmins).root)
        page = try ReferencePage(document, operations).document
    }

    /// Adds every route.
    package func addRoutes(to router: WebRouter) {
        for (path, document) in [
            ("platform/openapi.json", openAPI), ("platform/postman.json", postman), ("platform/docs", page),
            ("super_admin/openapi.json", superAdmins),
        ] {
            router.routes.get(RouterPath(path)) { request, _ in document.response(to: request) }
        }
    }

    private static func json(_ value: JSONValue) -> StaticDocument {
        var writer = JSONWriter(capacity: 1 << 17)
        writer.element(value)
        return StaticDocument(writer.buffer, contentType: "application/json; charset=utf-8")
    }
}
