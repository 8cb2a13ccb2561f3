// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of the operators' lists of memberships. Each statement resolves the caller, which must be an operator.
enum MembershipListStatements {
    /// The memberships of a user in accounts that live, the latest first; one row with a null id when there is none.
    static func ofUser(_ id: Int64, only account: Int64?, _ page: PageRequest, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.usersRead, .accountUsersRead]),
        subject as (select u.id from caller join users u on u.id = \(id) and u.deleted_at is null),
        listed as (
            select m.* from subject join account_users m on m.user_id = subject.id
            where \(newestFirst: page, "m.id") and m.account_id = coalesce(\(account), m.account_id)
              and exists (select from accounts a where a.id = m.account_id and a.deleted_at is null)
            order by m.id desc limit \(page.fetched)
        )
        \(unescaped: rows)
        """
    }

    /// The members of an account that are live users, the latest first; one row with a null id when there is none.
    static func ofAccount(_ id: Int64, _ page: PageRequest, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.accountsRead, .accountUsersRead]),
        subject as (select a.id from caller join accounts a on a.id = \(id) and a.deleted_at is null),
        listed as (
            select m.* from subject cross join lateral (
                select * from account_users m
                where (m.account_id, m.id) > (\(id), 0)
                  and (m.account_id, m.id) < (\(id), \(page.after == 0 ? Int64.max : page.after))
                  -- One by one from the index until the page is full; joined, all members are taken together and sorted.
                  and (select u.deleted_at is null from users u where u.id = m.user_id)
                order by m.account_id desc, m.id desc limit \(page.fetched)
            ) m
        )
        \(unescaped: rows)
        """
    }

    /// What stands on these memberships, with who lets it stand.
    static func suspensions(_ ids: [Int64], caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.accountUsersRead])
        select s.membership_id as id, s.reason, s.since, \(unescaped: ActorStatements.columns(kind: "s.by_kind", id: "s.by_id"))
        from caller join membership_suspensions s on s.membership_id = any (\(ids))
        order by s.since, s.by_kind, s.by_id
        """
    }

    private static let rows = """
        select caller.actor is not null as authenticated, subject.id is not null as subject_exists,
               m.id, m.account_id, a.name as account_name, m.user_id, u.name as user_name, u.email as user_email,
               m.role, m.custom_role_id, r.name as custom_role_name, m.availability, m.auto_offline, m.created_at, m.active_at,
               exists (select from suspensions s where s.subject_kind = 'account' and s.subject_id = a.id) as account_suspended,
               exists (select from suspensions s where s.subject_kind = 'user' and s.subject_id = u.id) as user_suspended
        from (select 1) one
        left join caller on true
        left join subject on true
        left join listed m on true
        left join accounts a on a.id = m.account_id
        left join users u on u.id = m.user_id
        left join custom_roles r on r.account_id = m.account_id and r.id = m.custom_role_id
        order by m.id desc
        """
}
