// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
package import Hummingbird
import NIOCore

extension Response {
    /// A page that no one may keep, frame or leak the address of, and that runs and loads nothing but its own.
    package static func page(_ html: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [
                .contentType: "text/html; charset=utf-8", .cacheControl: "no-store", .referrerPolicy: "no-referrer",
                .contentSecurityPolicy: PagePolicy.text, .frameOptions: "DENY", .openerPolicy: "same-origin",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
    }

    /// 303, so that the browser neither sends a form again nor asks for its address again.
    ///
    /// - Parameter place: an address of our own, never one that was sent to us unchecked.
    package static func seeOther(_ place: String, cookies: [String] = []) -> Response {
        var headers: HTTPFields = [
            .location: place, .referrerPolicy: "no-referrer", .contentType: "text/html; charset=utf-8",
        ]
        for cookie in cookies { headers.append(HTTPField(name: .setCookie, value: cookie)) }
        return Response(status: .seeOther, headers: headers)
    }
}

/// What pages may do, as browsers enforce it.
private enum PagePolicy {
    static let text =
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        + "frame-ancestors 'none'"
}

extension HTTPField.Name {
    package static let contentSecurityPolicy = HTTPField.Name("Content-Security-Policy")!
    package static let frameOptions = HTTPField.Name("X-Frame-Options")!
    package static let openerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy")!
    package static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
    package static let fetchSite = HTTPField.Name("Sec-Fetch-Site")!
}
