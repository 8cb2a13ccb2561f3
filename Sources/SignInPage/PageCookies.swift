// SPDX-License-Identifier: Apache-2.0

import Directory
import Glibc
import HTTPTypes
import Pages
import SignIn

/// The two cookies of the sign-in page: the browser's session, and the token that its forms must repeat.
struct PageCookies: Sendable {
    private let sessionCookie: PageCookie
    private let formCookie: PageCookie

    init(isSecure: Bool) {
        sessionCookie = PageCookie("muster_session", isSecure: isSecure)
        formCookie = PageCookie("muster_form", isSecure: isSecure)
    }

    /// The session that the browser presents; nil when there is none.
    func session(_ headers: HTTPFields) -> SessionProof? {
        sessionCookie.value(headers).flatMap { SessionToken.proof(cookie: $0) }
    }

    /// The token that the browser's forms must repeat; nil when it has none yet.
    func formToken(_ headers: HTTPFields) -> String? {
        formCookie.value(headers).flatMap { FormToken.isWellFormed($0) ? String($0) : nil }
    }

    /// `Set-Cookie` for a session that was just opened; it lives as long as the session.
    func setting(_ signedIn: SignedIn) -> String {
        sessionCookie.setting(SessionToken.cookie(signedIn), seconds: signedIn.expiry - Int64(time(nil)))
    }

    /// `Set-Cookie` for the forms' token; it ends with the browser's own session.
    func setting(formToken: String) -> String { formCookie.setting(formToken) }

    /// `Set-Cookie` that forgets the session.
    var clearingSession: String { sessionCookie.clearing }

    /// `Set-Cookie` that forgets the forms' token: whoever signs in or out starts with a new one.
    var clearingFormToken: String { formCookie.clearing }
}
