// SPDX-License-Identifier: Apache-2.0

package import Directory
package import Hummingbird

/// A surface whose calls carry an access token that the directory's statements check, together with everything else.
///
/// What is wrong with a call before any statement runs is told to nobody whose token is dead.
package protocol DirectorySurface: Sendable {
    var directory: Directory { get }
}

extension DirectorySurface {
    /// The object's id in the path.
    package func pathID(_ name: String, _ context: WebContext, _ caller: Caller) async throws -> Int64 {
        do throws(APIError) {
            return try context.pathID(name)
        } catch {
            // The statement that would have checked the token is not run.
            try await directory.authenticate(caller)
            throw error
        }
    }

    /// The parameters of body and query, ready to be read.
    ///
    /// - Parameter reach: throws for who may not do the call at all; asked only when the parameters cannot be read, which is
    ///   told to nobody else.
    package func parameters(
        _ request: Request, _ context: WebContext, reach: () async throws -> Void
    ) async throws -> ParameterReader {
        do throws(APIError) {
            return ParameterReader(try context.requestParameters(request))
        } catch {
            try await reach()
            throw error
        }
    }

    /// Answers a page of a list as a bare array, the next one in the header `Link`.
    ///
    /// - Parameters:
    ///   - reach: throws for who may not list at all; asked only when the parameters are at fault.
    ///   - list: names the list, with its filters.
    ///   - page: reads the page from the directory.
    package func list<Item>(
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
    package func list<Item>(
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
        return parameters.response(
            page.items, next: page.next.map { Cursor(key: $0) }, to: request, context, itemSize: itemSize, write: write)
    }
}
