// SPDX-License-Identifier: Apache-2.0

import Directory
import Glibc
import HTTPTypes
import Hummingbird
import Pages
import Secrets
import SignIn
import WebSurface

/// What the frame needs to answer any request.
struct Desk: Sendable {
    /// The first segment of every path of the console.
    static let folder = "super_admin"

    let directory: Directory
    let signIn: SuperAdminSignIn
    /// How others reach the installation.
    let publicURL: String
    /// The path of the public URL, which a proxy takes away before we see a request.
    let base: String
    let assets = PageAssets(ConsoleResources.files)
    let cookies: ConsoleCookies
    private let library = PageLibrary(ConsoleResources.templates)
    private let access: ConsoleAccess

    init(directory: Directory, passwords: PasswordHasher, publicURL: String) {
        self.directory = directory
        signIn = SuperAdminSignIn(directory: directory, passwords: passwords)
        self.publicURL = publicURL
        let isSecure = publicURL.hasPrefix("https://")
        let host = publicURL.drop { $0 != "/" }.dropFirst(2)
        base = String(host.drop { $0 != "/" })
        cookies = ConsoleCookies(isSecure: isSecure)
        access = ConsoleAccess(isSecure: isSecure)
    }

    /// The address of a path below `/super_admin`, without the host.
    func place(_ path: String) -> String { base + "/" + Self.folder + (path.isEmpty ? "" : "/" + path) }

    // MARK: - A request

    /// Looks at who may reach the console at all, reads the request, and turns what its handler answers into a response.
    func answering(
        _ request: Request, _ context: WebContext, _ section: ConsoleSection?,
        _ work: (ConsoleVisit) async throws -> (ConsoleVisit, ConsoleAnswer)
    ) async throws -> Response {
        try access.check(request, context)
        let visit = visit(request, context, try context.requestParameters(request), section)
        let (seen, answer) = try await work(visit)
        var response: Response
        switch answer {
        case .page(let page): response = self.response(page, seen)
        case .to(let path, let flash): return .seeOther(place(path) + (flash.map { Self.flash($0, on: path) } ?? ""))
        case .response(let other): response = other
        }
        if seen.token == nil, cookies.formToken(request.headers) == nil {
            response.headers.append(HTTPField(name: .setCookie, value: cookies.setting(formToken: seen.formToken)))
        }
        return response
    }

    /// Shows a page to whoever is signed in.
    func show(_ visit: ConsoleVisit, _ handler: Frame.Handler) async throws -> (ConsoleVisit, ConsoleAnswer) {
        guard let visit = try await signedIn(visit) else { return (visit, toSignIn(visit)) }
        return (visit, try await handler(visit))
    }

    /// Carries out an act of whoever is signed in.
    func carryOut(
        _ visit: ConsoleVisit, confirmed: Bool, _ handler: Frame.Handler
    ) async throws -> (ConsoleVisit, ConsoleAnswer) {
        guard var visit = try await signedIn(visit), let session = visit.session else { return (visit, toSignIn(visit)) }
        guard isOurForm(visit) else { throw ConsoleRefusal.staleForm }
        if confirmed {
            if !session.isConfirmed, let page = try await confirmation(visit, session) { return (visit, .page(page)) }
            visit.isConfirmed = true
        }
        return (visit, try await handler(visit))
    }

    /// Takes the file of a form from whoever is signed in. What stands before the file in the form is looked at first: nothing of
    /// the file is passed on for what is no form of ours.
    func takeUpload(
        _ visit: ConsoleVisit, _ request: Request, _ handler: Frame.UploadHandler
    ) async throws -> (ConsoleVisit, ConsoleAnswer) {
        guard let visit = try await signedIn(visit), let session = visit.session else { return (visit, toSignIn(visit)) }
        let upload = try FormUpload(request) { fields in
            guard isOurForm(visit, sent: fields["form_token"]) else { throw ConsoleRefusal.staleForm }
            // What writes without being asked again is for who proved to be there.
            if fields["mode"] == "apply", !session.isConfirmed { throw ConsoleRefusal.unconfirmed }
        }
        return (visit, try await handler(visit, upload))
    }

