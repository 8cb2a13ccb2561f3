// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Pages
import WebSurface

/// Renders the sign-in page; its template, style and script are part of the binary.
struct LoginPages: Sendable {
    private let library = PageLibrary([
        "login": PackageResources.login_mustache, "profile": PackageResources.profile_mustache,
    ])
    private let assets = PageAssets([
        "login.css": PackageResources.login_css, "login.js": PackageResources.login_js + SecretScript.bytes,
    ])

    /// The page as an answer that no one may keep, frame or leak the address of.
    func response(_ page: LoginPage, status: HTTPResponse.Status = .ok) -> Response {
        var page = page
        page.version = assets.version
        return .page(library.render(page, with: "login"), status: status)
    }

    /// The same for a person's own page.
    func response(_ page: ProfilePage, status: HTTPResponse.Status = .ok) -> Response {
        var page = page
        page.version = assets.version
        return .page(library.render(page, with: "profile"), status: status)
    }

    /// The style or script, under the version that the page names it with.
    func asset(_ name: String, for context: WebContext) throws -> Response {
        try assets.response(name, version: context.web.query.flatMap { $0.hasPrefix("v=") ? $0.dropFirst(2) : nil } ?? "")
    }
}
