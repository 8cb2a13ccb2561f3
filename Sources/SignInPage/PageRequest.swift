// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import Pages
import SignIn
import WebSurface

/// What the sign-in page is asked: the parameters of the link or the form, and what the browser's cookies say.
struct PageRequest {
    let email: String
    /// Whether it came by a login link, good or not.
    let hasLink: Bool
    /// Of the login link; empty without one.
    let linkToken: String
    let password: String
    /// The id of the user whose session may be given up.
    let replace: String
    let wantsOther: Bool
    let isSignedOut: Bool
    /// What the form repeats of the cookie.
    let sentFormToken: String
    /// What the cookie says; nil before the first page.
    let formToken: String?
    let proof: SessionProof?
    /// What else the form says, for the acts that read it.
    let fields: ParameterReader
    private let fetchSite: String?

    init(_ request: Request, _ context: WebContext, cookies: PageCookies) throws(APIError) {
        var parameters = ParameterReader(try context.requestParameters(request))
        email = parameters.string("email").value ?? ""
        hasLink = parameters.contains("sso_auth_token")
        linkToken = parameters.string("sso_auth_token").value ?? ""
        password = parameters.string("password").value ?? ""
        replace = parameters.string("replace").value ?? ""
        wantsOther = parameters.string("as").value == "other"
        isSignedOut = parameters.string("signed_out").value == "1"
        sentFormToken = parameters.string("form_token").value ?? ""
        formToken = cookies.formToken(request.headers)
        proof = cookies.session(request.headers)
        fields = parameters
        fetchSite = request.headers[.fetchSite]
    }

    /// Whether a POST comes from a form that this daemon wrote for this browser.
    ///
    /// Another site can neither read nor set the cookie; what the browser itself says of the request's origin is taken along.
    /// `Origin` is of no use here: with `Referrer-Policy: no-referrer` browsers send `null`.
    var isOurForm: Bool {
        guard fetchSite == nil || fetchSite == "same-origin", let formToken else { return false }
        return FormToken.matches(sentFormToken, formToken)
    }
}
