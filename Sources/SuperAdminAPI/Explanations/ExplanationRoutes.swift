// SPDX-License-Identifier: Apache-2.0

import Directory
import Hummingbird
import WebSurface

extension SuperAdminAPI {
    /// `/users/:id/explanation` and `/accounts/:id/explanation`: why an object is as it is, deleted ones too.
    func addExplanationRoutes(to api: RouterGroup<WebContext>) {
        for (path, kind) in [("users", ObjectKind.user), ("accounts", .account)] {
            api.get("\(path)/:id/explanation") { request, context in
                let caller = try caller(context)
                let id = try await pathID("id", context, caller)
                let explanation = try await directory.explanations.explain(kind, id, by: caller)
                return Response.json { explanation.write(to: &$0) }
            }
        }
    }
}
