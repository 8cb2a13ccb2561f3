// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of what only operators do to suspensions: see whose they are, and lift anybody's.
///
/// An app lifts its own alone. Whoever runs the installation must get a person back to work though an app or a source is in
/// the way; so it may, by an act of its own that names whose suspension it lifts, and the audit trail tells both.
enum OperatorSuspensionStatements {
    /// What stands on a user or an account.
    static func standing(_ kind: ObjectKind, _ id: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [kind == .account ? .accountsRead : .usersRead])
        select caller.actor is not null as authenticated, s.reason, s.since,
               \(unescaped: ActorStatements.columns(kind: "s.by_kind", id: "s.by_id"))
        from (select 1) one left join caller on true
        left join suspensions s on caller.actor is not null and s.subject_kind = '\(unescaped: kind.rawValue)'
            and s.subject_id = \(id)
        order by s.since, s.by_kind, s.by_id
        """
    }

    static func lift(user id: Int64, _ author: SuspensionAuthor, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.usersWrite]),
        target as (
            select x.id from caller join users x on x.id = \(id) and x.deleted_at is null for update of x
        ),
        lifted as (
            delete from suspensions s using target
            where s.subject_kind = 'user' and s.subject_id = target.id
              and s.by_kind = \(author.kind)::text::actor_kind and s.by_id = \(author.id)
            returning s.subject_id as id, s.by_kind, s.by_id, s.reason
        ),
        bumped as (
            update users x set row_version = x.row_version + 1, updated_at = now() from lifted where x.id = lifted.id
        ),
        \(audit: "user.lift_suspension", of: .user, "lifted", caller: caller, before: told("lifted"))
        \(unescaped: verdict("lifted"))
        """
    }

    static func lift(account id: Int64, _ author: SuspensionAuthor, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.accountsWrite]),
        target as (
            select x.id from caller join accounts x on x.id = \(id) and x.deleted_at is null for no key update of x
        ),
        lifted as (
            delete from suspensions s using target
            where s.subject_kind = 'account' and s.subject_id = target.id
              and s.by_kind = \(author.kind)::text::actor_kind and s.by_id = \(author.id)
            returning s.subject_id as id, s.by_kind, s.by_id, s.reason
        ),
        bumped as (
            update accounts x set row_version = x.row_version + 1, updated_at = now() from lifted where x.id = lifted.id
        ),
        \(audit: "account.lift_suspension", of: .account, "lifted", caller: caller, before: told("lifted"))
        \(unescaped: verdict("lifted"))
        """
    }

    static func lift(accountID: Int64, userID: Int64, _ author: SuspensionAuthor, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.accountUsersWrite]),
        target as (
            select m.id, m.user_id, m.account_id from caller
            join account_users m on m.user_id = \(userID) and m.account_id = \(accountID)
            join users x on x.id = m.user_id and x.deleted_at is null
            join accounts a on a.id = m.account_id and a.deleted_at is null
            for update of x
        ),
        lifted as (
            delete from membership_suspensions s using target
            where s.membership_id = target.id and s.by_kind = \(author.kind)::text::actor_kind and s.by_id = \(author.id)
            returning target.user_id as id, target.account_id, s.by_kind, s.by_id, s.reason
        ),
        bumped as (
            update users x set row_version = x.row_version + 1, updated_at = now() from lifted where x.id = lifted.id
        ),
        \(
            audit: "membership.lift_suspension", of: .user, "lifted", caller: caller,
            before: told("lifted") + " || jsonb_build_object('account_id', lifted.account_id)")
        \(unescaped: verdict("lifted"))
        """
    }

    /// Suspends an account; one that stands already is given the other reason.
    static func suspend(account id: Int64, reason: String?, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.accountsWrite]),
        target as (
            select x.id from caller join accounts x on x.id = \(id) and x.deleted_at is null for no key update of x
        ),
        suspended as (
            insert into suspensions as s (subject_kind, subject_id, by_kind, by_id, reason)
            select 'account', target.id, caller.actor, caller.actor_id, coalesce(\(reason), '') from target, caller
            on conflict (subject_kind, subject_id, by_kind, by_id) do update set reason = coalesce(\(reason), s.reason)
            where s.reason <> coalesce(\(reason), s.reason)
            returning s.subject_id as id, s.by_kind, s.by_id, s.reason
        ),
        bumped as (
            update accounts x set row_version = x.row_version + 1, updated_at = now() from suspended where x.id = suspended.id
        ),
        \(
            audit: "account.suspend", of: .account, "suspended", caller: caller,
            after: "jsonb_build_object('reason', suspended.reason)")
        \(unescaped: verdict("suspended"))
        """
    }

    private static func verdict(_ changed: String) -> String {
        """
        select caller.actor is not null as authenticated, exists (select from target) as found, \
        exists (select from \(changed)) as changed from (select 1) one left join caller on true
        """
    }

    /// Whose suspension it was, for the audit trail.
    private static func told(_ relation: String) -> String {
        "jsonb_build_object('by_kind', \(relation).by_kind, 'by_id', \(relation).by_id, 'reason', \(relation).reason)"
    }
}