    /// Carries out an act of anybody's.
    func carryOutOpen(_ visit: ConsoleVisit, _ handler: Frame.Handler) async throws -> (ConsoleVisit, ConsoleAnswer) {
        guard isOurForm(visit) else { throw ConsoleRefusal.staleForm }
        return (visit, try await handler(visit))
    }

    /// Shows a page to anybody.
    func showOpen(_ visit: ConsoleVisit, _ handler: Frame.Handler) async throws -> (ConsoleVisit, ConsoleAnswer) {
        (visit, try await handler(visit))
    }

    private func visit(
        _ request: Request, _ context: WebContext, _ parameters: RequestParameters, _ section: ConsoleSection?
    ) -> ConsoleVisit {
        let token = cookies.session(request.headers)
        var clock = timespec()
        clock_gettime(CLOCK_REALTIME, &clock)
        return ConsoleVisit(
            request: request, context: context, parameters: parameters, section: section, desk: self,
            now: Int64(clock.tv_sec) * 1_000_000 + Int64(clock.tv_nsec) / 1_000, token: token,
            formToken: token?.formToken ?? cookies.formToken(request.headers) ?? FormToken.random())
    }

    /// The visit of whoever is signed in; nil when nobody is.
    private func signedIn(_ visit: ConsoleVisit) async throws -> ConsoleVisit? {
        guard let token = visit.token, let session = try await directory.superAdminSessions.session(token.proof)
        else { return nil }
        var visit = visit
        visit.session = session
        return visit
    }

    /// To the sign-in page, and from there back to where somebody wanted to go.
    private func toSignIn(_ visit: ConsoleVisit) -> ConsoleAnswer {
        var wanted = visit.request.uri.path
        if visit.request.method == .get, let query = visit.context.web.query { wanted += "?" + query }
        return .to("sign_in" + QueryText.encoded([("return_to", wanted)]))
    }

    /// Whether a POST comes from a form that we wrote for this browser: it repeats what is derived from the session's secret,
    /// which no other site can read, and the browser itself does not say that it comes from elsewhere.
    private func isOurForm(_ visit: ConsoleVisit) -> Bool { isOurForm(visit, sent: visit.rawText("form_token")) }

    private func isOurForm(_ visit: ConsoleVisit, sent: String?) -> Bool {
        let site = visit.request.headers[.fetchSite]
        guard site == nil || site == "same-origin", let sent else { return false }
        if let token = visit.token { return token.isFormToken(sent) }
        guard let formToken = cookies.formToken(visit.request.headers) else { return false }
        return FormToken.matches(sent, formToken)
    }

    // MARK: - Pages

    /// The page within the frame.
    func response(_ page: ConsolePage, _ visit: ConsoleVisit) -> Response {
        .page(library.render(Framed(page, visit), with: "layout"), status: page.status)
    }

    /// A part of a page, for the script that puts it in the place of its former self.
    func part(_ template: String, _ content: any Sendable) -> Response { .page(library.render(content, with: template)) }

    private static func flash(_ flash: Flash, on path: String) -> String {
        (path.contains("?") ? "&flash=" : "?flash=") + flash.rawValue
    }

    /// The page that says what went wrong; with the navigation when somebody is signed in.
    func answer(to error: any RenderableError, _ request: Request, _ context: WebContext) async -> Response {
        var error = error
        do { try access.check(request, context) } catch let refusal { error = refusal }
        var seen = visit(request, context, RequestParameters(JSONObject()), nil)
        let isReachable = !(error is ConsoleRefusal) && error.status != .serviceUnavailable
        if isReachable, let signedIn = try? await signedIn(seen) { seen = signedIn }
        if error.code == DirectoryError.invalidAccessToken.code {
            // Whoever is signed in was only not confirmed for what this does, or not any more.
            guard seen.session != nil else { return .seeOther(place("sign_in")) }
            error = ConsoleRefusal.unconfirmed
        }
        return response(ErrorPage.page(for: error, seen), seen)
    }
}
