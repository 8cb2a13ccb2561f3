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
            let accountID = try await pathID("id", context, caller)
            var reader = try await parameters(request, context) {
                _ = try await memberships.list(accountID: accountID, PageRequest(limit: 1), by: caller)
            }
            let names = includes(&reader, ["suspensions"])
            let parameters = ListParameters(&reader, list: "account_users/\(accountID)", isOriginal: true)
            let page = try await memberships.list(
                accountID: accountID, reader.problems.isEmpty ? parameters.page : PageRequest(limit: 1), by: caller)
            try reader.finish()
            let found =
                names.contains("suspensions")
                ? try await suspensions.ofMemberships(page.items.map(\.id), accountID: accountID, by: caller) : nil
            return parameters.response(page.items, next: page.next.map { Cursor(key: $0) }, to: request, context) {
                member, list in
                member.write(to: &list, suspensions: found.map { $0[member.id] ?? [] })
            }
        }
        api.post(path) { request, context in
            let caller = try caller(request, context)
            let accountID = try await pathID("id", context, caller)
            let replay = { (id: Int64, caller: Caller) in try await memberships.show(accountID: accountID, id, by: caller) }
            let membership = try await once(request, context, caller, replay: replay) {
                var parameters = try await membershipParameters(request, context, accountID, caller)
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

    /// The parameters of a call that writes a membership; the account is asked for when they cannot be read.
    func membershipParameters(
        _ request: Request, _ context: WebContext, _ accountID: Int64, _ caller: Caller
    ) async throws -> ParameterReader {
        try await parameters(request, context) {
            do {
                _ = try await memberships.upsert(accountID: accountID, MembershipDraft(), by: caller)
            } catch DirectoryError.invalid {
                // The account is the caller's; who the user would be is not known.
            }
        }
    }
}
