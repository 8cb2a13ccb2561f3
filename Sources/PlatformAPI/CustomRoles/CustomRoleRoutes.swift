// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import WebSurface

extension PlatformAPI {
    /// `/accounts/:id/custom_roles`: what the original has for agents only, with the rights on the account.
    func addCustomRoleRoutes(to api: RouterGroup<WebContext>) {
        let path = "accounts/:id/custom_roles"
        api.get(RouterPath(path)) { request, context in
            let caller = try caller(request, context)
            let accountID = try await pathID("id", context, caller)
            return try await list(
                request, context, list: "custom_roles/\(accountID)", isOriginal: false,
                reach: { _ = try await customRoles.list(accountID: accountID, PageRequest(limit: 1), by: caller) },
                page: { try await customRoles.list(accountID: accountID, $0, by: caller) },
                write: { $0.write(to: &$1) })
        }
        api.post(RouterPath(path)) { request, context in
            let caller = try caller(request, context)
            let accountID = try await pathID("id", context, caller)
            let replay = { (id: Int64, caller: Caller) in try await customRoles.show(id, accountID: accountID, by: caller) }
            let role = try await once(request, context, caller, replay: replay) {
                var parameters = try await parameters(request, context) {
                    // A draft without a name is refused, to those who may write.
                    do {
                        _ = try await customRoles.create(accountID: accountID, CustomRoleDraft(), by: caller)
                    } catch DirectoryError.invalid {}
                }
                return try await customRoles.create(accountID: accountID, CustomRoleDraft(&parameters), by: caller)
            }
            return Response.json { role.write(to: &$0) }
        }
        let one = RouterPath("\(path)/:role_id")
        api.get(one) { request, context in
            let (caller, accountID, id) = try await role(request, context)
            let role = try await customRoles.show(id, accountID: accountID, by: caller)
            return Response.json { role.write(to: &$0) }
        }
        for method in [HTTPRequest.Method.patch, .put] {
            api.on(one, method: method) { request, context in
                let (caller, accountID, id) = try await role(request, context)
                var parameters = try await parameters(request, context) {
                    _ = try await customRoles.update(id, accountID: accountID, CustomRoleDraft(), by: caller)
                }
                let role = try await customRoles.update(id, accountID: accountID, CustomRoleDraft(&parameters), by: caller)
                return Response.json { role.write(to: &$0) }
            }
        }
        api.delete(one) { request, context in
            let (caller, accountID, id) = try await role(request, context)
            try await customRoles.delete(id, accountID: accountID, by: caller)
            return Response.empty
        }
    }

    private func role(_ request: Request, _ context: WebContext) async throws -> (Caller, accountID: Int64, id: Int64) {
        let caller = try caller(request, context)
        return (caller, try await pathID("id", context, caller), try await pathID("role_id", context, caller))
    }
}
