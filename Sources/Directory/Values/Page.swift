// SPDX-License-Identifier: Apache-2.0

import Postgres

/// A part of a list: so many items after a position.
///
/// The position is a key of the list's order, so that a page costs the same wherever it begins, and writers before it move
/// nothing.
package struct PageRequest: Sendable, Equatable {
    /// The most items that a page holds.
    package static let limits = 1...1_000

    /// Within ``limits``.
    package let limit: Int
    /// Exclusive; 0 is the beginning, which of a log that is read from its end is the newest entry.
    package let after: Int64

    package init(limit: Int, after: Int64 = 0) {
        self.limit = min(max(limit, Self.limits.lowerBound), Self.limits.upperBound)
        self.after = after
    }

    /// How many rows a statement reads: one more than are shown, to know whether there are more.
    var fetched: Int64 { Int64(limit) + 1 }
}

/// A page of a list, with the position where the next one begins.
package struct Page<Item: Sendable>: Sendable {
    package let items: [Item]
    /// nil: there is no more.
    package let next: Int64?

    package init(items: [Item], next: Int64? = nil) {
        self.items = items
        self.next = next
    }

    /// Cuts what was fetched to what was asked for.
    init(fetched: [(position: Int64, item: Item)], _ request: PageRequest?) {
        guard let request, fetched.count > request.limit else {
            self.init(items: fetched.map(\.item))
            return
        }
        let shown = fetched.prefix(request.limit)
        self.init(items: shown.map(\.item), next: shown.last?.position)
    }
}

extension PostgresQuery.StringInterpolation {
    /// The condition that `key`, the key of the list's order, lies behind the page's beginning.
    mutating func appendInterpolation(of page: PageRequest?, _ key: StaticString) {
        appendLiteral("\(key) > ")
        appendInterpolation(page?.after ?? 0)
    }

    /// The same for a list whose order is that of falling keys.
    mutating func appendInterpolation(newestFirst page: PageRequest, _ key: StaticString) {
        appendLiteral("\(key) < ")
        appendInterpolation(page.after == 0 ? Int64.max : page.after)
    }
}
