// SPDX-License-Identifier: Apache-2.0

package import Directory
import HTTPTypes
import Hummingbird
import Pages
package import SignIn
package import WebSurface

/// `/app/login`: the page behind a login link, where people also sign in by password, see who is signed in, and sign out.
///
/// It shares nothing with `/auth` but the way in: `/auth` never reads a cookie, so that no other site can make a browser call
/// it in somebody's name; the page never reads a header for who somebody is, and takes no POST without the token that it wrote
/// into its own form.
package struct SignInPage: Sendable {
    let service: SignInService
    let sessions: SessionStore
    let profiles: ProfileStore
    let loginLinks: LoginLinkStore
    let cookies: PageCookies
    let pages: LoginPages

    /// - Parameter publicURL: how others reach the installation; under `https` cookies are bound to the host and to TLS.
    package init(directory: Directory, service: SignInService, publicURL: String) {
        self.service = service
        sessions = directory.sessions
        profiles = directory.profiles
        loginLinks = directory.loginLinks
        cookies = PageCookies(isSecure: publicURL.hasPrefix("https://"))
        pages = LoginPages()
    }

    /// Adds every route of the page.
    ///
    /// GET and HEAD change nothing, so that scanners of links achieve nothing; the one thing that signs in is a POST of the
    /// page's own form.
    package func addRoutes(to router: WebRouter) {
        let app = router.routes.group("app")
        app.get("login") { request, context in
            // The page's own addresses are relative, and one folder off below `login/`.
            if request.uri.path.hasSuffix("/") {
                return Response.seeOther("../login" + (context.web.query.map { "?" + $0 } ?? ""))
            }
            return try await answering(request, context) { try await show($0) }
        }
        app.post("login") { request, context in
            try await answering(request, context) { try await signIn($0, request, context) }
        }
        app.post("logout") { request, context in
            try await answering(request, context) { try await signOut($0, context) }
        }
        addProfileRoutes(to: app)
        for name in ["login.css", "login.js"] { app.get(RouterPath(name)) { _, context in try pages.asset(name, for: context) } }
    }

    /// Reads the request, gives the browser a token for its forms if it has none, and tells refusals as pages.
    func answering(
        _ request: Request, _ context: WebContext, _ work: (PageVisit) async throws -> Response
    ) async throws -> Response {
        let asked: PageRequest
        do throws(APIError) {
            asked = try PageRequest(request, context, cookies: cookies)
        } catch {
            return pages.response(.unreadable, status: error.status)
        }
        let visit = PageVisit(asked: asked, formToken: asked.formToken ?? FormToken.random())
        var response: Response
        do {
            response = try await work(visit)
        } catch DirectoryError.unavailable {
            response = pages.response(.unavailable, status: .serviceUnavailable)
            response.headers[.retryAfter] = "1"
        }
        if asked.formToken == nil, response.status != .seeOther {
            response.headers.append(HTTPField(name: .setCookie, value: cookies.setting(formToken: visit.formToken)))
        }
        return response
    }
}
