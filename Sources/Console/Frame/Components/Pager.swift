// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

/// The way through a list by keys: a page costs the same wherever it begins. The template is `pager`.
struct Pager: Sendable {
    /// nil on the first page.
    var first: String?
    var next: String?
    var firstLabel = "First page"
    var nextLabel = "Next page"
    /// Such as `1 to 50`; without a total, which would cost a scan.
    var shown: String?

    /// Whether there is any way to go.
    let hasLinks: Bool

    /// - Parameters:
    ///   - list: the part of the list that was asked for.
    ///   - next: where the next part begins, as the directory says; nil at the end.
    init(_ list: ListVisit, next key: Int64?, newestFirst: Bool = false) {
        first = list.isFirst ? nil : list.visit.hrefHere(["cursor": nil])
        next = key.map { list.visit.hrefHere(["cursor": Cursor(key: $0).text(of: list.name)]) }
        if newestFirst { (firstLabel, nextLabel) = ("Newest", "Older") }
        hasLinks = first != nil || next != nil
    }
}

/// A visit to a part of a list.
struct ListVisit: Sendable {
    let visit: ConsoleVisit
    let name: String
    /// What the directory is asked for.
    let page: PageRequest
    let isFirst: Bool

    /// - Parameters:
    ///   - name: of the list with the values of its filters: a position in another list begins this one anew.
    ///   - limit: items on a page.
    init(_ visit: ConsoleVisit, _ name: String, limit: Int = 50) {
        self.visit = visit
        self.name = "console/" + name
        let cursor = visit.text("cursor").flatMap { Cursor($0, of: "console/" + name) }
        page = PageRequest(limit: limit, after: cursor?.key ?? 0)
        isFirst = cursor == nil
    }
}
