// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Mustache
import NIOCore
import WebSurface

/// Renders the sign-in page; its template, style and script are part of the binary.
struct LoginPages: Sendable {
    private let library: MustacheLibrary
    private let version: String

    init() {
        // Before the template is read, which names it.
        MustacheContentTypes.register(MarkupContent(), named: MarkupContent.name)
        guard let template = try? MustacheTemplate(string: String(decoding: PackageResources.login_mustache, as: UTF8.self))
        else {
            preconditionFailure("the template of the sign-in page is part of the program")
        }
        library = MustacheLibrary(templates: ["login": template])
        version = Checksum.text(PackageResources.login_css + PackageResources.login_js)
    }

    /// The page as an answer that no one may keep, frame or leak the address of.
    func response(_ page: LoginPage, status: HTTPResponse.Status = .ok) -> Response {
        var page = page
        page.version = version
        let html = library.render(page, withTemplate: "login") ?? ""
        return Response(
            status: status,
            headers: [
                .contentType: "text/html; charset=utf-8", .cacheControl: "no-store", .referrerPolicy: "no-referrer",
                .contentSecurityPolicy: Self.policy, .frameOptions: "DENY", .openerPolicy: "same-origin",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
    }

    /// The style, under the version that the page names it with.
    func style(for context: WebContext) -> Response {
        asset(PackageResources.login_css, type: "text/css; charset=utf-8", context)
    }

    /// The script, likewise.
    func script(for context: WebContext) -> Response {
        asset(PackageResources.login_js, type: "text/javascript; charset=utf-8", context)
    }

    /// Kept for ever under our own version. Another version asked of us belongs to a daemon beside us, older or newer: what we
    /// have must not be kept under its name.
    private func asset(_ bytes: [UInt8], type: String, _ context: WebContext) -> Response {
        let isOurs = context.web.query.map { $0 == "v=\(version)" } ?? false
        return Response(
            status: .ok,
            headers: [.contentType: type, .cacheControl: isOurs ? "public, max-age=31536000, immutable" : "no-cache"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    private static let policy =
        "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

extension HTTPField.Name {
    static let contentSecurityPolicy = HTTPField.Name("Content-Security-Policy")!
    static let frameOptions = HTTPField.Name("X-Frame-Options")!
    static let openerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy")!
    static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
    static let fetchSite = HTTPField.Name("Sec-Fetch-Site")!
}
