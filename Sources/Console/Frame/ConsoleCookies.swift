// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Pages
import SignIn

/// The two cookies of the console: the session, and what forms repeat as long as there is none.
struct ConsoleCookies: Sendable {
    private let sessionCookie: PageCookie
    private let formCookie: PageCookie

    init(isSecure: Bool) {
        sessionCookie = PageCookie("muster_admin", isSecure: isSecure)
        formCookie = PageCookie("muster_admin_form", isSecure: isSecure)
    }

    /// The session that the browser presents; nil for what has not the form of one.
    func session(_ headers: HTTPFields) -> SuperAdminSessionToken? {
        sessionCookie.value(headers).flatMap { SuperAdminSessionToken(cookie: $0) }
    }

    /// What the forms of a browser without a session must repeat; nil when it has none yet.
    func formToken(_ headers: HTTPFields) -> String? {
        formCookie.value(headers).flatMap { FormToken.isWellFormed($0) ? String($0) : nil }
    }

    /// `Set-Cookie` for a session; it ends with the browser's own, and at the server when its time is over.
    func setting(_ token: SuperAdminSessionToken) -> String { sessionCookie.setting(token.cookie) }

    func setting(formToken: String) -> String { formCookie.setting(formToken) }

    /// `Set-Cookie` that forgets the session.
    var clearingSession: String { sessionCookie.clearing }

    /// `Set-Cookie` that forgets the forms' token: whoever signs in or out starts with a new one.
    var clearingFormToken: String { formCookie.clearing }
}
