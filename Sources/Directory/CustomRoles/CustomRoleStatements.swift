// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of custom roles. Each statement resolves the caller and joins its permissibles itself, on the account.
enum CustomRoleStatements {
    /// The columns of a role's body; in scope is the row as `r`.
    private static let columns = "r.id, r.account_id, r.name, r.description, r.permissions, r.created_at, r.updated_at"

    private static let checks = "caller.app_id is not null as authenticated, permit.rights, a.id is not null as account_exists"

    /// The account's roles, by id; one row with a null id when there is none.
    static func list(accountID: Int64, _ page: PageRequest?, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.customRolesRead]), \(permit: .account, accountID)
        select \(unescaped: checks), \(unescaped: columns)
        \(verdictOnAccount: accountID)
        left join lateral (
            select x.* from custom_roles x where x.account_id = a.id and permit.rights & 1 <> 0 and \(of: page, "x.id")
            order by x.id limit \(page?.fetched)
        ) r on true
        order by r.id
        """
    }

    static func show(_ id: Int64, accountID: Int64, caller: Caller, needs scope: Scope) -> PostgresQuery {
        """
        with \(caller: caller, needs: [scope]), \(permit: .account, accountID)
        select \(unescaped: checks), \(unescaped: columns)
        \(verdictOnAccount: accountID)
        left join custom_roles r on r.account_id = a.id and r.id = \(id) and permit.rights & 1 <> 0
        """
    }

    static func create(accountID: Int64, _ draft: CustomRoleDraft, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.customRolesWrite]), \(permit: .account, accountID),
        created as (
            insert into custom_roles (account_id, name, description, permissions)
            select a.id, \(draft.name), \(draft.description ?? nil), coalesce(\(draft.permissions), '{}')
            from accounts a join permit on permit.rights & 2 <> 0 where a.id = \(accountID) and a.deleted_at is null
            returning *
        ),
        \(audit: "custom_role.create", of: .account, "created", caller: caller, subject: "account_id", after: audited("created"))
        select \(unescaped: checks), \(unescaped: columns)
        \(verdictOnAccount: accountID)
        left join created r on true
        """
    }

    /// Changes the fields given. What is so already is no write.
    static func update(_ id: Int64, accountID: Int64, _ draft: CustomRoleDraft, caller: Caller) -> PostgresQuery {
        let setsDescription = draft.description != nil
        return """
            with \(caller: caller, needs: [.customRolesWrite]), \(permit: .account, accountID),
            target as (
                select x.* from custom_roles x
                join accounts a on a.id = x.account_id and a.deleted_at is null
                join permit on permit.rights & 2 <> 0
                where x.id = \(id) and x.account_id = \(accountID)
                for update of x
            ),
            updated as (
                update custom_roles x set
                    name = coalesce(\(draft.name), t.name),
                    description = case when \(setsDescription) then \(draft.description ?? nil) else t.description end,
                    permissions = coalesce(\(draft.permissions), t.permissions), updated_at = now()
                from target t
                where x.id = t.id and (t.name, t.description, t.permissions) is distinct from
                    (coalesce(\(draft.name), t.name),
                     case when \(setsDescription) then \(draft.description ?? nil) else t.description end,
                     coalesce(\(draft.permissions), t.permissions))
                returning x.*
            ),
            \(
                audit: "custom_role.update", of: .account, "updated", caller: caller, subject: "account_id",
                before: "(select \(audited("target")) from target)", after: audited("updated")),
            body as (
                select * from updated
                union all
                select * from target where not exists (select from updated)
            )
            select \(unescaped: checks), \(unescaped: columns)
            \(verdictOnAccount: accountID)
            left join body r on true
            """
    }

    /// Deletes a role; its members keep their role `agent` or `administrator`, and their users' versions move.
    static func delete(_ id: Int64, accountID: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.customRolesDelete]), \(permit: .account, accountID),
        removed as (
            delete from custom_roles x using accounts a, permit
            where permit.rights & 2 <> 0 and x.id = \(id) and x.account_id = \(accountID)
              and a.id = x.account_id and a.deleted_at is null
            returning x.*
        ),
        bumped as (
            update users u set row_version = u.row_version + 1, updated_at = now()
            from account_users m, removed
            where m.account_id = removed.account_id and m.custom_role_id = removed.id and u.id = m.user_id
        ),
        \(audit: "custom_role.delete", of: .account, "removed", caller: caller, subject: "account_id", before: audited("removed"))
        select \(unescaped: checks), \(unescaped: columns)
        \(verdictOnAccount: accountID)
        left join removed r on true
        """
    }

    private static func audited(_ relation: String) -> String {
        "jsonb_build_object('custom_role_id', \(relation).id, 'name', \(relation).name, "
            + "'description', \(relation).description, 'permissions', \(relation).permissions)"
    }
}

extension PostgresQuery.StringInterpolation {
    /// The one row that `checks` are selected from, whatever the caller may see.
    fileprivate mutating func appendInterpolation(verdictOnAccount id: Int64) {
        appendLiteral("from (select 1) one left join caller on true left join permit on true left join accounts a on a.id = ")
        appendInterpolation(id)
        appendLiteral(" and a.deleted_at is null")
    }
}
