// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import WebSurface

/// A page of a log that is read from its end: `limit` (100, at most 1000) and `before`, the id of the last entry seen.
struct NewestFirst {
    let limit: Int
    let before: Int64?
    /// Every other parameter, to be found again in the next page's address.
    let others: [(String, String)]

    /// The answer, a bare array, with a `Link` to the next page when there may be one.
    func respond<Element>(
        _ elements: [Element], last: Int64?, _ request: Request, _ write: (Element, inout JSONWriter) -> Void
    ) -> Response {
        var response = Response.json(capacity: 512 * (elements.count + 1)) { body in
            body.array { list in for element in elements { write(element, &list) } }
        }
        if let last, elements.count == limit {
            let query = (others + [("limit", "\(limit)"), ("before", "\(last)")]).map { "\($0)=\($1)" }.joined(separator: "&")
            response.headers[.link] = "<\(request.uri.path)?\(query)>; rel=\"next\""
        }
        return response
    }
}

extension PlatformAPI {
    /// Reads the page's parameters; `reach` throws for who may not do the call at all.
    func page(
        _ request: Request, _ context: WebContext, others: [(String, String)] = [], reach: () async throws -> Void
    ) async throws -> NewestFirst {
        var parameters = try await parameters(request, context, reach: reach)
        let limit = parameters.integer("limit").value ?? 100
        let before = parameters.integer("before").value
        if !(1...1_000).contains(limit) { parameters.complain("limit", "must be between 1 and 1000") }
        if !parameters.errors.isEmpty { try await reach() }
        try parameters.finish()
        return NewestFirst(limit: Int(limit), before: before, others: others)
    }
}

extension HTTPField.Name {
    fileprivate static let link = HTTPField.Name("Link")!
}
