// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import WebSurface

extension PlatformAPI {
    /// Answers a page of a list as a bare array, the next one in the header `Link`.
    ///
    /// - Parameters:
    ///   - reach: throws for who may not list at all; asked only when the parameters are at fault.
    ///   - list: names the list, with its filters.
    ///   - page: reads the page from the directory.
    func list<Item>(
        _ request: Request, _ context: WebContext, list: String, isOriginal: Bool, itemSize: Int = 320,
        reach: () async throws -> Void, page: (PageRequest?) async throws -> Page<Item>,
        write: (Item, inout JSONWriter) -> Void
    ) async throws -> Response {
        var reader = try await parameters(request, context, reach: reach)
        return try await self.list(
            &reader, request, context, list: list, isOriginal: isOriginal, itemSize: itemSize, reach: reach, page: page,
            write: write)
    }

    /// The same for a list with filters, which have been read from `reader`.
    func list<Item>(
        _ reader: inout ParameterReader, _ request: Request, _ context: WebContext, list: String, isOriginal: Bool,
        itemSize: Int = 320, reach: () async throws -> Void, page: (PageRequest?) async throws -> Page<Item>,
        write: (Item, inout JSONWriter) -> Void
    ) async throws -> Response {
        let parameters = ListParameters(&reader, list: list, isOriginal: isOriginal)
        guard reader.problems.isEmpty else {
            try await reach()
            try reader.finish()
            return Response.empty
        }
        let page = try await page(parameters.page)
        return Self.response(
            page.items, next: page.next.map { Cursor(key: $0) }, parameters, request, context, itemSize: itemSize, write: write)
    }

    /// - Parameter next: where the next page begins; nil when there is none.
    static func response<Item>(
        _ items: [Item], next: Cursor?, _ parameters: ListParameters, _ request: Request, _ context: WebContext,
        itemSize: Int = 320, write: (Item, inout JSONWriter) -> Void
    ) -> Response {
        var response = Response.json(capacity: itemSize * (items.count + 1)) { body in
            body.array { list in for item in items { write(item, &list) } }
        }
        response.headers.append(contentsOf: parameters.link(next, request, query: context.web.query))
        return response
    }

    /// What a call asks for beyond the contract's keys: the names in `include`, separated by commas.
    func includes(_ reader: inout ParameterReader, _ known: Set<String>) -> Set<String> {
        guard let text = reader.string("include").value else { return [] }
        let names = Set(text.split(separator: ",").map(String.init))
        if !names.isSubset(of: known) { reader.complain("include", "is not included in the list") }
        return names
    }
}

extension PageRequest {
    /// What a list of ours answers to who does not say.
    static let first = PageRequest(limit: ListParameters.defaultLimit)
}
