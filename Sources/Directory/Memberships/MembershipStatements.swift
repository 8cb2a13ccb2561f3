// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of memberships. Each statement resolves the caller and joins its permissibles itself, on the account and on the user.
enum MembershipStatements {
    /// The columns of a membership's body; in scope is the row as `m`.
    static let columns = """
        m.id, m.account_id, m.user_id, m.role, m.inviter_id, m.created_at, m.updated_at, m.active_at, m.availability, \
        m.auto_offline, m.custom_role_id, m.agent_capacity_policy_id
        """

    /// The members of the account that are live users, by membership id; one row with a null id when there is none.
    ///
    /// - Parameters:
    ///   - page: nil for all of them.
    ///   - only: the one membership that is wanted.
    static func list(accountID: Int64, _ page: PageRequest?, only: Int64? = nil, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.accountUsersRead]), \(permit: .account, accountID)
        select caller.app_id is not null as authenticated, permit.rights, a.id is not null as account_exists,
               \(unescaped: columns)
        from (select 1) one
        left join caller on true
        left join permit on true
        left join accounts a on a.id = \(accountID) and a.deleted_at is null and permit.rights & 1 <> 0
        left join lateral (
            select x.* from account_users x join users u on u.id = x.user_id and u.deleted_at is null
            where x.account_id = a.id and \(of: page, "x.id") and x.id = coalesce(\(only), x.id)
            order by x.id limit \(page?.fetched)
        ) m on true
        order by m.id
        """
    }

    /// What the caller may do with the account and the user, and whether they are there: the checks without the work.
    static func check(accountID: Int64, userID: Int64, caller: Caller, needs scope: Scope) -> PostgresQuery {
        """
        with \(permitsOn: accountID, userID, caller: caller, needs: scope)
        select \(unescaped: checks)
        \(verdictOn: accountID, userID)
        """
    }

    /// Inserts the membership or changes it; the user's version moves only when something changed.
    static func upsert(accountID: Int64, userID: Int64, _ draft: MembershipDraft, caller: Caller) -> PostgresQuery {
        let setsCustomRole = draft.customRoleID != nil
        let (role, availability) = (draft.role?.rawValue, draft.availability?.rawValue)
        return """
            with \(permitsOn: accountID, userID, caller: caller, needs: .accountUsersWrite),
            \(writablePair: accountID, userID),
            before as (
                select m.* from account_users m join target on m.user_id = target.user_id and m.account_id = target.account_id
            ),
            upserted as (
                insert into account_users as m (account_id, user_id, role, custom_role_id, availability, auto_offline)
                select account_id, user_id, coalesce(\(role), 'agent'), \(draft.customRoleID ?? nil),
                       coalesce(\(availability), 'online'), coalesce(\(draft.autoOffline), true)
                from target
                on conflict (user_id, account_id) do update set
                    role = coalesce(\(role), m.role),
                    custom_role_id = case when \(setsCustomRole) then excluded.custom_role_id else m.custom_role_id end,
                    availability = coalesce(\(availability), m.availability),
                    auto_offline = coalesce(\(draft.autoOffline), m.auto_offline),
                    updated_at = now()
                where (m.role, m.custom_role_id, m.availability, m.auto_offline) is distinct from
                    (coalesce(\(role), m.role), case when \(setsCustomRole) then excluded.custom_role_id else m.custom_role_id end,
                     coalesce(\(availability), m.availability), coalesce(\(draft.autoOffline), m.auto_offline))
                returning m.*
            ),
            bumped as (
                update users u set row_version = u.row_version + 1, updated_at = now() from upserted where u.id = upserted.user_id
            ),
            \(
                audit: "membership.write", of: .user, "upserted", caller: caller, subject: "user_id",
                before: "(select \(audited("before")) from before)", after: audited("upserted")),
            stored as (
                select * from upserted
                union all
                select m.* from account_users m join target on m.user_id = target.user_id and m.account_id = target.account_id
                where not exists (select from upserted)
            )
            select \(unescaped: checks), \(unescaped: columns)
            \(verdictOn: accountID, userID)
            left join stored m on true
            """
    }

    /// Removes the membership; nothing happens when there is none.
    static func delete(accountID: Int64, userID: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(permitsOn: accountID, userID, caller: caller, needs: .accountUsersDelete),
        \(writablePair: accountID, userID),
        removed as (
            delete from account_users m using target
            where m.user_id = target.user_id and m.account_id = target.account_id
            returning m.*
        ),
        bumped as (
            update users u set row_version = u.row_version + 1, updated_at = now() from removed where u.id = removed.user_id
        ),
        \(audit: "membership.delete", of: .user, "removed", caller: caller, subject: "user_id", before: audited("removed"))
        select \(unescaped: checks)
        \(verdictOn: accountID, userID)
        """
    }

    static let checks = """
        caller.app_id is not null as authenticated, permit.rights, user_permit.rights as user_rights, \
        a.id is not null as account_exists, u.id is not null as user_exists
        """

    private static func audited(_ relation: String) -> String {
        "jsonb_build_object('account_id', \(relation).account_id, 'role', \(relation).role, "
            + "'custom_role_id', \(relation).custom_role_id, 'availability', \(relation).availability, "
            + "'auto_offline', \(relation).auto_offline)"
    }
}

extension PostgresQuery.StringInterpolation {
    /// The CTEs `caller`, `permit` (on the account) and `user_permit`.
    mutating func appendInterpolation(permitsOn accountID: Int64, _ userID: Int64, caller: Caller, needs scope: Scope) {
        appendInterpolation(caller: caller, needs: [scope])
        appendLiteral(", ")
        appendInterpolation(permit: .account, accountID)
        appendLiteral(", ")
        appendInterpolation(permit: .user, userID, named: "user_permit")
    }

    /// The CTE `target`: account and user, both alive and both the caller's to write, the user locked; no row otherwise.
    mutating func appendInterpolation(writablePair accountID: Int64, _ userID: Int64) {
        appendLiteral("target as (select a.id as account_id, u.id as user_id from accounts a join users u on u.id = ")
        appendInterpolation(userID)
        appendLiteral(" and u.deleted_at is null join permit on permit.rights & 2 <> 0 ")
        appendLiteral("join user_permit on user_permit.rights & 2 <> 0 where a.id = ")
        appendInterpolation(accountID)
        appendLiteral(" and a.deleted_at is null for update of u)")
    }

    /// The one row that `checks` are selected from, whatever the caller may see.
    mutating func appendInterpolation(verdictOn accountID: Int64, _ userID: Int64) {
        appendLiteral("from (select 1) one left join caller on true left join permit on true left join user_permit on true ")
        appendLiteral("left join accounts a on a.id = ")
        appendInterpolation(accountID)
        appendLiteral(" and a.deleted_at is null left join users u on u.id = ")
        appendInterpolation(userID)
        appendLiteral(" and u.deleted_at is null")
    }
}
