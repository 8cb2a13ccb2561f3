// SPDX-License-Identifier: Apache-2.0

import Directory
import Hummingbird
import WebSurface

extension PlatformAPI {
    /// `/accounts` (contract section 3).
    func addAccountRoutes(to api: RouterGroup<WebContext>) {
        api.get("accounts") { request, context in
            let caller = try caller(request, context)
            return try await list(
                request, context, list: "accounts", isOriginal: true, reach: { try await authenticate(caller) },
                page: { try await accounts.list($0, by: caller) },
                write: { $0.write(to: &$1, senderAddress: senderAddress) })
        }
        api.post("accounts") { request, context in
            let caller = try caller(request, context)
            var parameters = try await parameters(request, context) { try await authenticate(caller) }
            return respond(with: try await accounts.create(AccountDraft(&parameters), by: caller))
        }
        api.get("accounts/:id") { request, context in
            let caller = try caller(request, context)
            return respond(with: try await accounts.show(try await pathID("id", context, caller), by: caller))
        }
        for method in [HTTPRequest.Method.patch, .put] {
            api.on("accounts/:id", method: method) { request, context in
                let caller = try caller(request, context)
                let id = try await pathID("id", context, caller)
                var parameters = try await parameters(request, context) {
                    _ = try await accounts.update(id, AccountDraft(), by: caller)
                }
                return respond(with: try await accounts.update(id, AccountDraft(&parameters), by: caller))
            }
        }
        api.delete("accounts/:id") { request, context in
            let caller = try caller(request, context)
            try await accounts.delete(try await pathID("id", context, caller), by: caller)
            return Response.empty
        }
    }

    private func respond(with account: Account) -> Response {
        Response.json { account.write(to: &$0, senderAddress: senderAddress) }
    }
}
