// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of accounts. Each statement resolves the caller and joins its permissibles itself.
enum AccountStatements {
    /// The columns of an account's body; in scope is the row as `a`.
    static let columns = """
        a.id, a.name, a.locale, a.domain, a.support_email, a.custom_attributes, a.limits, a.row_version, \
        array(select f.key from jsonb_each(a.features) f where f.value = 'true' order by f.key collate "C") as features
        """

    /// Whether anybody's suspension of the account stands.
    static let suspended = """
        exists (select from suspensions s where s.subject_kind = 'account' and s.subject_id = a.id) as suspended
        """

    /// The live accounts that the caller may read, by id; one row with a null id when there is none.
    ///
    /// - Parameter page: nil for all of them.
    static func list(_ page: PageRequest?, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.accountsRead])
        select caller.app_id is not null as authenticated, 1::smallint as rights, \(unescaped: columns), \(unescaped: suspended)
        from (select 1) one
        left join caller on true
        left join lateral (
            select o.* from \(unescaped: caller.reach(.account)) join accounts o on o.id = p.object_id and o.deleted_at is null
            where p.kind = 'account' and p.platform_app_id = caller.app_id and p.rights & 1 <> 0 and \(of: page, "p.object_id")
            order by p.object_id limit \(page?.fetched)
        ) a on true
        order by a.id
        """
    }

    /// - Parameter scopes: what the call needs that shows it.
    static func show(_ id: Int64, caller: Caller, needs scopes: [Scope] = [.accountsRead]) -> PostgresQuery {
        """
        with \(caller: caller, needs: scopes), \(permit: .account, id)
        select caller.app_id is not null as authenticated, permit.rights, \(unescaped: columns), \(unescaped: suspended)
        from (select 1) one
        left join caller on true
        left join permit on true
        left join accounts a on a.id = \(id) and a.deleted_at is null and permit.rights & 1 <> 0
        """
    }

    /// Inserts the account with its permissible, suspension and audit event.
    static func create(_ draft: AccountDraft, features: JSONText, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.accountsWrite]),
        created as (
            insert into accounts (name, locale, domain, support_email, features, limits, custom_attributes)
            select \(draft.name), coalesce(\(draft.locale), 'en'), \(draft.domain ?? nil), \(draft.supportEmail ?? nil),
                   \(features), coalesce(\(draft.limits), '{}'::jsonb), coalesce(\(draft.customAttributes), '{}'::jsonb)
            from caller
            returning accounts.*
        ),
        permitted as (
            insert into platform_app_permissibles (kind, platform_app_id, object_id, origin, rights)
            select 'account', caller.app_id, created.id, 'created', 15 from created, caller where caller.app_id <> 0
        ),
        suspended as (
            insert into suspensions (subject_kind, subject_id, by_kind, by_id, reason)
            select 'account', created.id, caller.actor, caller.actor_id, 'api' from created, caller
            where \(draft.status == .suspended)
        ),
        \(
            audit: "account.create", of: .account, "created", caller: caller,
            after: audited("created", draft.status))
        select caller.app_id is not null as authenticated, 15::smallint as rights, \(unescaped: columns),
               \(draft.status == .suspended) as suspended
        from (select 1) one
        left join caller on true
        left join created a on true
        """
    }

    /// Changes the fields given. `status` sets or lifts the app's own suspension, and nobody else's.
    /// What is so already is no write: no version, no audit event.
    static func update(_ id: Int64, _ draft: AccountDraft, features: JSONText?, caller: Caller) -> PostgresQuery {
        let setsDomain = draft.domain != nil
        let setsSupportEmail = draft.supportEmail != nil
        return """
            with \(caller: caller, needs: [.accountsWrite]), \(permit: .account, id),
            target as (
                select x.* from accounts x join permit on permit.rights & 2 <> 0
                where x.id = \(id) and x.deleted_at is null\(matching: draft.matching)
                -- Members may join meanwhile: their foreign keys do not wait for this lock.
                for no key update of x
            ),
            wanted as (
                select t.id,
                    coalesce(\(draft.name), t.name) as name,
                    coalesce(\(draft.locale), t.locale) as locale,
                    case when \(setsDomain) then \(draft.domain ?? nil) else t.domain end as domain,
                    case when \(setsSupportEmail) then \(draft.supportEmail ?? nil) else t.support_email end as support_email,
                    t.features || coalesce(\(features), '{}'::jsonb) as features,
                    coalesce(\(draft.limits), t.limits) as limits,
                    coalesce(\(draft.customAttributes), t.custom_attributes) as custom_attributes
                from target t
            ),
            suspended as (
                insert into suspensions (subject_kind, subject_id, by_kind, by_id, reason)
                select 'account', target.id, caller.actor, caller.actor_id, 'api' from target, caller
                where \(draft.status == .suspended)
                on conflict do nothing
                returning subject_id
            ),
            lifted as (
                delete from suspensions s using target, caller
                where \(draft.status == .active) and s.subject_kind = 'account' and s.subject_id = target.id
                  and s.by_kind = caller.actor and s.by_id = caller.actor_id
                returning s.subject_id
            ),
            updated as (
                update accounts x set
                    name = w.name, locale = w.locale, domain = w.domain, support_email = w.support_email, features = w.features,
                    limits = w.limits, custom_attributes = w.custom_attributes, row_version = x.row_version + 1, updated_at = now()
                from wanted w join target t on t.id = w.id
                where x.id = w.id and (
                    (w.name, w.locale, w.domain, w.support_email, w.features, w.limits, w.custom_attributes)
                        is distinct from (t.name, t.locale, t.domain, t.support_email, t.features, t.limits, t.custom_attributes)
                    or exists (select from suspended) or exists (select from lifted)
                )
                returning x.*
            ),
            body as (
                select * from updated
                union all
                select * from target where not exists (select from updated)
            ),
            \(
                audit: "account.update", of: .account, "updated", caller: caller,
                before: "(select \(audited("target")) from target)", after: audited("updated", draft.status))
            select caller.app_id is not null as authenticated, permit.rights,
                   \(presence: id, in: "accounts", draft.matching)\(unescaped: columns),
                   (exists (select from suspensions s where s.subject_kind = 'account' and s.subject_id = a.id
                        and not (\(draft.status == .active) and s.by_kind = caller.actor and s.by_id = caller.actor_id))
                    or exists (select from suspended)) as suspended
            from (select 1) one
            left join caller on true
            left join permit on true
            left join body a on true
            """
    }

    /// Makes the account a tombstone; its members stay users.
    static func delete(_ id: Int64, matching: VersionMatch = .any, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.accountsDelete]), \(permit: .account, id),
        deleted as (
            update accounts x set deleted_at = now(), updated_at = now(), row_version = x.row_version + 1
            from permit where permit.rights & 8 <> 0 and x.id = \(id) and x.deleted_at is null\(matching: matching)
            returning x.id, x.name
        ),
        \(
            audit: "account.delete", of: .account, "deleted", caller: caller,
            before: "jsonb_build_object('name', deleted.name)")
        select caller.app_id is not null as authenticated, permit.rights, \(presence: id, in: "accounts", matching)deleted.id
        from (select 1) one
        left join caller on true
        left join permit on true
        left join deleted on true
        """
    }

    /// - Parameter status: what the app says of its own suspension.
    private static func audited(_ relation: String, _ status: AccountStatus? = nil) -> String {
        "jsonb_build_object('name', \(relation).name, 'locale', \(relation).locale, 'domain', \(relation).domain, "
            + "'support_email', \(relation).support_email, 'features', \(relation).features, 'limits', \(relation).limits, "
            + "'custom_attributes', \(relation).custom_attributes)"
            + (status.map { " || jsonb_build_object('status', '\($0.rawValue)')" } ?? "")
    }
}
