// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of suspensions. Each statement resolves the caller and joins its permissibles itself; an app sets and lifts its
/// own suspension and nobody else's. What is so already is no write: no version, no audit event.
enum SuspensionStatements {
    /// The condition that nobody suspends the user of the row `user`.
    static func isActive(_ user: StaticString) -> String {
        "not exists (select from suspensions s where s.subject_kind = 'user' and s.subject_id = \(user).id)"
    }

    static func suspend(user id: Int64, reason: String?, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.usersWrite]), \(permit: .user, id), \(writableUser: id),
        changed as (
            insert into suspensions as s (subject_kind, subject_id, by_kind, by_id, reason)
            select 'user', target.id, caller.actor, caller.actor_id, coalesce(\(reason), '') from target, caller
            on conflict (subject_kind, subject_id, by_kind, by_id) do update set reason = coalesce(\(reason), s.reason)
            where s.reason <> coalesce(\(reason), s.reason)
            returning s.subject_id, s.reason
        ),
        \(bumpedUser: "user.suspend", caller: caller)
        """
    }

    static func restore(user id: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.usersWrite]), \(permit: .user, id), \(writableUser: id),
        changed as (
            delete from suspensions s using target, caller
            where s.subject_kind = 'user' and s.subject_id = target.id and s.by_kind = caller.actor and s.by_id = caller.actor_id
            returning s.subject_id, s.reason
        ),
        \(bumpedUser: "user.restore", caller: caller)
        """
    }

    static func suspend(accountID: Int64, userID: Int64, reason: String?, caller: Caller) -> PostgresQuery {
        """
        with \(permitsOn: accountID, userID, caller: caller, needs: .accountUsersWrite), \(writablePair: accountID, userID),
        member as (
            select m.* from account_users m join target on m.user_id = target.user_id and m.account_id = target.account_id
        ),
        changed as (
            insert into membership_suspensions as s (membership_id, by_kind, by_id, reason)
            select member.id, caller.actor, caller.actor_id, coalesce(\(reason), '') from member, caller
            on conflict (membership_id, by_kind, by_id) do update set reason = coalesce(\(reason), s.reason)
            where s.reason <> coalesce(\(reason), s.reason)
            returning s.membership_id, s.reason
        ),
        \(bumpedMember: "membership.suspend", accountID, userID, caller: caller)
        """
    }

    static func restore(accountID: Int64, userID: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(permitsOn: accountID, userID, caller: caller, needs: .accountUsersWrite), \(writablePair: accountID, userID),
        member as (
            select m.* from account_users m join target on m.user_id = target.user_id and m.account_id = target.account_id
        ),
        changed as (
            delete from membership_suspensions s using member, caller
            where s.membership_id = member.id and s.by_kind = caller.actor and s.by_id = caller.actor_id
            returning s.membership_id, s.reason
        ),
        \(bumpedMember: "membership.restore", accountID, userID, caller: caller)
        """
    }

    /// What stands on these users, of those that the caller may read.
    static func ofUsers(_ ids: [Int64], caller: Caller, needs scope: Scope) -> PostgresQuery {
        """
        with \(caller: caller, needs: [scope])
        select s.subject_id as id, s.by_kind::text as by_kind, s.by_id, s.reason, s.since
        from caller
        join \(unescaped: caller.reach(.user)) on p.platform_app_id = caller.app_id and p.kind = 'user'
            and p.object_id = any (\(ids)) and p.rights & 1 <> 0
        join suspensions s on s.subject_kind = 'user' and s.subject_id = p.object_id
        order by s.since, s.by_kind, s.by_id
        """
    }

    /// What stands on these memberships of an account that the caller may read.
    static func ofMemberships(_ ids: [Int64], accountID: Int64, caller: Caller, needs scope: Scope) -> PostgresQuery {
        """
        with \(caller: caller, needs: [scope]), \(permit: .account, accountID)
        select m.id, s.by_kind::text as by_kind, s.by_id, s.reason, s.since
        from permit
        join account_users m on permit.rights & 1 <> 0 and m.account_id = \(accountID) and m.id = any (\(ids))
        join membership_suspensions s on s.membership_id = m.id
        order by s.since, s.by_kind, s.by_id
        """
    }
}

extension PostgresQuery.StringInterpolation {
    /// The CTE `target`: the user, alive and the caller's to write, locked.
    fileprivate mutating func appendInterpolation(writableUser id: Int64) {
        appendLiteral("target as (select x.* from users x join permit on permit.rights & 2 <> 0 where x.id = ")
        appendInterpolation(id)
        appendLiteral(" and x.deleted_at is null for update of x)")
    }

    /// Moves the version of the user whose suspension is in `changed`, tells the audit trail, and selects the user's body.
    fileprivate mutating func appendInterpolation(bumpedUser action: StaticString, caller: Caller) {
        appendLiteral(
            """
            updated as (
                update users x set row_version = x.row_version + 1, updated_at = now() from changed where x.id = changed.subject_id
                returning x.*
            ),
            """)
        appendInterpolation(
            audit: action, of: .user, "updated", caller: caller,
            after: "(select jsonb_build_object('reason', changed.reason) from changed)")
        appendLiteral(
            """
            , body as (
                select * from updated
                union all
                select * from target where not exists (select from updated)
            )
            select caller.app_id is not null as authenticated, permit.rights, caller.reveals, \(UserRow.columns)
            from (select 1) one
            left join caller on true
            left join permit on true
            left join body u on true
            \(UserRow.joins)
            """)
    }

    /// The same for a membership; the version is its user's.
    fileprivate mutating func appendInterpolation(
        bumpedMember action: StaticString, _ accountID: Int64, _ userID: Int64, caller: Caller
    ) {
        appendLiteral(
            """
            bumped as (
                update users u set row_version = u.row_version + 1, updated_at = now() from member, changed where u.id = member.user_id
            ),
            written as (select member.* from member, changed),
            """)
        appendInterpolation(
            audit: action, of: .user, "written", caller: caller, subject: "user_id",
            after: "(select jsonb_build_object('account_id', written.account_id, 'reason', changed.reason) from changed)")
        appendLiteral(" select \(MembershipStatements.checks), \(MembershipStatements.columns) ")
        appendInterpolation(verdictOn: accountID, userID)
        appendLiteral(" left join member m on true")
    }
}
