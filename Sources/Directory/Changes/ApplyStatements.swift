// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The writes of a range, in order; each set-based, each joining the app's permissibles in the statement that writes.
enum ApplyStatements {
    /// The accounts themselves, before anything refers to them.
    static func accounts(_ range: ChangeRange, _ work: ChangeWork) -> [PostgresQuery] {
        (work.createsAccounts ? [createAccounts(range)] : []) + [updateAccounts(range)]
    }

    /// Users, their memberships, and what accounts and users have alike: suspensions and links.
    static func users(_ range: ChangeRange, _ work: ChangeWork, keyID: Int32) -> [PostgresQuery] {
        let users =
            (work.deletes ? [deleteUsers(range)] : []) + (work.hasKnownUsers ? [updateUsers(range)] : [])
            + (work.createsUsers ? [createUsers(range, keyID: keyID)] : [])
        let memberships =
            (work.hasCustomRoles ? [createCustomRoles(range), clearCustomRoles(range)] : [])
            + (work.hasLaterMemberships ? [removeMemberships(range), writeMemberships(range)] : [])
            + (work.hasFirstMemberships ? [createMemberships(range)] : [])
        let suspensions = (work.suspends ? [suspend(range)] : []) + (work.restores ? [restore(range)] : [])
        return users + memberships + suspensions + (work.movesLinks ? [moveLinks(range)] : []) + [relink(range)]
    }

    /// Made with its permissible. No join with what was made: nobody knows how many that will be, least of all the planner.
    private static func createAccounts(_ range: ChangeRange) -> PostgresQuery {
        """
        with \(accepted: range),
        created as (
            insert into accounts (id, name, locale, features) overriding system value
            select c.object_id, c.fields -> 'name' ->> 1, coalesce(c.fields -> 'locale' ->> 1, 'en'),
                   coalesce(c.fields -> 'features' -> 1, '{}'::jsonb)
            from accepted c where c.kind = 'account' and c.action = 'create'
        )
        insert into platform_app_permissibles (kind, platform_app_id, object_id, origin, rights)
        select 'account', c.app_id, c.object_id, 'created', 15 from accepted c where c.kind = 'account' and c.action = 'create'
        """
    }

    /// Every change of an account that is there moves its version, a suspension too; `link` changes only our memory.
    private static func updateAccounts(_ range: ChangeRange) -> PostgresQuery {
        """
        with \(accepted: range)
        update accounts a set
            name = case when c.fields ? 'name' then c.fields -> 'name' ->> 1 else a.name end,
            locale = case when c.fields ? 'locale' then c.fields -> 'locale' ->> 1 else a.locale end,
            row_version = a.row_version + 1,
            updated_at = now()
        from accepted c
        join account_permissibles p on p.platform_app_id = c.app_id and p.object_id = c.object_id and p.rights & 2 <> 0
        where c.kind = 'account' and c.action not in ('create', 'link') and a.id = c.object_id and a.deleted_at is null
        """
    }

    /// One statement for all, so that addresses swapped among them never collide on the way.
    private static func updateUsers(_ range: ChangeRange) -> PostgresQuery {
        """
        with \(accepted: range)
        update users u set
            name = case when c.fields ? 'name' then c.fields -> 'name' ->> 1 else u.name end,
            display_name = case when c.fields ? 'display_name' then c.fields -> 'display_name' ->> 1 else u.display_name end,
            email = case when c.fields ? 'email' then c.fields -> 'email' ->> 1 else u.email end,
            provider = case when c.fields ? 'provider' then coalesce(c.fields -> 'provider' ->> 1, 'email') else u.provider end,
            subject = case when c.fields ? 'subject' then c.fields -> 'subject' ->> 1 else u.subject end,
            password_hash = case when c.fields ? 'password' then coalesce(\(unescaped: secret), u.password_hash) else u.password_hash end,
            custom_attributes = (u.custom_attributes - attributes.removed) || attributes.written,
            row_version = u.row_version + 1,
            updated_at = now()
        from accepted c
        join user_permissibles p on p.platform_app_id = c.app_id and p.object_id = c.object_id
            and p.rights & (case when c.fields ? 'email' then 6 else 2 end) = (case when c.fields ? 'email' then 6 else 2 end)
        cross join lateral (\(unescaped: customAttributes)) attributes
        where c.kind = 'user' and c.action not in ('create', 'link', 'delete') and u.id = c.object_id and u.deleted_at is null
        """
    }

