// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL that finds users: a walk along the caller's permissibles from where the page begins, or along an account's
/// memberships, so that a page costs the same wherever it lies. Resolves the caller and joins its permissibles itself.
///
/// A text is looked up by its words first. Few people found are looked up by id; many are met soon enough by the walk.
enum UserFindStatements {
    /// Above so many people found the walk begins.
    static let fewFound = 5_000

    /// A page of users, each with its `position` in the order of the list; one row with a null id when there is none.
    static func find(_ query: UserQuery, caller: Caller) -> PostgresQuery {
        if let accountID = query.accountID { return members(of: accountID, query, caller: caller) }
        return """
            with \(caller: caller, needs: [.usersRead])\(hits: query)
            select caller.app_id is not null as authenticated, 1::smallint as account_rights, true as account_exists,
                   u.rights, caller.reveals, u.position, \(unescaped: UserRow.columns)
            from (select 1) one
            left join caller on true
            \(unescaped: joinedHits(query))
            left join lateral (\(branches: query, ofAll(caller))) u on true
            \(unescaped: UserRow.joins)
            order by u.position
            """
    }

    private static func members(of accountID: Int64, _ query: UserQuery, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.usersRead, .accountUsersRead]), \(permit: .account, accountID)\(hits: query)
        select caller.app_id is not null as authenticated, permit.rights as account_rights, o.id is not null as account_exists,
               u.rights, caller.reveals, u.position, \(unescaped: UserRow.columns)
        from (select 1) one
        left join caller on true
        left join permit on true
        left join accounts o on o.id = \(accountID) and o.deleted_at is null and permit.rights & 1 <> 0
        \(unescaped: joinedHits(query))
        left join lateral (\(branches: query, ofMembers(accountID, caller))) u on true
        \(unescaped: UserRow.joins)
        order by u.position
        """
    }

    private static func joinedHits(_ query: UserQuery) -> String { query.text == nil ? "" : "left join hits on true" }

    /// The users that the caller may read, along its permissibles.
    private static func ofAll(_ caller: Caller) -> Walk {
        Walk(
            text: """
                select x.*, p.rights, p.object_id as position
                from \(caller.reach(.user))
                join users x on x.id = p.object_id and x.deleted_at is null
                where p.kind = 'user' and p.platform_app_id = caller.app_id and p.rights & 1 <> 0 and
                """,
            // Both: an index walk of either begins where the page does.
            positions: ["p.object_id", "x.id"])
    }

    /// The same along the memberships of the account `o`.
    private static func ofMembers(_ accountID: Int64, _ caller: Caller) -> Walk {
        // The id itself and not `o.id`, so that the planner knows how large this account is.
        Walk(
            text: """
                select x.*, p.rights, n.id as position
                from account_users n
                join users x on x.id = n.user_id and x.deleted_at is null
                join \(caller.reach(.user)) on p.kind = 'user' and p.platform_app_id = caller.app_id
                    and p.object_id = n.user_id and p.rights & 1 <> 0
                where o.id is not null and n.account_id = \(accountID) and
                """,
            positions: ["n.id"])
    }
}

/// A walk along an index, up to the conditions on where the page begins.
private struct Walk {
    let text: String
    /// The keys of the order, the first of which sorts.
    let positions: [StaticString]
}

extension PostgresQuery.StringInterpolation {
    /// The CTE `hits(ids)` where a text is looked for; only for a caller that is one.
    fileprivate mutating func appendInterpolation(hits query: UserQuery) {
        guard let text = query.text else { return }
        appendLiteral(", hits as materialized (select search_users(")
        appendInterpolation(text)
        appendLiteral(", \(UserFindStatements.fewFound + 1)) as ids from caller)")
    }

    /// The rows of the page: of the walk, or of what was found by words where that is little.
    fileprivate mutating func appendInterpolation(branches query: UserQuery, _ walk: Walk) {
        guard let text = query.text else { return appendInterpolation(page: query, walk) { _ in } }
        appendLiteral("(")
        appendInterpolation(page: query, walk) {
            $0.appendLiteral(
                """
                 and cardinality(hits.ids) <= \(UserFindStatements.fewFound) \
                and x.id in (select hit.id from unnest(hits.ids) as hit(id))
                """)
        }
        appendLiteral(") union all (")
        appendInterpolation(page: query, walk) {
            $0.appendLiteral(
                """
                 and cardinality(hits.ids) > \(UserFindStatements.fewFound) \
                and search_words(x.name || ' ' || x.email) @@ search_query(
                """)
            $0.appendInterpolation(text)
            $0.appendLiteral(")")
        }
        appendLiteral(")")
    }

    private mutating func appendInterpolation(page query: UserQuery, _ walk: Walk, _ searched: (inout Self) -> Void) {
        appendLiteral(walk.text)
        for (number, key) in walk.positions.enumerated() {
            appendLiteral(number == 0 ? " " : " and ")
            appendInterpolation(of: query.page, key)
        }
        appendInterpolation(filters: query)
        searched(&self)
        appendLiteral(" order by \(walk.positions[0]) limit ")
        appendInterpolation(query.page.fetched)
    }

    /// The conditions that were given besides a text, on the user `x`.
    private mutating func appendInterpolation(filters query: UserQuery) {
        if let email = query.email {
            appendLiteral(" and x.email_key = ")
            appendInterpolation(UserRules.normalisedEmail(email))
        }
        if let externalID = query.externalID {
            appendLiteral(
                """
                 and x.id in (select l.object_id from sources s join links l on l.source_id = s.id and l.kind = 'user' \
                where s.platform_app_id = caller.app_id and l.external_key = any (
                """)
            appendInterpolation(UserQuery.externalKeys(externalID))
            appendLiteral("))")
        }
        if let status = query.status {
            let standing = "from suspensions s where s.subject_kind = 'user' and s.subject_id = x.id"
            // Most users are active: looked up for each one of the walk. Few are suspended: the plan may begin with these.
            appendLiteral(
                status == .active ? " and (select true \(standing) limit 1) is null" : " and exists (select \(standing))")
        }
    }
}
