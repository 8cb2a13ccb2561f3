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
