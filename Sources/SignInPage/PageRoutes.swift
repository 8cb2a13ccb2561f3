// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import Pages
import SignIn
import WebSurface

/// What each request to the page does.
extension SignInPage {
    func show(_ visit: PageVisit) async throws -> Response {
        let current = try await current(visit.asked)
        guard visit.asked.hasLink else {
            if let current, !visit.asked.wantsOther { return pages.response(visit.home(current)) }
            return pages.response(visit.form(current, visit.asked.isSignedOut ? .info("You are signed out.") : nil))
        }
        return try await showLink(visit, current)
    }

    private func showLink(_ visit: PageVisit, _ current: SignedInUser?) async throws -> Response {
        let asked = visit.asked
        let state = try await loginLinks.state(token: asked.linkToken, email: asked.email)
        if case .ready(let id, let name) = state {
            return pages.response(visit.confirm(id: id, name: name, current))
        }
        // Whoever comes back to the link that signed them in is where it leads.
        if state == .used, let current, current.user.email == SessionStore.normalisedEmail(asked.email) {
            return .seeOther("login")
        }
        return pages.response(visit.deadLink(state, current), status: Self.status(of: state))
    }

    func signIn(_ visit: PageVisit, _ request: Request, _ context: WebContext) async throws -> Response {
        let asked = visit.asked
        let current = try await current(asked)
        guard asked.isOurForm else { return pages.response(visit.form(current, .staleForm), status: .forbidden) }
        if let current, asked.replace != String(current.user.id), SessionStore.normalisedEmail(asked.email) != current.user.email
        {
            // Signed in meanwhile, in another tab: asked before that session is given up.
            if asked.hasLink { return try await showLink(visit, current) }
            return pages.response(visit.form(current, nil), status: .conflict)
        }
        // A link's form has no password: one that was smuggled in is not tried.
        let attempt = SignInAttempt(
            email: asked.email, password: asked.hasLink ? "" : asked.password, linkToken: asked.linkToken,
            address: context.web.remoteAddress, userAgent: request.headers[.userAgent], requestID: context.web.requestID,
            holder: .browser, replaced: asked.proof)
        do {
            let signedIn = try await service.signIn(attempt)
            return .seeOther("login", cookies: [cookies.setting(signedIn), cookies.clearingFormToken])
        } catch SignInError.throttled(let seconds) {
            var response = pages.response(visit.form(current, .throttled(seconds)), status: .tooManyRequests)
            response.headers[.retryAfter] = String(seconds)
            return response
        } catch SignInError.invalidCredentials {
            if asked.hasLink { return try await showLink(visit, current) }
            return pages.response(visit.form(current, .wrongPassword), status: .unauthorized)
        }
    }

    func signOut(_ visit: PageVisit, _ context: WebContext) async throws -> Response {
        let asked = visit.asked
        let current = try await current(asked)
        guard asked.isOurForm else { return pages.response(visit.form(current, .staleForm), status: .forbidden) }
        if let proof = asked.proof, current != nil {
            do {
                try await sessions.end(nil, .session(proof, email: nil), requestID: context.web.requestID)
            } catch DirectoryError.invalidAccessToken, DirectoryError.notFound {
                // It ended meanwhile, which is what was asked for.
            }
        }
        return .seeOther("login?signed_out=1", cookies: [cookies.clearingSession, cookies.clearingFormToken])
    }

    /// Who is signed in with the browser's cookie.
    func current(_ asked: PageRequest) async throws -> SignedInUser? {
        guard let proof = asked.proof else { return nil }
        do {
            return try await sessions.person(.session(proof, email: nil))
        } catch DirectoryError.invalidAccessToken {
            return nil
        }
    }

    private static func status(of state: LoginLinkState) -> HTTPResponse.Status {
        switch state {
        case .ready: .ok
        case .used, .revoked, .expired: .gone
        case .suspended: .forbidden
        case .unknown: .notFound
        }
    }
}
