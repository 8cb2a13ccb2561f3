// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import WebSurface

extension SuperAdminAPI {
    /// `/sync_runs`: runs of policies, what each changes and found; a plan that waits is released or rejected.
    func addSyncRunRoutes(to api: RouterGroup<WebContext>) {
        let runs = directory.runs
        api.get("sync_runs") { request, context in
            let caller = try caller(context)
            var reader = try await reader(request, context, caller)
            let state = reader.choice("state") { RunFilter.states.contains($0) ? $0 : nil }
            let filter = RunFilter(policy: reader.string("policy").value, state: state)
            return try await list(
                &reader, request, context, caller, list: "sync_runs/\(filter.policy ?? "")/\(filter.state ?? "")",
                page: { try await runs.list(filter, $0, by: caller) }, write: { $0.write(to: &$1) })
        }
        api.get("sync_runs/:id") { request, context in
            let caller = try caller(context)
            return try await show(run: try await pathID("id", context, caller), by: caller)
        }
        api.get("sync_runs/:id/changes") { request, context in
            let caller = try caller(context)
            let id = try await pathID("id", context, caller)
            var reader = try await reader(request, context, caller)
            let filter = reader.runChangeFilter()
            return try await list(
                &reader, request, context, caller, list: "sync_runs/\(id)/changes/\(filter)",
                page: { try await runs.changes(of: id, filter, $0, by: caller) }, write: { $0.write(to: &$1) })
        }
        api.get("sync_runs/:id/findings") { request, context in
            let caller = try caller(context)
            let id = try await pathID("id", context, caller)
            var reader = try await reader(request, context, caller)
            return try await list(
                &reader, request, context, caller, list: "sync_runs/\(id)/findings",
                page: {
                    // A run without findings is told apart from none.
                    if $0.after == 0 { _ = try await runs.show(id, by: caller) }
                    return try await runs.findings(of: id, $0, by: caller)
                }, write: { $0.write(to: &$1) })
        }
        api.post("sync_runs/:id/release") { request, context in
            let caller = try caller(context)
            let id = try await pathID("id", context, caller)
            try await runs.release(id, by: caller)
            return try await show(run: id, by: caller)
        }
        api.post("sync_runs/:id/reject") { request, context in
            let caller = try caller(context)
            let id = try await pathID("id", context, caller)
            var reader = try await reader(request, context, caller)
            let reason = reader.string("reason").value
            try await finish(reader, caller)
            try await runs.reject(id, reason: reason, by: caller)
            return try await show(run: id, by: caller)
        }
    }

    private func show(run id: Int64, by caller: Caller) async throws -> Response {
        let run = try await directory.runs.show(id, by: caller.repeating)
        return Response.json { run.write(to: &$0) }
    }
}
