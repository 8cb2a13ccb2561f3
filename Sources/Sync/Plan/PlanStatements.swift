// SPDX-License-Identifier: Apache-2.0

import Directory
import Policy
import Postgres

/// From situations to changes: the set-based difference between what the source wants and what is stored.
enum PlanStatements {
    /// Accounts of the policy that are new, renamed, were suspended by us, or whose link is out of date.
    static func accounts(_ c: PlanContext) -> PostgresQuery {
        """
        insert into changes (run_id, seq, planned_at, kind, action, object_id, expected_version, external_key,
                             fields, suspends, reason, entry_hash)
        select \(c.run), row_number() over (order by x.account_id), now(), 'account', x.action, x.account_id, x.row_version,
               x.external_key, x.fields, case when x.suspended then false end,
               case x.action when 'create' then 'a new account of the policy'
                   when 'restore' then case when \(unescaped: isFound("x.external_key")) then 'back in the export' else 'its rule is back' end
                   when 'link' then 'nothing but our memory of it' else 'its rule changed' end,
               x.hash
        from (
            select s.account_id, a.row_version, k.external_key, f.fields, sp.subject_id is not null as suspended, h.hash,
                   case when s.is_new then 'create' when sp.subject_id is not null then 'restore'
                        when f.fields <> '{}' then 'update' else 'link' end as action,
                   l.entry_hash = h.hash and l.seen_row_version = a.row_version and l.policy = \(c.policy.name) as fresh
            from \(unescaped: c.area.accounts) s
            cross join lateral (select s.external_key) k
            cross join lateral (select sha256(convert_to(s.name || E'\\n' || coalesce(s.locale, ''), 'UTF8')) as hash) h
            left join accounts a on a.id = s.account_id
            left join links l on l.source_id = \(c.source) and l.kind = 'account' and l.external_key = s.former_key
            left join suspensions sp on sp.subject_kind = 'account' and sp.subject_id = s.account_id
                and sp.by_kind = 'source' and sp.by_id = \(c.source)
            cross join lateral (
                select coalesce(jsonb_object_agg(v.field, jsonb_build_array(v.before, v.after, v.rule)), '{}') as fields
                from (values ('name', to_jsonb(a.name), to_jsonb(s.name), 'accounts.name'),
                             ('locale', to_jsonb(a.locale), to_jsonb(s.locale), 'accounts.locale'),
                             ('absent', l.desired -> 'absent', case when s.absent <> 'suspend' or l.desired ? 'absent' then to_jsonb(s.absent) end,
                              'accounts.absent'),
                             ('entry', case when s.former_key <> s.external_key then to_jsonb(encode(s.former_key, 'hex')) end,
                              case when s.former_key <> s.external_key then to_jsonb(encode(s.external_key, 'hex')) end, 'accounts.each'),
                             ('features', null, case when s.is_new then \(AccountVocabulary.defaultFeatures.text)::jsonb end, 'defaults')) v(field, before, after, rule)
                where v.after is not null and v.before is distinct from v.after and (s.is_new or not \(c.addsOnly))
            ) f
        ) x
        where x.action <> 'link' or x.fresh is not true
        """
    }

    /// Whether an account is one for each group, unit or value, by the key of its link; the others are the policy's own.
    fileprivate static func isFound(_ key: String) -> String { "convert_from(\(key), 'UTF8') ~ '^account:[^:=]*[:=]'" }

    /// Accounts whose rule vanished from the policy: suspended, never deleted.
    ///
    /// An account for each group, unit or value is gone with what it is for, which needs proof.
    static func absentAccounts(_ c: PlanContext, _ absence: Absence) -> PostgresQuery {
        """
        insert into changes (run_id, seq, planned_at, kind, action, object_id, expected_version, external_key, suspends, reason)
        select \(c.run), \(planned: c) + row_number() over (order by a.id), now(), 'account', 'suspend', a.id, a.row_version,
               l.external_key, true,
               case when \(unescaped: isFound("l.external_key")) then 'nothing in the export leads to it any more'
                   else 'its rule is gone from the policy' end
        from links l
        join accounts a on a.id = l.object_id and a.deleted_at is null
        join account_permissibles p on p.platform_app_id = \(c.platformApp) and p.object_id = a.id and p.rights & 2 <> 0
        left join \(unescaped: c.area.accounts) s on s.account_id = a.id
        left join suspensions sp on sp.subject_kind = 'account' and sp.subject_id = a.id
            and sp.by_kind = 'source' and sp.by_id = \(c.source)
        where l.source_id = \(c.source) and l.policy = \(c.policy.name) and l.kind = 'account' and s.account_id is null and sp.subject_id is null
          and l.desired ->> 'absent' is distinct from 'keep'
          and (\(absence == .proven) or not \(unescaped: isFound("l.external_key")))
        """
    }

