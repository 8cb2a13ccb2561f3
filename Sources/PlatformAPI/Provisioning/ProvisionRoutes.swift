// SPDX-License-Identifier: Apache-2.0

import Directory
import Hummingbird
import WebSurface

extension PlatformAPI {
    /// The path of bulk calls, whose bodies may be larger than others.
    package static let bulkPath = "/platform/api/v1/bulk"

    /// `/provision` and `/bulk`: people with their accounts in one call.
    ///
    /// Both are idempotent by what they say. Under an `Idempotency-Key` a bulk is answered again as it was, even where others have
    /// written since.
    func addProvisionRoutes(to api: RouterGroup<WebContext>) {
        api.put("provision") { request, context in
            let caller = try caller(request, context)
            var parameters = try await parameters(request, context) { try await authenticate(caller) }
            let item = ProvisionItem(&parameters)
            let outcome = try await provisioning.provision([item], atomic: true, by: caller)[0]
            if case .failed(let error) = outcome { throw error }
            guard let id = outcome.userID else { throw DirectoryError.unavailable }
            return try await users.show(id, by: caller).response(to: request)
        }
        api.post("bulk") { request, context in
            let caller = try caller(request, context)
            let call = try await keyedCall(request, context, caller)
            let bulk: BulkItems
            let atomic: Bool
            do {
                bulk = try BulkItems(context.web.body, contentType: request.headers[.contentType])
                atomic = try Self.isAtomic(request, context)
            } catch {
                try await authenticate(caller)
                throw error
            }
            let outcomes =
                if let call {
                    try await provisioning.provision(bulk.items, atomic: atomic, under: call, by: caller)
                } else {
                    try await provisioning.provision(bulk.items, atomic: atomic, by: caller)
                }
            return Self.bulkResponse(bulk.items, outcomes, failed: atomic && outcomes.contains(where: \.hasFailed))
        }
    }

    private static func isAtomic(_ request: Request, _ context: WebContext) throws(APIError) -> Bool {
        var query = ParameterReader(
            try RequestParameters(body: .init(), contentType: nil, query: context.web.query))
        let atomic = query.bool("atomic").value ?? false
        try query.finish()
        return atomic
    }

    /// `{"results": [...], "created": 2, ...}`: a result for each item in its order, with the status that it would have had by
    /// itself. The whole is 422 only when an atomic call was refused.
    private static func bulkResponse(_ items: [ProvisionItem], _ outcomes: [ProvisionOutcome], failed: Bool) -> Response {
        var counts: [ProvisionOutcome.Kind: Int64] = [:]
        return Response.json(status: failed ? .unprocessableContent : .ok, capacity: 96 * (outcomes.count + 2)) { body in
            body.object { object in
                object.array("results") { list in
                    for (number, outcome) in outcomes.enumerated() {
                        outcome.write(number, items[number], to: &list)
                        counts[outcome.kind, default: 0] += 1
                    }
                }
                for kind in ProvisionOutcome.Kind.allCases { object.field(kind.name, counts[kind] ?? 0) }
            }
        }
    }
}

extension ProvisionOutcome {
    fileprivate func write(_ number: Int, _ item: ProvisionItem, to list: inout JSONWriter) {
        list.object {
            $0.field("index", Int64(number))
            $0.field("result", kind.name.description)
            if let id = userID { $0.field("id", id) }
            if let externalID = item.externalID { $0.field("external_id", externalID) }
            $0.field("email", item.email)
            if case .failed(let error) = self {
                $0.field("status", Int64(error.status.code))
                if case .invalid(let problems) = error {
                    $0.field("message", problems.map(\.message).joined(separator: ", "))
                    $0.array("attributes") { attributes in
                        for problem in problems { attributes.element(problem.attribute) }
                    }
                } else {
                    $0.field("message", error == .nonPermissible ? "Non permissible resource" : error.status.reasonPhrase)
                }
            }
        }
    }
}
