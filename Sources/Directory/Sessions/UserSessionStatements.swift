// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of users' sessions as Platform Apps see and end them. Each statement resolves the caller and joins its permissibles.
enum UserSessionStatements {
    /// The user's live sessions, newest first, each row with the verdict.
    static func list(_ id: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.usersRead]), \(permit: .user, id)
        select caller.app_id is not null as authenticated, permit.rights, u.id, s.id as session_id, s.created_at, s.expires_at,
               s.user_agent, s.address, s.platform_app_id, false as is_current
        from (select 1) one
        left join caller on true
        left join permit on true
        left join users u on u.id = \(id) and u.deleted_at is null and permit.rights & 1 <> 0
        left join sessions s on s.user_id = u.id and s.expires_at > now() and s.password_mark = password_mark(u.password_hash)
        order by s.id desc limit \(SessionStatements.most)
        """
    }

    /// Ends the user's sessions, or the one named.
    static func end(_ id: Int64, session: Int64?, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.usersWrite]), \(permit: .user, id),
        target as (
            select x.id from users x join permit on permit.rights & 2 <> 0 where x.id = \(id) and x.deleted_at is null
        ),
        deleted as (
            delete from sessions s using target
            where s.user_id = target.id and (\(session)::bigint is null or s.id = \(session)) returning s.user_id
        ),
        ended as (select user_id as id, count(*) as sessions from deleted group by user_id),
        \(
            audit: "user.sign_out", of: .user, "ended", caller: caller,
            after: "jsonb_build_object('sessions', ended.sessions)")
        select caller.app_id is not null as authenticated, permit.rights, target.id, coalesce(ended.sessions, 0) as sessions
        from (select 1) one
        left join caller on true
        left join permit on true
        left join target on true
        left join ended on true
        """
    }
}