    /// People who vanished from the export: suspended, and restored when they return.
    static func absentUsers(_ c: PlanContext) -> PostgresQuery {
        """
        insert into changes (run_id, seq, planned_at, kind, action, object_id, expected_version, external_key, suspends, reason)
        select \(c.run), \(planned: c) + row_number() over (order by a.id), now(), 'user', 'suspend', a.id, a.row_version,
               a.external_key, true, \(RunReason.absent)
        from \(unescaped: c.area.absent) a
        join user_permissibles p on p.platform_app_id = \(c.platformApp) and p.object_id = a.id and p.rights & 2 <> 0
        """
    }

    /// People who have been absent for longer than the policy's grace; only a read that is attested is proof enough.
    static func overdueUsers(_ c: PlanContext, after grace: Duration) -> PostgresQuery {
        """
        insert into changes (run_id, seq, planned_at, kind, action, object_id, expected_version, external_key, reason)
        with \(gone: c)
        select \(c.run), \(planned: c) + row_number() over (order by u.id), now(), 'user', 'delete', u.id, u.row_version,
               g.external_key, 'absent for longer than the policy waits'
        from gone g
        join users u on u.id = g.object_id and u.deleted_at is null
        join user_permissibles p on p.platform_app_id = \(c.platformApp) and p.object_id = u.id and p.rights & 8 <> 0
        join suspensions sp on sp.subject_kind = 'user' and sp.subject_id = u.id and sp.by_kind = 'source' and sp.by_id = \(c.source)
            and sp.reason = \(RunReason.absent) and sp.since < now() - make_interval(secs => \(Double(grace.components.seconds)))
        where (select proof from runs where id = \(c.run)) = 'attested'
        """
    }

    /// How many people of the policy would be suspended for their absence; without a plan.
    static func absentUserCount(_ c: PlanContext) -> PostgresQuery {
        "select count(*) as n from \(unescaped: c.area.absent)"
    }

    /// How many people keep memberships or roles that only an unproven absence would take from them; without a plan.
    static func keptMemberCount(_ c: PlanContext) -> PostgresQuery {
        """
        select count(*) as n from \(unescaped: c.area.pending) p join users u on u.id = p.object_id
        \(memberships: c, .unproven)
        where p.situation in ('linked', 'unlinked') and m.kept
        """
    }

    /// People who have a user: those of whom something differs. Whose address moves comes first: all of those must stand in the
    /// first chunk together. Who keeps a membership for want of proof is looked at again by the next run, whatever it reads.
    static func knownUsers(_ c: PlanContext, _ absence: Absence) -> PostgresQuery {
        """
        insert into changes (run_id, seq, planned_at, kind, action, object_id, expected_version, external_key,
                             fields, memberships, suspends, reason, entry_hash)
        select \(c.run),
               \(planned: c) + row_number() over (order by x.fields ? 'email' desc, x.external_key),
               now(), 'user', x.action, x.object_id, x.row_version, x.external_key, x.fields, x.memberships, x.suspends,
               case
               when x.suspends then 'disabled in the export'
               when not x.suspends then 'back or enabled in the export'
               else case x.action
                   when 'adopt' then case when x.code = 'decided' then \(RunReason.decided)
                       when x.fields ? 'entry' then 'its entry was made anew' else 'matched by e-mail' end
                   when 'link' then 'nothing but our memory of it'
                   else 'changed in the export' end
               end,
               case when not x.kept then x.hash end
        from (
            select p.external_key, p.code, p.hash, p.object_id, u.row_version, f.fields, m.memberships, m.kept, sp.suspends,
                   case when p.situation = 'unlinked' then 'adopt'
                        when sp.suspends then 'suspend' when not sp.suspends then 'restore'
                        when f.fields <> '{}' or m.memberships <> '{}' then 'update' else 'link' end as action
            from \(unescaped: c.area.pending) p
            join users u on u.id = p.object_id
            \(fields: c)
            \(memberships: c, absence)
            cross join lateral (
                select case when (p.desired ->> 'enabled')::boolean then case when count(*) > 0 then false end
                            when not \(c.addsOnly) and count(*) filter (
                                where s.reason <> \(RunReason.absent) or \(c.policy.people.deleteAfter == nil)
                            ) = 0 then true end as suspends
                from suspensions s where s.subject_kind = 'user' and s.subject_id = p.object_id
                    and s.by_kind = 'source' and s.by_id = \(c.source)
            ) sp
            where p.situation in ('linked', 'unlinked')
        ) x
        where not (x.kept and x.action = 'link')
        """
    }

