// SPDX-License-Identifier: Apache-2.0

import Directory
import Glibc
import HTTPTypes
import SignIn

/// The two cookies of the sign-in page: the browser's session, and the token that its forms must repeat.
///
/// Both are `HttpOnly` and `SameSite=Lax`: sent when somebody follows a link to the page, never with another site's POST. Under
/// https they are `__Host-`: bound to TLS and to this very host, so that no neighbouring host can plant one.
struct PageCookies: Sendable {
    let isSecure: Bool

    private var sessionName: String { isSecure ? "__Host-muster_session" : "muster_session" }
    private var formName: String { isSecure ? "__Host-muster_form" : "muster_form" }

    /// The session that the browser presents; nil when there is none.
    func session(_ headers: HTTPFields) -> SessionProof? {
        value(of: sessionName, headers).flatMap { SessionToken.proof(cookie: $0) }
    }

    /// The token that the browser's forms must repeat; nil when it has none yet.
    func formToken(_ headers: HTTPFields) -> String? {
        value(of: formName, headers).flatMap { FormToken.isWellFormed($0) ? String($0) : nil }
    }

    /// `Set-Cookie` for a session that was just opened; it lives as long as the session.
    func setting(_ signedIn: SignedIn) -> String {
        let seconds = max(0, signedIn.expiry - Int64(time(nil)))
        return cookie(sessionName, SessionToken.cookie(signedIn), "; Max-Age=\(seconds)")
    }

    /// `Set-Cookie` for the forms' token; it ends with the browser's own session.
    func setting(formToken: String) -> String { cookie(formName, formToken, "") }

    /// `Set-Cookie` that forgets the session.
    var clearingSession: String { cookie(sessionName, "", "; Max-Age=0") }

    /// `Set-Cookie` that forgets the forms' token: whoever signs in or out starts with a new one.
    var clearingFormToken: String { cookie(formName, "", "; Max-Age=0") }

    private func cookie(_ name: String, _ value: String, _ age: String) -> String {
        "\(name)=\(value); Path=/\(age); HttpOnly; SameSite=Lax\(isSecure ? "; Secure" : "")"
    }

    private func value(of name: String, _ headers: HTTPFields) -> Substring? {
        for field in headers[values: .cookie] {
            for pair in field.split(separator: ";") {
                let pair = pair.drop { $0 == " " }
                if pair.hasPrefix(name + "=") { return pair.dropFirst(name.count + 1) }
            }
        }
        return nil
    }
}
