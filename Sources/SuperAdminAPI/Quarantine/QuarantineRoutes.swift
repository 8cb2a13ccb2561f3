// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import WebSurface

extension SuperAdminAPI {
    /// `/sync/quarantine` and `/sync/troubles`: what is left alone for a while because it failed, entries and policies.
    func addQuarantineRoutes(to api: RouterGroup<WebContext>) {
        let quarantine = directory.quarantine
        api.get("sync/quarantine") { request, context in
            let caller = try caller(context)
            var reader = try await reader(request, context, caller)
            let filter = QuarantineFilter(source: reader.string("source").value, policy: reader.string("policy").value)
            return try await list(
                &reader, request, context, caller, list: "sync/quarantine/\(filter)",
                page: { try await quarantine.list(filter, $0, by: caller) }, write: { $0.write(to: &$1) })
        }
        api.post("sync/quarantine/:id/retry") { request, context in
            let caller = try caller(context)
            let id = try await pathID("id", context, caller)
            try await quarantine.retry(id, by: caller)
            let entry = try await quarantine.show(id, by: caller.repeating)
            return Response.json { entry.write(to: &$0) }
        }
        api.get("sync/troubles") { request, context in
            let caller = try caller(context)
            var reader = try await reader(request, context, caller)
            return try await list(
                &reader, request, context, caller, list: "sync/troubles",
                page: { try await quarantine.troubles($0, by: caller) }, write: { $0.write(to: &$1) })
        }
        api.post("sync/troubles/retry") { request, context in
            let caller = try caller(context)
            var reader = try await reader(request, context, caller)
            let policy = reader.string("policy").value
            if policy == nil { reader.complain("policy", "can't be blank") }
            try await finish(reader, caller)
            try await quarantine.retry(policy: policy ?? "", by: caller)
            return Response.empty
        }
    }
}