    /// People who have no user yet: everything that the policy says of them.
    ///
    /// Of two groups that give a role in one account the last one stands: the one of higher precedence.
    static func newUsers(_ c: PlanContext) -> PostgresQuery {
        """
        insert into changes (run_id, seq, planned_at, kind, action, object_id, external_key,
                             fields, memberships, suspends, reason, entry_hash)
        select \(c.run), \(planned: c) + row_number() over (order by x.external_key),
               now(), 'user', 'create', nextval('users_id_seq'), x.external_key, x.fields, x.memberships, x.suspends,
               case when x.suspends then 'disabled in the export' else 'new in the export' end, x.hash
        from (
            select p.external_key, p.hash, case when not (p.desired ->> 'enabled')::boolean then true end as suspends,
                jsonb_build_object(
                    'email', jsonb_build_array(null, p.desired -> 'email', 'people.email'),
                    'name', jsonb_build_array(null, p.desired -> 'name', 'people.name'))
                || case when p.desired ? 'display_name' then jsonb_build_object(
                    'display_name', jsonb_build_array(null, p.desired -> 'display_name', 'people.display_name')) else '{}' end
                || coalesce((
                    select jsonb_object_agg('custom_attributes.' || k.key,
                                            jsonb_build_array(null, k.value, 'people.custom_attributes.' || k.key))
                    from jsonb_each(p.desired -> 'custom_attributes') k), '{}')
                || coalesce((
                    select jsonb_object_agg(k.key, jsonb_build_array(null, k.value, 'people.authentication.' || k.key))
                    from jsonb_each(p.desired -> 'authentication') k), '{}')
                || case when p.desired ? 'password' then jsonb_build_object(
                    'password', jsonb_build_array(null, p.desired -> 'password', 'people.authentication.password')) else '{}' end
                    as fields,
                coalesce((
                    select jsonb_object_agg(w.account_id::text, w.given order by w.precedence, w.grp desc)
                    from unnest(p.groups) g(name) join \(unescaped: c.area.reach) w on w.grp = g.name), '{}') as memberships
            from \(unescaped: c.area.pending) p
            where p.situation = 'unmatched'
        ) x
        """
    }

    /// Counts for guards and reports, and the sizes that the change engine needs.
    static func summary(_ c: PlanContext) -> PostgresQuery {
        summary(
            run: c.run, source: c.source, policy: c.policy.name,
            disputed: "(select count(*) from \(c.area.pending) where situation = 'disputed')")
    }

