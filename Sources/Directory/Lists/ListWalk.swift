// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The index that an operator's list is walked along, the newest first, so that a page costs the same wherever it lies.
enum ListWalk: Sendable {
    /// Everything of the kind that lives.
    case all
    /// What a Platform App may reach.
    case ofApp(Int64)
    /// What somebody's suspension stands on.
    case suspended
    /// The members of an account, in the order of their memberships.
    case members(of: Int64)
    /// What was looked up before, few enough to be listed.
    case found([Int64])
    /// The same among the members of an account.
    case foundMembers([Int64], of: Int64)

    /// Above so many objects found the walk goes along everything, and compares.
    static let fewFound = 20_000

    /// How far one page walks at most: what filters leave over of it may be less than a page.
    static let reach = 4_000

    /// The column of the walk that orders it; two names for one would hide from the planner that it is in order already.
    var key: String {
        switch self {
        case .all, .ofApp, .suspended, .found: "id"
        case .members, .foundMembers: "position"
        }
    }

    /// Whether the walk itself leaves out who is not suspended.
    var isOfSuspended: Bool { if case .suspended = self { true } else { false } }

    /// Whether a text is still to be compared with each object of the walk.
    var comparesWords: Bool {
        switch self {
        case .found, .foundMembers: false
        case .all, .ofApp, .suspended, .members: true
        }
    }
}

extension Directory {
    /// Throws unless the caller is an operator: for calls that fail before any statement checks it.
    func authenticateOperator(_ caller: Caller) async throws {
        let row = try await row("with \(operator: caller, needs: []) select app_id from caller")
        guard row != nil else { throw DirectoryError.invalidAccessToken }
    }

    /// The ids of the users or accounts with a word for each beginning in the text, and of the one whose id it is; nil when
    /// they are many.
    func search(_ kind: ObjectKind, _ text: String, by caller: Caller) async throws -> [Int64]? {
        guard let row = try await row(ListStatements.search(kind, text, caller: caller).unprepared()) else {
            throw DirectoryError.invalidAccessToken
        }
        let hits = try row.decode([Int64].self, "ids")
        guard hits.count <= ListWalk.fewFound else { return nil }
        let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
        return Array(Set(hits).union(Int64(digits).map { [$0] } ?? []))
    }

    /// A page of an operator's list, decoded; where filters left too little of the walk, the page goes on behind its end.
    ///
    /// - Parameters:
    ///   - walk: how the list goes.
    ///   - statement: the page itself; each row holds `authenticated`, `id` and `position`.
    func page<Item: Sendable>(
        _ walk: ListWalk, of kind: ObjectKind, _ page: PageRequest, by caller: Caller, _ statement: PostgresQuery,
        _ decode: (PostgresRow) throws -> Item
    ) async throws -> Page<Item> {
        let found = try await rows(statement.unprepared()).compactMap { row -> (position: Int64, item: Item)? in
            guard try row.decode(Bool.self, "authenticated") else { throw DirectoryError.invalidAccessToken }
            guard try row.decode(Int64?.self, "id") != nil else { return nil }
            return (try row.decode(Int64.self, "position"), try decode(row))
        }
        let cut = Page(fetched: found, page)
        guard cut.next == nil else { return cut }
        let end = try await row(ListStatements.end(walk, of: kind, page, caller: caller).unprepared())
        return Page(items: cut.items, next: try end?.decode(Int64?.self, "position"))
    }

    /// The same where a text is looked for: along the walk while that meets many whom it means, by the index of words where it
    /// meets few. Both list them in the same order, so that pages of either follow one another.
    ///
    /// - Parameter narrowed: the walk along the few that were found.
    func page<Item: Sendable>(
        of kind: ObjectKind, finding text: String, along walk: ListWalk, narrowed: ([Int64]) -> ListWalk, _ page: PageRequest,
        by caller: Caller, _ statement: (ListWalk) -> PostgresQuery, _ decode: (PostgresRow) throws -> Item
    ) async throws -> Page<Item> {
        // What may be an id is no word that a walk would meet.
        let isWord = Int64(text.hasPrefix("#") ? text.dropFirst() : text[...]) == nil
        var met: Page<Item>?
        if isWord {
            let walked = try await self.page(walk, of: kind, page, by: caller, statement(walk), decode)
            if walked.next == nil || walked.items.count == page.limit { return walked }
            met = walked
        }
        guard let found = try await search(kind, text, by: caller) else {
            if let met { return met }
            return try await self.page(walk, of: kind, page, by: caller, statement(walk), decode)
        }
        let walk = narrowed(found)
        return try await self.page(walk, of: kind, page, by: caller, statement(walk), decode)
    }
}
