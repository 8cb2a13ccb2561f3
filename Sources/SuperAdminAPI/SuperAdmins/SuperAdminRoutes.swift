// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import Secrets
import WebSurface

extension SuperAdminAPI {
    /// `/super_admins`: who operates the installation. Tokens are issued to oneself, in the console or by command.
    func addSuperAdminRoutes(to api: RouterGroup<WebContext>) {
        let admins = directory.superAdmins
        api.get("super_admins") { request, context in
            let caller = try caller(context)
            let list = try await admins.list(by: caller)
            return Response.json { body in body.array { for admin in list { admin.write(to: &$0) } } }
        }
        api.post("super_admins") { request, context in
            let caller = try caller(context)
            var reader = try await reader(request, context, caller)
            let (email, name) = (reader.string("email").value ?? "", reader.string("name").value)
            let password = reader.string("password").value ?? ""
            try await finish(reader, caller)
            let id = try await admins.create(email: email, name: name ?? email, password: password, by: caller)
            return try await show(superAdmin: id, by: caller)
        }
        api.get("super_admins/:id") { request, context in
            let caller = try caller(context)
            return try await show(superAdmin: try await pathID("id", context, caller), by: caller)
        }
        for (name, act) in [("disable", admins.disable), ("enable", admins.enable), ("reset_totp", admins.resetTOTP(of:by:))]
            as [(String, @Sendable (Int64, Caller) async throws -> Void)]
        {
            api.post(RouterPath("super_admins/:id/\(name)")) { request, context in
                let caller = try caller(context)
                let id = try await pathID("id", context, caller)
                try await act(id, caller)
                return try await show(superAdmin: id, by: caller)
            }
        }
    }

    private func show(superAdmin id: Int64, by caller: Caller) async throws -> Response {
        let admin = try await directory.superAdmins.show(id, by: caller)
        return Response.json { admin.write(to: &$0) }
    }
}

extension SuperAdmin {
    fileprivate func write(to body: inout JSONWriter) {
        body.object { body in
            body.field("id", id)
            body.field("email", email)
            body.field("name", name)
            body.field("disabled", isDisabled)
            body.field("totp", hasTOTP)
            body.field("sessions", sessions)
            body.field("created_at", microseconds: createdAt.microseconds)
            body.field("seen_at", microseconds: seenAt?.microseconds)
        }
    }
}