    /// The same of a plan that no export made.
    ///
    /// - Parameter disputed: an SQL expression; never data.
    static func summary(run: Int64, source: Int64, policy: String, disputed: String) -> PostgresQuery {
        """
        select count(*) filter (where action = 'create') as created,
               count(*) filter (where action = 'update') as updated,
               count(*) filter (where action = 'adopt') as adopted,
               count(*) filter (where action = 'suspend') as suspended,
               count(*) filter (where action = 'restore') as restored,
               count(*) filter (where action = 'link') as linked,
               count(*) filter (where kind = 'user' and suspends and action <> 'create') as users_suspended,
               count(*) filter (where kind = 'account' and suspends) as accounts_suspended,
               count(*) filter (where kind = 'user' and action <> 'create' and fields ? 'email'
                   and fields -> 'email' -> 0 <> fields -> 'email' -> 1) as email_changes,
               count(*) filter (where kind = 'user' and action = 'create') as users_created,
               count(*) filter (where action = 'delete') as deleted,
               coalesce(sum(m.removed), 0)::bigint as memberships_removed, coalesce(sum(m.administrators), 0)::bigint as administrators,
               coalesce(sum(m.moved), 0)::bigint as memberships_moved,
               coalesce(sum(m.lost), 0)::bigint + count(*) filter (where kind = 'user' and action <> 'create' and (suspends or action = 'delete'))
                   as administrators_lost,
               count(*) as total,
               coalesce(max(seq) filter (where kind = 'account' or (action <> 'create' and fields ? 'email')), 0)::integer as first_chunk_end,
               -- Looked at by guards only, which have nothing to look at in an empty plan.
               case when count(*) = 0 then 0 else (
                   -- All, less the few who are gone or suspended already: without a look at every user.
                   select (select count(*) from links where source_id = \(source) and policy = \(policy) and kind = 'user')
                       - count(*)
                   from (
                       select subject_id as id from suspensions
                       where subject_kind = 'user' and by_kind = 'source' and by_id = \(source)
                       union
                       select id from users where deleted_at is not null
                   ) x
                   join links l on l.object_id = x.id and l.kind = 'user' and l.source_id = \(source) and l.policy = \(policy)
               ) end as people_before,
               \(unescaped: disputed) as disputed
        from changes
        cross join lateral (
            select count(*) filter (where m.value ->> 1 is null and m.value ->> 0 is not null) as removed,
                   count(*) filter (where m.value ->> 1 = 'administrator' and m.value ->> 0 is distinct from 'administrator') as administrators,
                   count(*) filter (where m.value ->> 0 = 'administrator' and m.value ->> 1 is distinct from 'administrator') as lost,
                   count(*) filter (where m.value ->> 0 is distinct from m.value ->> 1) as moved
            from jsonb_each(memberships) m
        ) m
        where run_id = \(run) and planned_at = now()
        """
    }
}

extension PostgresQuery.StringInterpolation {
    /// `{field: [before, after, rule]}`. A first link records every field that the policy sets, later ones those that differ; a field
    /// that somebody took over is left to them. Some are set when a user is made and left alone from then on, and a run that only
    /// adds fills what is empty.
    fileprivate mutating func appendInterpolation(fields c: PlanContext) {
        appendLiteral(
            """
            cross join lateral (
                select coalesce(jsonb_object_agg(v.field, jsonb_build_array(v.before, v.after, v.rule)), '{}') as fields
                from (
                    select 'email' as field, to_jsonb(u.email) as before, p.desired -> 'email' as after, 'people.email' as rule
                    union all
                    select 'name', to_jsonb(u.name), p.desired -> 'name', 'people.name'
                    union all
                    select 'display_name', to_jsonb(u.display_name), p.desired -> 'display_name', 'people.display_name'
                    where p.desired ? 'display_name'
                    union all
                    select 'custom_attributes.' || k.key, u.custom_attributes -> k.key, k.value, 'people.custom_attributes.' || k.key
                    from jsonb_each(p.desired -> 'custom_attributes') k
                    union all
                    select k.key, u.custom_attributes -> substr(k.key, 19), 'null'::jsonb, 'gone from the policy'
                    from jsonb_object_keys(p.link_desired) k(key)
                    where k.key like 'custom\\_attributes.%' and not coalesce(p.desired -> 'custom_attributes' ? substr(k.key, 19), false)
                    union all
                    select k.key, case k.key when 'provider' then to_jsonb(u.provider) else to_jsonb(u.subject) end, k.value,
                           'people.authentication.' || k.key
                    from jsonb_each(p.desired -> 'authentication') k
                    union all
                    -- Of a password nobody sees more than a mark, and only another mark at the source is another password.
                    select 'password', p.link_desired -> 'password', p.desired -> 'password', 'people.authentication.password'
                    where p.desired ? 'password' and p.link_desired -> 'password' is distinct from p.desired -> 'password'
                    union all
                    select 'entry', to_jsonb(encode(p.former_key, 'hex')), to_jsonb(encode(p.external_key, 'hex')), 'people.match'
                    where p.former_key is not null
                ) v
                where (p.situation <> 'linked' or coalesce(v.before, 'null') <> coalesce(v.after, 'null'))
                  and not coalesce(u.field_owners ? v.field, false)
                  and v.field <> all (
            """)
        appendInterpolation(c.policy.people.onlyOnCreation)
        appendLiteral(") and (v.field = 'entry' or coalesce(v.before, 'null') = 'null' or not ")
        appendInterpolation(c.addsOnly)
        // What another source of the user sets with no lower precedence is its own.
        appendLiteral(
            """
            ) and not exists (
                    select from links ol
                    where ol.kind = 'user' and ol.object_id = p.object_id and ol.source_id <> 
            """)
        appendInterpolation(c.source)
        appendLiteral(
            " and ol.desired ? v.field and coalesce((ol.precedence ->> v.field)::int, (ol.precedence ->> '')::int, 0) >= coalesce(("
        )
        appendInterpolation(c.policy.precedences)
        appendLiteral("::jsonb ->> v.field)::int, (")
        appendInterpolation(c.policy.precedences)
        appendLiteral("::jsonb ->> '')::int, 0))) f")
    }

