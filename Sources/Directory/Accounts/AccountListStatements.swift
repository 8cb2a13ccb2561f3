// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of the operators' list of accounts. Each statement resolves the caller, which must be an operator.
enum AccountListStatements {
    /// A page of accounts, each with its `position`; one row with a null id when there is none.
    static func list(_ query: AccountListQuery, _ walk: ListWalk, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.accountsRead])
        select caller.actor is not null as authenticated, a.id, a.name, a.domain, a.locale, a.created_at, a.position,
               exists (select from suspensions s where s.subject_kind = 'account' and s.subject_id = a.id) as suspended,
               (select count(*) from (select from account_users m where m.account_id between a.id and a.id
                   -- Along the index, however large the planner takes an account to be: it has no other in this order.
                   order by m.account_id, m.id limit \(AccountListItem.mostMembers)) c) as members,
               owned.apps, owned.first_app
        from (select 1) one
        left join caller on true
        left join lateral (
            select x.*, w.\(unescaped: walk.key) as position from (\(walk, of: .account, query.page)) w
            join accounts x on x.id = w.id and x.deleted_at is null
            where true\(filters: query, walk)
            order by w.\(unescaped: walk.key) desc limit \(query.page.fetched)
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
        if let text = query.text, walk.comparesWords {
            appendInterpolation(words: text, in: "x.name || ' ' || coalesce(x.domain, '')")
        }
    }
}