    /// Tombstones: gone for every reader, their addresses free, their tokens dead; the purge follows.
    private static func deleteUsers(_ range: ChangeRange) -> PostgresQuery {
        """
        with \(accepted: range),
        unlinked as (
            delete from links l using accepted c
            where c.kind = 'user' and c.action = 'delete' and l.source_id = \(sourceOf: range) and l.kind = 'user'
              and l.external_key = c.external_key and l.object_id = c.object_id
        )
        update users u set deleted_at = now(), updated_at = now(), row_version = u.row_version + 1
        from accepted c
        join user_permissibles p on p.platform_app_id = c.app_id and p.object_id = c.object_id and p.rights & 8 <> 0
        where c.kind = 'user' and c.action = 'delete' and u.id = c.object_id and u.deleted_at is null
        """
    }

    /// Custom roles that memberships name and that their accounts do not have yet: without permissions until somebody gives some.
    private static func createCustomRoles(_ range: ChangeRange) -> PostgresQuery {
        """
        with \(accepted: range), \(unescaped: membershipDeltas)
        insert into custom_roles (account_id, name)
        select distinct d.account_id, d.custom_role
        from delta d
        join account_permissibles ap on ap.platform_app_id = d.app_id and ap.object_id = d.account_id and ap.rights & 2 <> 0
        where d.custom_role is not null
        on conflict (account_id, name) do nothing
        """
    }

    /// Who had a custom role by the policy and has none any more.
    private static func clearCustomRoles(_ range: ChangeRange) -> PostgresQuery {
        """
        with \(accepted: range), \(unescaped: membershipDeltas)
        update account_users au set custom_role_id = null, updated_at = now()
        from delta d
        join user_permissibles up on up.platform_app_id = d.app_id and up.object_id = d.user_id and up.rights & 2 <> 0
        join account_permissibles ap on ap.platform_app_id = d.app_id and ap.object_id = d.account_id and ap.rights & 2 <> 0
        where d.had_custom_role and d.custom_role is null and au.user_id = d.user_id and au.account_id = d.account_id
        """
    }

    private static func createUsers(_ range: ChangeRange, keyID: Int32) -> PostgresQuery {
        """
        with \(accepted: range),
        created as (
            insert into users (id, provider, subject, password_hash, name, display_name, email, custom_attributes) overriding system value
            select c.object_id, coalesce(c.fields -> 'provider' ->> 1, 'email'), c.fields -> 'subject' ->> 1,
                   case when c.fields ? 'password' then \(unescaped: secret) end, c.fields -> 'name' ->> 1, c.fields -> 'display_name' ->> 1, c.fields -> 'email' ->> 1,
                   -- Most have none, and to find that out is cheaper than to take the fields apart.
                   case when c.fields - '{name,display_name,email,provider,subject,password}'::text[] = '{}' then '{}'
                   else (select attributes.written from (\(unescaped: customAttributes)) attributes) end
            from accepted c
            where c.kind = 'user' and c.action = 'create'
        ),
        minted as (
            insert into access_tokens (owner_kind, owner_id, key_id)
            select 'user', c.object_id, \(keyID) from accepted c where c.kind = 'user' and c.action = 'create'
        )
        insert into platform_app_permissibles (kind, platform_app_id, object_id, origin, rights)
        select 'user', c.app_id, c.object_id, 'created', 15 from accepted c where c.kind = 'user' and c.action = 'create'
        """
    }

    /// The hash of the password that the change sets.
    private static let secret = "(select s.password_hash from change_secrets s where s.run_id = c.run_id and s.seq = c.seq)"

