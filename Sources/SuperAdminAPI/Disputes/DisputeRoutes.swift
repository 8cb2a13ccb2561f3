// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import WebSurface

extension SuperAdminAPI {
    /// `/sync/disputes`: entries that wait for a person, and what a person says of them.
    func addDisputeRoutes(to api: RouterGroup<WebContext>) {
        let disputes = directory.disputes
        api.get("sync/disputes") { request, context in
            let caller = try caller(context)
            var reader = try await reader(request, context, caller)
            let filter = reader.disputeFilter()
            return try await list(
                &reader, request, context, caller, list: "sync/disputes/\(filter)",
                page: { try await disputes.list(filter, $0, by: caller) }, write: { $0.write(to: &$1) })
        }
        api.get("sync/disputes/:id") { request, context in
            let caller = try caller(context)
            return try await show(dispute: try await pathID("id", context, caller), by: caller)
        }
        api.post("sync/disputes/:id/resolve") { request, context in
            let caller = try caller(context)
            let id = try await pathID("id", context, caller)
            var reader = try await reader(request, context, caller)
            let resolution = reader.resolution()
            let reason = reader.string("reason").value
            try await finish(reader, caller)
            guard let resolution else { throw APIError.notFound }
            try await disputes.resolve(id, resolution, reason: reason, by: caller)
            return try await show(dispute: id, by: caller.repeating)
        }
    }

    private func show(dispute id: Int64, by caller: Caller) async throws -> Response {
        let dispute = try await directory.disputes.show(id, by: caller)
        return Response.json { dispute.write(to: &$0) }
    }
}

extension ParameterReader {
    /// nil when something is wrong with it, which the reader has noted.
    fileprivate mutating func resolution() -> DisputeResolution? {
        let decision = choice("decision") { ["link", "adopt", "ignore", "reconsider"].contains($0) ? $0 : nil }
        let user = integer("user_id").value
        switch decision {
        case "ignore": return .ignore
        case "reconsider": return .reconsider
        case let decision?:
            guard let user else {
                complain("user_id", "can't be blank")
                return nil
            }
            return decision == "link" ? .link(user) : .adopt(user)
        case nil:
            // What is given and not known was complained of.
            if string("decision").value == nil { complain("decision", "can't be blank") }
            return nil
        }
    }
}
