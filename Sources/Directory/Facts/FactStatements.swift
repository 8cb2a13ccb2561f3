// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of facts about objects. Each statement resolves the caller, which must be an operator.
enum FactStatements {
    static func user(_ id: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.usersRead])
        select caller.actor is not null as authenticated, u.created_at, u.updated_at, u.password_hash is not null as has_password,
               (select count(*) from account_users m join accounts a on a.id = m.account_id and a.deleted_at is null
                where m.user_id = u.id) as memberships,
               (select count(*) from sessions s where s.user_id = u.id and s.expires_at > now()
                  and s.password_mark = password_mark(u.password_hash)) as sessions,
               t.tokens, t.used_at
        from (select 1) one
        left join caller on true
        left join users u on u.id = \(id) and u.deleted_at is null and caller.actor is not null
        left join lateral (
            select count(*) as tokens, max(at.last_used_at) as used_at from access_tokens at
            where at.owner_kind = 'user' and at.owner_id = u.id and at.revoked_at is null
              and (at.expires_at is null or at.expires_at > now())
        ) t on true
        """
    }

    static func account(_ id: Int64, membersUpTo limit: Int64?, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.accountsRead])
        select caller.actor is not null as authenticated, a.created_at, a.updated_at,
               (select count(*) from (select from account_users m where m.account_id = a.id limit \(limit)) m) as members,
               (select count(*) from custom_roles r where r.account_id = a.id) as custom_roles,
               (select count(*) from agent_bots b where b.account_id = a.id and b.deleted_at is null) as agent_bots
        from (select 1) one
        left join caller on true
        left join accounts a on a.id = \(id) and a.deleted_at is null and caller.actor is not null
        """
    }
}