    /// `{account_id: [role before, role after, rule]}`: what the groups give, against what is stored and what we gave before.
    /// A membership that we never gave is left alone, and `kept` says that one is which only an unproven absence would take:
    /// that of a group, or of its list of members. What a person's own entry says of him needs no other proof.
    fileprivate mutating func appendInterpolation(memberships c: PlanContext, _ absence: Absence) {
        appendLiteral(
            """
            cross join lateral (
                select coalesce(jsonb_object_agg(v.account_id::text, jsonb_build_array(now.role, v.role, v.rule)) filter (where not v.kept),
                                '{}') as memberships,
                       coalesce(bool_or(v.kept and au.role is not null), false) as kept
                from (
                    select coalesce(w.account_id, had.id) as account_id, w.role, coalesce(w.grp, 'no group gives it') as rule,
                           had.id is not null as given, \(absence == .proven ? "false" : Self.isKept(c)) as kept
                    from (
                        select distinct on (x.account_id) x.account_id, x.role, x.grp, x.precedence
                        from unnest(p.groups) grp(name) join \(c.area.reach) x on x.grp = grp.name
                        order by x.account_id, x.precedence desc, x.grp
                    ) w
                    full join (
                        select key::bigint as id from jsonb_object_keys(p.link_desired -> 'memberships') key
                    ) had on had.id = w.account_id
                ) v
                left join account_users au on au.user_id = p.object_id and au.account_id = v.account_id
                -- A custom role that somebody gave by hand is nobody's business where the policy gives none.
                cross join lateral (
                    select case when v.role like '%/%' or p.link_desired -> 'memberships' ->> v.account_id::text like '%/%'
                        then au.role || coalesce('/' || (select r.name from custom_roles r where r.id = au.custom_role_id), '')
                        else au.role end as role
                ) now
                where case when v.role is not null then not v.given or now.role is distinct from v.role
                           else not exists (select from \(c.area.accounts) s where s.account_id = v.account_id and s.keeps_members)
                               and exists (
                                   select from accounts ga join account_permissibles gp on gp.object_id = ga.id and gp.rights & 2 <> 0
                                   where ga.id = v.account_id and ga.deleted_at is null and gp.platform_app_id = 
            """)
        appendInterpolation(c.platformApp)
        appendLiteral(
            """
            ) end
                  and (au.role is null or not 
            """)
        appendInterpolation(c.addsOnly)
        appendLiteral(
            """
            )
            ) m
            """)
    }

    /// Whether what was given may be so still, for all that an unproven read says: the role in the account `w` was a higher one that
    /// a group gave; or groups give memberships of the account `had`, or did before the export lost sight of it.
    private static func isKept(_ c: PlanContext) -> String {
        """
        case when w.role is not null then
            w.role is distinct from p.link_desired -> 'memberships' ->> w.account_id::text and exists (
                select from \(c.area.reach) k where k.account_id = w.account_id and k.precedence > w.precedence and k.grp not like '*%'
                    and k.role = p.link_desired -> 'memberships' ->> w.account_id::text)
        else
            exists (select from \(c.area.reach) k where k.account_id = had.id and k.grp not like '*%')
            or not exists (select from \(c.area.reach) k where k.account_id = had.id) and exists (
                select from links k where k.source_id = \(c.source) and k.kind = 'account' and k.object_id = had.id
                    and \(PlanStatements.isFound("k.external_key")))
        end
        """
    }

    /// How many changes the run has so far, all planned in this transaction.
    mutating func appendInterpolation(planned c: PlanContext) {
        appendLiteral("(select count(*) from changes where run_id = ")
        appendInterpolation(c.run)
        appendLiteral(" and planned_at = now())")
    }
}