    private static func removeMemberships(_ range: ChangeRange) -> PostgresQuery {
        """
        with \(accepted: range), \(unescaped: membershipDeltas)
        delete from account_users au
        using delta d
        join user_permissibles up on up.platform_app_id = d.app_id and up.object_id = d.user_id and up.rights & 2 <> 0
        join account_permissibles ap on ap.platform_app_id = d.app_id and ap.object_id = d.account_id and ap.rights & 2 <> 0
        where d.role is null and au.user_id = d.user_id and au.account_id = d.account_id
        """
    }

    /// Of users made in this very transaction: nobody else can have given them one, so there is no conflict to look for.
    private static func createMemberships(_ range: ChangeRange) -> PostgresQuery {
        """
        with \(accepted: range), \(unescaped: membershipDeltas)
        insert into account_users (account_id, user_id, role, custom_role_id)
        select d.account_id, d.user_id, d.role, \(unescaped: customRole)
        from delta d
        join user_permissibles up on up.platform_app_id = d.app_id and up.object_id = d.user_id and up.rights & 2 <> 0
        join account_permissibles ap on ap.platform_app_id = d.app_id and ap.object_id = d.account_id and ap.rights & 2 <> 0
        where d.role is not null and d.is_new
        """
    }

    private static func writeMemberships(_ range: ChangeRange) -> PostgresQuery {
        """
        with \(accepted: range), \(unescaped: membershipDeltas)
        insert into account_users as au (account_id, user_id, role, custom_role_id)
        select d.account_id, d.user_id, d.role, \(unescaped: customRole)
        from delta d
        join user_permissibles up on up.platform_app_id = d.app_id and up.object_id = d.user_id and up.rights & 2 <> 0
        join account_permissibles ap on ap.platform_app_id = d.app_id and ap.object_id = d.account_id and ap.rights & 2 <> 0
        where d.role is not null and not d.is_new
        on conflict (user_id, account_id) do update set role = excluded.role, updated_at = now(),
            custom_role_id = coalesce(excluded.custom_role_id, au.custom_role_id)
        where au.role is distinct from excluded.role
            or (excluded.custom_role_id is not null and excluded.custom_role_id is distinct from au.custom_role_id)
        """
    }

    /// Materialized: a planner that believes in few rows would take the JSON apart once for each account.
    private static let membershipDeltas = """
        delta as materialized (
            select c.app_id, c.object_id as user_id, m.key::bigint as account_id, c.action = 'create' as is_new,
                   case when strpos(m.value ->> 1, '/') > 0 then split_part(m.value ->> 1, '/', 1) else m.value ->> 1 end as role,
                   case when strpos(m.value ->> 1, '/') > 0 then substr(m.value ->> 1, strpos(m.value ->> 1, '/') + 1) end
                       as custom_role,
                   coalesce(strpos(m.value ->> 0, '/') > 0, false) as had_custom_role
            from accepted c cross join lateral jsonb_each(c.memberships) m where c.kind = 'user'
        )
        """

    /// Looked up only where there is one.
    private static let customRole = """
        case when d.custom_role is not null then (
            select r.id from custom_roles r where r.account_id = d.account_id and r.name = d.custom_role) end
        """

    private static func suspend(_ range: ChangeRange) -> PostgresQuery {
        """
        with \(accepted: range)
        insert into suspensions (subject_kind, subject_id, by_kind, by_id, reason)
        select c.kind, c.object_id, 'source', c.source_id, c.reason
        from accepted c
        join platform_app_permissibles p on p.kind = c.kind and p.platform_app_id = c.app_id and p.object_id = c.object_id
            and p.rights & 2 <> 0
        where c.suspends
        -- Known to be suspended, and for another reason from now on.
        on conflict (subject_kind, subject_id, by_kind, by_id) do update set reason = excluded.reason, since = now()
            where suspensions.reason <> excluded.reason
        """
    }

