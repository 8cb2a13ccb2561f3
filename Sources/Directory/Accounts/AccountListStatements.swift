// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of the operators' list of accounts. Each statement resolves the caller, which must be an operator.
enum AccountListStatements {
    /// What a text is looked for in; as the index has it.
    private static let columns: StaticString = "y.name || ' ' || coalesce(y.domain, '')"

    /// A page of accounts, each with its `position`; one row with a null id when there is none.
    static func list(_ query: AccountListQuery, _ walk: ListWalk, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.accountsRead])
        select caller.actor is not null as authenticated, a.id, a.name, a.domain, a.locale, a.created_at, a.position,
               exists (select from suspensions s where s.subject_kind = 'account' and s.subject_id = a.id) as suspended,
               (select count(*) from (
                   select from account_users m where (m.account_id, m.id) > (a.id, 0) and (m.account_id, m.id) < (a.id + 1, 0)
                   -- In the order of the one index that knows where an account ends, however large the planner takes it to be.
                   order by m.account_id, m.id limit \(AccountListItem.mostMembers)) c) as members,
               owned.apps, owned.first_app
        from (select 1) one
        left join caller on true
        left join lateral (
            select y.* from (
                select x.*, w.\(unescaped: walk.key) as position from (\(walk, of: .account, query.page)) w
                join accounts x on x.id = w.id and x.deleted_at is null
                where true\(filters: query, walk)
                -- A fence, whatever the limit: words are compared row by row until the page is full, and not looked up.
                order by w.\(unescaped: walk.key) desc limit \(query.text == nil ? query.page.fetched : nil)
            ) y
            where true\(words: walk.comparesWords ? query.text : nil, in: columns)
            order by y.position desc limit \(query.page.fetched)
        ) a on caller.actor is not null
        left join lateral (
            select count(*) as apps, min(pa.name) as first_app
            from platform_app_permissibles p join platform_apps pa on pa.id = p.platform_app_id
            where p.kind = 'account' and p.object_id = a.id
        ) owned on a.id is not null
        order by a.position desc
        """
    }
}

extension PostgresQuery.StringInterpolation {
    fileprivate mutating func appendInterpolation(filters query: AccountListQuery, _ walk: ListWalk) {
        if !walk.isOfSuspended { appendInterpolation(suspended: query.status.map { $0 == .suspended }, .account) }
        appendInterpolation(reachedBy: query.platformAppID, .account)
    }
}
