// SPDX-License-Identifier: Apache-2.0

import Directory
import Hummingbird
import WebSurface

extension SyncRunAPI {
    /// The runs of a policy, what each changes and found.
    func addReadingRoutes(to api: RouterGroup<WebContext>) {
        let runs = directory.runs
        api.get { request, context in
            let (caller, policy) = try asked(context)
            var reader = try await parameters(request, context) { try await directory.authenticate(caller) }
            let state = reader.choice("state") { RunFilter.states.contains($0) ? $0 : nil }
            return try await list(
                &reader, request, context, caller, "sync/\(policy)/\(state ?? "")",
                page: { try await runs.list(RunFilter(policy: policy, state: state), $0, by: caller) },
                write: { $0.write(to: &$1) })
        }
        api.get(":id") { _, context in
            let (caller, policy) = try asked(context)
            let run = try await runs.show(try await pathID("id", context, caller), policy: policy, by: caller)
            return Response.json { run.write(to: &$0) }
        }
        api.get(":id/changes") { request, context in
            let (caller, policy) = try asked(context)
            let id = try await pathID("id", context, caller)
            var reader = try await parameters(request, context) { try await directory.authenticate(caller) }
            let filter = reader.runChangeFilter()
            return try await list(
                &reader, request, context, caller, "sync/\(policy)/\(id)/changes/\(filter)",
                page: { try await runs.changes(of: id, policy: policy, filter, $0, by: caller) }, write: { $0.write(to: &$1) })
        }
        api.get(":id/findings") { request, context in
            let (caller, policy) = try asked(context)
            let id = try await pathID("id", context, caller)
            var reader = try await parameters(request, context) { try await directory.authenticate(caller) }
            return try await list(
                &reader, request, context, caller, "sync/\(policy)/\(id)/findings",
                page: { try await runs.findings(of: id, policy: policy, $0, by: caller) }, write: { $0.write(to: &$1) })
        }
    }

    /// Answers a page of a list; `name` tells it from others, with its filters.
    private func list<Item>(
        _ reader: inout ParameterReader, _ request: Request, _ context: WebContext, _ caller: Caller, _ name: String,
        page: (PageRequest) async throws -> Page<Item>, write: (Item, inout JSONWriter) -> Void
    ) async throws -> Response {
        try await list(
            &reader, request, context, list: name, isOriginal: false, itemSize: 384,
            reach: { try await directory.authenticate(caller) }, page: { try await page($0 ?? .first) }, write: write)
    }
}
