// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL that finds users: a walk along the caller's permissibles from where the page begins, or along an account's
/// memberships, so that a page costs the same wherever it lies. Resolves the caller and joins its permissibles itself.
enum UserFindStatements {
    /// A page of users, each with its `position` in the order of the list; one row with a null id when there is none.
    static func find(_ query: UserQuery, caller: Caller) -> PostgresQuery {
        if let accountID = query.accountID { return members(of: accountID, query, caller: caller) }
        return """
            with \(caller: caller, needs: [.usersRead])
            select caller.app_id is not null as authenticated, 1::smallint as account_rights, true as account_exists,
                   u.rights, caller.reveals, u.position, \(unescaped: UserRow.columns)
            from (select 1) one
            left join caller on true
            left join lateral (
                select x.*, p.rights, p.object_id as position
                from platform_app_permissibles p
                join users x on x.id = p.object_id and x.deleted_at is null
                where p.kind = 'user' and p.platform_app_id = caller.app_id and p.rights & 1 <> 0
                  and \(of: query.page, "p.object_id") and \(of: query.page, "x.id")\(filters: query)
                order by p.object_id limit \(query.page.fetched)
            ) u on true
            \(unescaped: UserRow.joins)
            order by u.position
            """
    }

    private static func members(of accountID: Int64, _ query: UserQuery, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.usersRead, .accountUsersRead]), \(permit: .account, accountID)
        select caller.app_id is not null as authenticated, permit.rights as account_rights, o.id is not null as account_exists,
               u.rights, caller.reveals, u.position, \(unescaped: UserRow.columns)
        from (select 1) one
        left join caller on true
        left join permit on true
        left join accounts o on o.id = \(accountID) and o.deleted_at is null and permit.rights & 1 <> 0
        left join lateral (
            select x.*, p.rights, n.id as position
            from account_users n
            join users x on x.id = n.user_id and x.deleted_at is null
            join platform_app_permissibles p on p.kind = 'user' and p.platform_app_id = caller.app_id
                and p.object_id = n.user_id and p.rights & 1 <> 0
            where n.account_id = o.id and \(of: query.page, "n.id")\(filters: query)
            order by n.id limit \(query.page.fetched)
        ) u on true
        \(unescaped: UserRow.joins)
        order by u.position
        """
    }
}

extension PostgresQuery.StringInterpolation {
    /// The conditions that were given, on the user `x`.
    fileprivate mutating func appendInterpolation(filters query: UserQuery) {
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
        if let text = query.text {
            appendLiteral(" and search_words(x.name || ' ' || x.email) @@ search_query(")
            appendInterpolation(text)
            appendLiteral(")")
        }
    }
}
