// SPDX-License-Identifier: Apache-2.0

import Directory
import Hummingbird
import WebSurface

extension PlatformAPI {
    /// `/users` (contract section 2).
    func addUserRoutes(to api: RouterGroup<WebContext>) {
        api.post("users") { request, context in
            let caller = try caller(request, context)
            var parameters = try await parameters(request, context) { try await authenticate(caller) }
            return try await users.create(UserDraft(&parameters), by: caller).response
        }
        api.get("users/:id") { request, context in
            let caller = try caller(request, context)
            return try await users.show(try await pathID("id", context, caller), by: caller).response
        }
        for method in [HTTPRequest.Method.patch, .put] {
            api.on("users/:id", method: method) { request, context in
                let caller = try caller(request, context)
                let id = try await pathID("id", context, caller)
                var parameters = try await parameters(request, context) {
                    _ = try await users.update(id, UserUpdate(), by: caller)
                }
                return try await users.update(id, UserUpdate(&parameters), by: caller).response
            }
        }
        api.delete("users/:id") { request, context in
            let caller = try caller(request, context)
            try await users.delete(try await pathID("id", context, caller), by: caller)
            return Response.empty
        }
        api.post("users/:id/token") { request, context in
            let caller = try caller(request, context)
            return try await users.token(try await pathID("id", context, caller), by: caller).tokenResponse
        }
    }
}
