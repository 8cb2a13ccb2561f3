// SPDX-License-Identifier: Apache-2.0

import Directory
import Hummingbird
import WebSurface

extension SuperAdminAPI {
    /// `/super_admins/:id/sessions`: where a super admin is signed in to the console, and ending that.
    func addSuperAdminSessionRoutes(to api: RouterGroup<WebContext>) {
        let sessions = directory.superAdminSessions
        api.get("super_admins/:id/sessions") { request, context in
            let caller = try caller(context)
            let id = try await existing(context, caller)
            let list = try await sessions.list(of: id, by: caller)
            return Response.json { body in body.array { for session in list { session.write(to: &$0) } } }
        }
        api.delete("super_admins/:id/sessions") { request, context in
            let caller = try caller(context)
            let ended = try await sessions.endOthers(of: try await existing(context, caller), by: caller)
            return Response.json { body in body.object { $0.field("ended", ended) } }
        }
        api.delete("super_admins/:id/sessions/:session_id") { request, context in
            let caller = try caller(context)
            let (id, session) = (try await pathID("id", context, caller), try await pathID("session_id", context, caller))
            try await sessions.end(session, of: id, by: caller)
            return Response.empty
        }
    }

    /// The super admin that the path names: none at all is told apart from one who is signed in nowhere.
    private func existing(_ context: WebContext, _ caller: Caller) async throws -> Int64 {
        let id = try await pathID("id", context, caller)
        return try await directory.superAdmins.show(id, by: caller).id
    }
}

extension ListedSuperAdminSession {
    fileprivate func write(to body: inout JSONWriter) {
        body.object { body in
            body.field("id", id)
            body.field("created_at", microseconds: createdAt.microseconds)
            body.field("seen_at", microseconds: seenAt.microseconds)
            body.field("expires_at", microseconds: expiresAt.microseconds)
            body.field("user_agent", userAgent)
            body.field("address", address)
        }
    }
}