    /// Lifts the source's own suspension and nobody else's.
    private static func restore(_ range: ChangeRange) -> PostgresQuery {
        """
        with \(accepted: range)
        delete from suspensions s
        using accepted c
        join platform_app_permissibles p on p.kind = c.kind and p.platform_app_id = c.app_id and p.object_id = c.object_id
            and p.rights & 2 <> 0
        where not c.suspends and s.subject_kind = c.kind and s.subject_id = c.object_id
          and s.by_kind = 'source' and s.by_id = c.source_id
        """
    }

    /// The link of an entry that was made anew under another id goes over to it, with what it remembers.
    private static func moveLinks(_ range: ChangeRange) -> PostgresQuery {
        """
        with \(accepted: range)
        update links l set external_key = c.external_key
        from accepted c
        join platform_app_permissibles p on p.kind = c.kind and p.platform_app_id = c.app_id and p.object_id = c.object_id
            and p.rights & 2 <> 0
        where c.fields ? 'entry' and l.source_id = \(sourceOf: range) and l.kind = c.kind and l.object_id = c.object_id
          and encode(l.external_key, 'hex') = c.fields -> 'entry' ->> 0
        """
    }

    /// Remembers what was applied: the link's `desired` grows by the fields written, its versions move to what is stored now.
    private static func relink(_ range: ChangeRange) -> PostgresQuery {
        """
        with \(accepted: range)
        insert into links as l (source_id, kind, external_key, object_id, policy, desired, entry_hash, policy_version,
                                seen_row_version, last_seen_run, precedence)
        select c.source_id, c.kind, c.external_key, c.object_id, c.policy,
               jsonb_strip_nulls(case when previous.desired is null then
                       written.fields || jsonb_build_object('memberships', written.memberships)
                   else previous.desired || written.fields || jsonb_build_object('memberships',
                       coalesce(previous.desired -> 'memberships', '{}'::jsonb) || written.memberships) end),
               c.entry_hash, c.policy_version,
               coalesce(u.row_version, a.row_version), c.run_id, c.precedence
        from accepted c
        join platform_app_permissibles p on p.kind = c.kind and p.platform_app_id = c.app_id and p.object_id = c.object_id
            and p.rights & 1 <> 0
        -- Of what was just made nothing is remembered yet.
        left join lateral (
            select desired from links
            where c.action <> 'create' and source_id = \(sourceOf: range) and kind = c.kind and external_key = c.external_key
              and object_id = c.object_id limit 1
        ) previous on true
        left join lateral (select row_version from users where c.kind = 'user' and id = c.object_id limit 1) u on true
        left join lateral (select row_version from accounts where c.kind = 'account' and id = c.object_id limit 1) a on true
        cross join lateral (
            select coalesce((select jsonb_object_agg(f.key, f.value -> 1) from jsonb_each(c.fields - 'entry') f), '{}'::jsonb) as fields,
                   coalesce((select jsonb_object_agg(m.key, m.value -> 1) from jsonb_each(c.memberships) m), '{}'::jsonb)
                       as memberships
        ) written
        where c.external_key is not null and c.action <> 'delete'
        on conflict (source_id, kind, external_key) do update set
            object_id = excluded.object_id, policy = excluded.policy, desired = excluded.desired, entry_hash = excluded.entry_hash,
            policy_version = excluded.policy_version, seen_row_version = excluded.seen_row_version,
            last_seen_run = excluded.last_seen_run, precedence = excluded.precedence
        """
    }

    /// The custom attributes in `c.fields`, whose keys are `custom_attributes.NAME`: a null after is a removal.
    private static let customAttributes = """
        select coalesce(jsonb_object_agg(substr(f.key, 19), f.value -> 1) filter (where f.value -> 1 <> 'null'), '{}'::jsonb) as written,
               coalesce(array_agg(substr(f.key, 19)) filter (where f.value -> 1 = 'null'), '{}') as removed
        from jsonb_each(c.fields) f where f.key like 'custom\\_attributes.%'
        """
}
