// SPDX-License-Identifier: Apache-2.0

package import Directory
package import HTTPTypes
package import Hummingbird

/// The parameters `limit` and `cursor`, which every list understands.
///
/// A list of the original answers everything when neither is given (contract section 1.1, "Pagination: none"); a list of ours
/// answers ``defaultLimit`` items then. The body stays a bare array; the next page is in the header `Link` with `rel="next"`.
package struct ListParameters: Sendable {
    package static let defaultLimit = 100

    /// nil: everything.
    package let limit: Int?
    /// nil: from the beginning.
    package let cursor: Cursor?
    private let list: String

    /// Reads the parameters, and notes what is wrong with them in `reader`.
    ///
    /// - Parameters:
    ///   - list: names the list, with the values of its filters.
    ///   - isOriginal: whether the original has the list.
    package init(_ reader: inout ParameterReader, list: String, isOriginal: Bool) {
        self.list = list
        let range = PageRequest.limits
        var limit = reader.integer("limit").value.map { Int(clamping: $0) }
        if let given = limit, !range.contains(given) {
            reader.complain("limit", "must be between \(range.lowerBound) and \(range.upperBound)")
            limit = nil
        }
        let text = reader.string("cursor").value
        cursor = text.flatMap { Cursor($0, of: list) }
        if text != nil, cursor == nil { reader.complain("cursor", "is invalid") }
        self.limit = limit ?? (isOriginal && text == nil ? nil : Self.defaultLimit)
    }

    /// What the directory is asked for; nil: everything.
    package var page: PageRequest? { limit.map { PageRequest(limit: $0, after: cursor?.key ?? 0) } }

    /// The header that leads to the next page, empty where there is none.
    package func link(_ next: Cursor?, _ request: Request, query: Substring?) -> HTTPFields {
        guard let next else { return [:] }
        var pairs = (query ?? "").split(separator: "&").filter { $0 != "cursor" && !$0.hasPrefix("cursor=") }.map(Self.safe)
        pairs.append("cursor=\(next.text(of: list))")
        var path = request.head.path ?? request.uri.path
        if let mark = path.firstIndex(of: "?") { path = String(path[..<mark]) }
        return [.link: "<\(Self.safe(path[...]))?\(pairs.joined(separator: "&"))>; rel=\"next\""]
    }

    /// Answers a page of the list as a bare array, the next one in the header `Link`.
    ///
    /// - Parameters:
    ///   - next: where the next page begins; nil when there is none.
    ///   - itemSize: about how many bytes an item takes.
    package func response<Item>(
        _ items: [Item], next: Cursor?, to request: Request, _ context: WebContext, itemSize: Int = 320,
        write: (Item, inout JSONWriter) -> Void
    ) -> Response {
        var response = Response.json(capacity: itemSize * (items.count + 1)) { body in
            body.array { list in for item in items { write(item, &list) } }
        }
        response.headers.append(contentsOf: link(next, request, query: context.web.query))
        return response
    }

    /// What was sent, without what would end the address inside of the header.
    private static func safe(_ text: Substring) -> String {
        var safe = ""
        for byte in text.utf8 {
            if byte > 0x20, byte < 0x7F, !#"<>"\^`{|}"#.utf8.contains(byte) {
                safe.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                safe += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return safe
    }
}

extension HTTPField.Name {
    /// RFC 8288; the address in it is relative to the host, so that it is right behind any proxy.
    package static let link = HTTPField.Name("Link")!
}

extension PageRequest {
    /// What a list of ours answers to who does not say.
    package static let first = PageRequest(limit: ListParameters.defaultLimit)
}
