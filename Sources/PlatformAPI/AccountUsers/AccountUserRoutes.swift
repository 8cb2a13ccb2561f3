// SPDX-License-Identifier: Apache-2.0

import Directory
import Hummingbird
import WebSurface

extension PlatformAPI {
    /// `/accounts/:id/account_users` (contract section 4).
    func addAccountUserRoutes(to api: RouterGroup<WebContext>) {
        let path: RouterPath = "accounts/:id/account_users"
        api.get(path) { request, context in
            let caller = try caller(request, context)
            let members = try await memberships.list(accountID: try await pathID("id", context, caller), by: caller)
            return Response.json(capacity: 320 * (members.count + 1)) { body in
                body.array { list in for member in members { member.write(to: &list) } }
            }
        }
        api.post(path) { request, context in
            let caller = try caller(request, context)
            let accountID = try await pathID("id", context, caller)
            let replay = { try await memberships.show(accountID: accountID, $0, by: caller) }
            let membership = try await once(request, context, caller, replay: replay) {
                var parameters = try await parameters(request, context) {
                    try await memberships.delete(accountID: accountID, userID: nil, by: caller)
                }
                return try await memberships.upsert(accountID: accountID, MembershipDraft(&parameters), by: caller)
            }
            return Response.json { membership.write(to: &$0) }
        }
        api.delete(path) { request, context in
            let caller = try caller(request, context)
            let accountID = try await pathID("id", context, caller)
            var parameters = try await parameters(request, context) {
                try await memberships.delete(accountID: accountID, userID: nil, by: caller)
            }
            let userID = parameters.integer("user_id").value
            try await memberships.delete(accountID: accountID, userID: userID, problems: parameters.problems, by: caller)
            return Response.empty
        }
    }
}
