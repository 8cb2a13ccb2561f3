// SPDX-License-Identifier: Apache-2.0

import Directory
import Hummingbird
import WebSurface

extension PlatformAPI {
    /// Suspending and restoring of users and memberships. The answer is the object's body, with its suspensions.
    func addSuspensionRoutes(to api: RouterGroup<WebContext>) {
        api.post("users/:id/suspend") { request, context in
            let caller = try caller(request, context)
            let id = try await pathID("id", context, caller)
            let user = try await once(request, context, caller, replay: { try await users.show($0, by: $1) }) {
                var parameters = try await parameters(request, context) { try await suspensions.require(user: id, by: caller) }
                return try await suspensions.suspend(user: id, SuspensionReason(&parameters), by: caller)
            }
            return try await respond(with: user, caller)
        }
        api.post("users/:id/restore") { request, context in
            let caller = try caller(request, context)
            let id = try await pathID("id", context, caller)
            let user = try await once(request, context, caller, replay: { try await users.show($0, by: $1) }) {
                try await suspensions.restore(user: id, by: caller)
            }
            return try await respond(with: user, caller)
        }
        let path = "accounts/:id/account_users"
        api.post("\(path)/suspend") { request, context in
            try await membership(request, context) { accountID, userID, parameters, caller in
                let reason = SuspensionReason(&parameters)
                return try await suspensions.suspend(accountID: accountID, userID: userID, reason, by: caller)
            }
        }
        api.post("\(path)/restore") { request, context in
            try await membership(request, context) { accountID, userID, parameters, caller in
                try await suspensions.restore(accountID: accountID, userID: userID, problems: parameters.problems, by: caller)
            }
        }
    }

    /// Answers a call that suspends or restores a membership.
    private func membership(
        _ request: Request, _ context: WebContext,
        change: (_ accountID: Int64, _ userID: Int64?, inout ParameterReader, Caller) async throws -> Membership
    ) async throws -> Response {
        let caller = try caller(request, context)
        let accountID = try await pathID("id", context, caller)
        let membership = try await once(
            request, context, caller, replay: { try await memberships.show(accountID: accountID, $0, by: $1) }
        ) {
            var parameters = try await membershipParameters(request, context, accountID, caller)
            let userID = parameters.integer("user_id").value
            return try await change(accountID, userID, &parameters, caller)
        }
        return try await respond(with: membership, caller)
    }

    private func respond(with user: User, _ caller: Caller) async throws -> Response {
        let found = try await suspensions.ofUsers([user.id], by: caller, needs: .usersWrite)
        return Response.json(capacity: 1_024) { user.write(to: &$0, suspensions: found[user.id] ?? []) }
    }

    private func respond(with membership: Membership, _ caller: Caller) async throws -> Response {
        let found = try await suspensions.ofMemberships(
            [membership.id], accountID: membership.accountID, by: caller, needs: .accountUsersWrite)
        return Response.json { membership.write(to: &$0, suspensions: found[membership.id] ?? []) }
    }
}
