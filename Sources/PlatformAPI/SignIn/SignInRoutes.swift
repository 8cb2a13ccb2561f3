// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import WebSurface

extension PlatformAPI {
    /// Login links and sessions of users (contract sections 2.6 and 7.1). POST mints as GET does, for who knows that a GET
    /// should change nothing.
    func addSignInRoutes(to api: RouterGroup<WebContext>) {
        for method in [HTTPRequest.Method.get, .post] {
            api.on("users/:id/login", method: method) { request, context in
                let caller = try caller(request, context)
                let link = try await loginLinks.mint(user: try await pathID("id", context, caller), by: caller)
                return Response.json { body in body.object { $0.field("url", link.url(publicURL)) } }
            }
        }
        api.delete("users/:id/login") { request, context in
            let caller = try caller(request, context)
            try await loginLinks.revoke(user: try await pathID("id", context, caller), by: caller)
            return Response.empty
        }
        api.get("users/:id/sessions") { request, context in
            let caller = try caller(request, context)
            let list = try await sessions.list(user: try await pathID("id", context, caller), by: caller)
            return Response.json { body in body.array { for session in list { session.write(to: &$0, own: false) } } }
        }
        api.delete("users/:id/sessions") { request, context in
            let caller = try caller(request, context)
            try await sessions.end(user: try await pathID("id", context, caller), session: nil, by: caller)
            return Response.empty
        }
        api.delete("users/:id/sessions/:session_id") { request, context in
            let caller = try caller(request, context)
            let id = try await pathID("id", context, caller)
            let session = try await pathID("session_id", context, caller)
            try await sessions.end(user: id, session: session, by: caller)
            return Response.empty
        }
    }
}

extension LoginLink {
    /// Where the user's browser goes.
    fileprivate func url(_ publicURL: String) -> String {
        "\(publicURL)/app/login?email=\(Self.encoded(email))&sso_auth_token=\(token)"
    }

    /// Everything but RFC 3986's unreserved characters, so also `+` and `@`, is percent-encoded.
    private static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                encoded += byte < 16 ? "%0" : "%"
                encoded += String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}
