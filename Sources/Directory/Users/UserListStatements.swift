// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of the operators' list of users. Each statement resolves the caller, which must be an operator.
enum UserListStatements {
    /// What a text is looked for in; as the index has it.
    private static let columns: StaticString = "y.name || ' ' || y.email"

    /// A page of users, each with its `position`; one row with a null id when there is none.
    static func list(_ query: UserListQuery, _ walk: ListWalk, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.usersRead])
        select caller.actor is not null as authenticated, u.id, u.name, u.display_name, u.email, u.created_at, u.position,
               exists (select from suspensions s where s.subject_kind = 'user' and s.subject_id = u.id) as suspended,
               (select count(*) from (
                   select from account_users m join accounts a on a.id = m.account_id and a.deleted_at is null
                   where m.user_id = u.id limit 100) c) as memberships,
               owned.apps, owned.first_app
        from (select 1) one
        left join caller on true
        left join lateral (
            select y.* from (
                select x.*, w.\(unescaped: walk.key) as position from (\(walk, of: .user, query.page)) w
                join users x on x.id = w.id and x.deleted_at is null
                where true\(filters: query, walk)
                -- A fence, whatever the limit: words are compared row by row until the page is full, and not looked up.
                order by w.\(unescaped: walk.key) desc limit \(query.text == nil ? query.page.fetched : nil)
            ) y
            where true\(words: walk.comparesWords ? query.text : nil, in: columns)
            order by y.position desc limit \(query.page.fetched)
        ) u on caller.actor is not null
        left join lateral (
            select count(*) as apps, min(pa.name) as first_app
            from platform_app_permissibles p join platform_apps pa on pa.id = p.platform_app_id
            where p.kind = 'user' and p.object_id = u.id
        ) owned on u.id is not null
        order by u.position desc
        """
    }

    /// The ids of whom an address or an external id means, whatever source knows the latter; at most one of each source.
    static func exact(email: String?, externalID: String?, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.usersRead])
        select coalesce((select array_agg(x.id) from users x where x.email_key = \(email.map(UserRules.normalisedEmail))), '{}')
               as by_email,
               coalesce((
                   select array_agg(l.object_id) from sources s
                   join links l on l.source_id = s.id and l.kind = 'user'
                   where l.external_key = any (\(externalID.map(UserQuery.externalKeys) ?? []))), '{}') as by_external_id
        from caller
        """
    }
}

extension PostgresQuery.StringInterpolation {
    fileprivate mutating func appendInterpolation(filters query: UserListQuery, _ walk: ListWalk) {
        if !walk.isOfSuspended { appendInterpolation(suspended: query.status.map { $0 == .suspended }, .user) }
        appendInterpolation(reachedBy: query.platformAppID, .user)
    }
}
