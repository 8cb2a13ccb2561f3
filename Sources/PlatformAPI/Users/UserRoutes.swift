// SPDX-License-Identifier: Apache-2.0

import Directory
import Hummingbird
import WebSurface

extension PlatformAPI {
    /// `/users` (contract section 2).
    func addUserRoutes(to api: RouterGroup<WebContext>) {
        api.post("users") { request, context in
            let caller = try caller(request, context)
            let user = try await once(request, context, caller, replay: { try await users.show($0, by: $1) }) {
                var parameters = try await parameters(request, context) { try await authenticate(caller) }
                return try await users.create(UserDraft(&parameters), by: caller)
            }
            return user.response(to: request)
        }
        api.get("users/:id") { request, context in
            let caller = try caller(request, context)
            let user = try await users.show(try await pathID("id", context, caller), by: caller)
            guard context.web.query != nil else { return user.response(to: request) }
            var reader = try await parameters(request, context) {}
            let names = includes(&reader, ["suspensions"])
            try reader.finish()
            guard names.contains("suspensions") else { return user.response(to: request) }
            let found = try await suspensions.ofUsers([user.id], by: caller)
            return Response.json(capacity: 1_024) { user.write(to: &$0, suspensions: found[user.id] ?? []) }
        }
        for method in [HTTPRequest.Method.patch, .put] {
            api.on("users/:id", method: method) { request, context in
                let caller = try caller(request, context)
                let id = try await pathID("id", context, caller)
                var parameters = try await parameters(request, context) {
                    _ = try await users.update(id, UserUpdate(), by: caller)
                }
                var update = UserUpdate(&parameters)
                update.matching = request.versionMatch
                return try await users.update(id, update, by: caller).response(to: request)
            }
        }
        api.delete("users/:id") { request, context in
            let caller = try caller(request, context)
            try await users.delete(try await pathID("id", context, caller), matching: request.versionMatch, by: caller)
            return Response.empty
        }
        api.post("users/:id/token") { request, context in
            let caller = try caller(request, context)
            let id = try await pathID("id", context, caller)
            // A token that lives is shown again, and none is made beside it: showing it is the call itself.
            let user = try await once(request, context, caller, replay: { try await users.token($0, TokenRequest(), by: $1) }) {
                var parameters = try await parameters(request, context) {
                    var impossible = TokenRequest()
                    impossible.problems = [FieldProblem("base", "is invalid")]
                    do { _ = try await users.token(id, impossible, by: caller) } catch DirectoryError.invalid {}
                }
                return try await users.token(id, TokenRequest(&parameters), by: caller)
            }
            return user.tokenResponse
        }
    }
}
