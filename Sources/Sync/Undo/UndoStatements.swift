// SPDX-License-Identifier: Apache-2.0

import Directory
import Postgres

/// What an undo knows when it plans.
struct UndoContext: Sendable {
    /// The run that undoes.
    let run: Int64
    /// The plan that was applied and is to be reversed.
    let undone: ChangeSet
    let source: Int64
    let platformApp: Int64
    let policy: String

    /// The work area: what could be undone, part by part, with the code of why it cannot. Gone when the plan is stored.
    var parts: String { "staging.run_\(run)_undo" }
}

/// The set-based reverse of what a run did, from its journal.
enum UndoStatements {
    /// Every field, membership and suspension that the run changed, as it was, as the run left it and as it is now.
    ///
    /// A part may be undone only while it holds what the run left: neither a later run nor a call may have touched it since, even
    /// if it touched it twice, and nobody may have taken the field over. What is made is not unmade but suspended, whatever
    /// happened to its fields.
    static func parts(_ c: UndoContext) -> PostgresQuery {
        """
        create unlogged table \(unescaped: c.parts) as
        with done as materialized (
            select c.seq, c.kind, c.action, c.object_id, c.external_key, c.fields, c.memberships, c.suspends, g.applied_at
            from changes c
            join applied_ranges g on g.run_id = c.run_id and c.seq between g.first_seq and g.last_seq
            where c.run_id = \(c.undone.run) and c.planned_at = \(c.undone.plannedAt) and c.action <> 'link'
              and not exists (select from change_refusals x where x.run_id = c.run_id and x.seq = c.seq)
        ),
        parts as (
            select d.seq, 'field' as part, f.key, f.value -> 0 as wanted, f.value -> 1 as left_as
            from done d cross join lateral jsonb_each(d.fields - '{entry,absent,password}'::text[]) f
            where d.action <> 'create' and f.value -> 0 is distinct from f.value -> 1
            union all
            select d.seq, 'membership', m.key, m.value -> 0, m.value -> 1
            from done d cross join lateral jsonb_each(d.memberships) m
            where d.action <> 'create' and d.kind = 'user' and m.value -> 0 is distinct from m.value -> 1
            union all
            select d.seq, 'status', 'suspended', to_jsonb(d.action = 'create' or not d.suspends), to_jsonb(coalesce(d.suspends, false))
            from done d where d.action = 'create' or d.suspends is not null
        )
        select d.seq, d.kind, d.object_id, p.part, p.key, p.wanted, p.left_as, now.value as current, now.version,
               coalesce(now.email, now.name) as label, link.external_key, v.code,
               case when v.code = 'changed_since' then
                   case when later.run_id is not null then 'run ' || later.run_id
                   else (select case e.actor
                             when 'super_admin' then coalesce((select o.email from super_admins o where o.id = e.actor_id), 'a super admin')
                             when 'platform_app' then coalesce((select o.name from platform_apps o where o.id = e.actor_id), 'an app')
                             else e.actor::text end
                         from audit_events e where e.id = coalesce(edit.id, last_edit.id))
                   end
               end as by
        from parts p
        join done d on d.seq = p.seq
        -- One by one through the indexes, of users as of accounts.
        left join lateral (
            select u.row_version as version, u.email, u.name, u.field_owners,
                   case p.part
                   when 'field' then coalesce(case p.key when 'email' then to_jsonb(u.email) when 'name' then to_jsonb(u.name)
                       when 'display_name' then to_jsonb(u.display_name) when 'provider' then to_jsonb(u.provider) when 'subject' then to_jsonb(u.subject)
                       else u.custom_attributes -> substr(p.key, 19) end, 'null')
                   when 'membership' then coalesce((
                       select to_jsonb(case when coalesce(p.wanted #>> '{}', '') || coalesce(p.left_as #>> '{}', '') like '%/%'
                           then m.role || coalesce('/' || (select r.name from custom_roles r where r.id = m.custom_role_id), '')
                           else m.role end) from account_users m
                       where m.user_id = u.id and m.account_id = p.key::bigint), 'null')
                   else \(unescaped: isSuspended("user", c)) end as value
            from users u where d.kind = 'user' and u.id = d.object_id and u.deleted_at is null
            union all
            select a.row_version, null, a.name, null,
                   case p.part
                   when 'field' then coalesce(case p.key when 'name' then to_jsonb(a.name) when 'locale' then to_jsonb(a.locale) end, 'null')
                   else \(unescaped: isSuspended("account", c)) end
            from accounts a where d.kind = 'account' and a.id = d.object_id and a.deleted_at is null
            limit 1
        ) now on true
        left join lateral (
            select x.rights from platform_app_permissibles x
            where x.kind = d.kind and x.platform_app_id = \(c.platformApp) and x.object_id = d.object_id limit 1
        ) permit on true
        left join lateral (
            select x.rights from account_permissibles x join accounts a on a.id = x.object_id and a.deleted_at is null
            where p.part = 'membership' and x.platform_app_id = \(c.platformApp) and x.object_id = p.key::bigint limit 1
        ) seat on true
        left join lateral (
            select l.external_key from links l
            where l.source_id = \(c.source) and l.kind = d.kind and l.external_key = d.external_key and l.object_id = d.object_id
            limit 1
        ) link on true
        left join lateral (
            select n.run_id from changes n
            join applied_ranges g on g.run_id = n.run_id and n.seq between g.first_seq and g.last_seq
            where n.kind = d.kind and n.object_id = d.object_id and n.run_id > \(c.undone.run)
              and n.planned_at >= \(c.undone.plannedAt) and n.action <> 'link'
              and case p.part when 'status' then n.suspends is not null
                  when 'field' then n.fields -> p.key -> 0 is distinct from n.fields -> p.key -> 1
                  else n.memberships -> p.key -> 0 is distinct from n.memberships -> p.key -> 1 end
              and not exists (select from change_refusals x where x.run_id = n.run_id and x.seq = n.seq)
            order by n.run_id desc limit 1
        ) later on true
        left join lateral (
            select e.id from audit_events e
            where p.part <> 'status' and e.subject_kind = d.kind::text and e.subject_id = d.object_id and e.at > d.applied_at
              and case
                  when p.part = 'membership' then coalesce(e.after ->> 'account_id', e.before ->> 'account_id') = p.key
                      and e.action in ('membership.create', 'membership.update', 'membership.delete')
                  when p.key like 'custom\\_attributes.%' then
                      e.before -> 'custom_attributes' -> substr(p.key, 19)
                          is distinct from e.after -> 'custom_attributes' -> substr(p.key, 19)
                  else e.before -> p.key is distinct from e.after -> p.key end
            order by e.id desc limit 1
        ) edit on true
        left join lateral (
            select e.id from audit_events e
            where edit.id is null and now.value is distinct from p.left_as and e.subject_kind = d.kind::text
              and e.subject_id = d.object_id and e.at > d.applied_at
            order by e.id desc limit 1
        ) last_edit on true
        cross join lateral (
            select case
                when now.version is null then 'gone'
                when permit.rights is null or permit.rights & 2 = 0 or (p.key = 'email' and permit.rights & 6 <> 6)
                    or (p.part = 'membership' and coalesce(seat.rights, 0) & 2 = 0) then 'non_permissible'
                when p.part = 'field' and coalesce(now.field_owners ? p.key, false) then 'owned_by_person'
                when p.wanted = now.value then 'as_before'
                when p.left_as <> now.value or later.run_id is not null or edit.id is not null then 'changed_since'
                end as code
        ) v
        """
    }

    /// An address that another user holds and does not give up in this undo. Repeated until none is found: each may block the next.
    static func leaveTakenEmails(_ c: UndoContext) -> PostgresQuery {
        """
        update \(unescaped: c.parts) p set code = 'email_taken', by = 'user ' || h.id
        from users h
        where p.code is null and p.kind = 'user' and p.part = 'field' and p.key = 'email'
          and h.email_key = p.wanted #>> '{}' and h.id <> p.object_id
          and not exists (
            select from \(unescaped: c.parts) q
            where q.code is null and q.kind = 'user' and q.part = 'field' and q.key = 'email' and q.object_id = h.id
          )
        """
    }

    /// The plan: accounts first, then whose address moves, all of them in the first chunk, then the others in the run's order.
    static func changes(_ c: UndoContext) -> PostgresQuery {
        """
        insert into changes (run_id, seq, planned_at, kind, action, object_id, expected_version, external_key,
                             fields, memberships, suspends, reason)
        select \(c.run), row_number() over (order by x.kind <> 'account', x.fields ? 'email' desc, x.seq), now(), x.kind,
               case when x.suspends then 'suspend' when not x.suspends then 'restore' else 'update' end,
               x.object_id, x.version, x.external_key, x.fields, x.memberships, x.suspends, \(RunReason.undo)
        from (
            select p.seq, p.kind, p.object_id, p.version, p.external_key,
                   bool_or(p.wanted::boolean) filter (where p.part = 'status') as suspends,
                   coalesce(jsonb_object_agg(p.key, r.value) filter (where p.part = 'field'), '{}') as fields,
                   coalesce(jsonb_object_agg(p.key, r.value) filter (where p.part = 'membership'), '{}') as memberships
            from \(unescaped: c.parts) p
            cross join lateral (
                select jsonb_build_array(p.current, p.wanted, \("undo of run \(c.undone.run)")::text) as value
            ) r
            where p.code is null
            group by p.seq, p.kind, p.object_id, p.version, p.external_key
        ) x
        """
    }

    /// What cannot be undone, with its reason; of an object that is out of reach only once.
    static func findings(_ c: UndoContext) -> PostgresQuery {
        """
        insert into run_findings (run_id, number, code, entry, detail)
        select \(c.run), row_number() over (order by x.seq, x.part, x.key), x.code, coalesce(x.label, x.kind || ' ' || x.object_id),
               case x.code
               when 'gone' then x.kind || ' ' || x.object_id || ' is deleted'
               when 'non_permissible' then 'the Platform App may not change it any more'
               when 'owned_by_person' then x.key || ' was taken over by a person'
               when 'as_before' then x.what || ' is already as it was before run ' || \(c.undone.run)::bigint
               when 'email_taken' then 'the former e-mail ' || (x.wanted #>> '{}') || ' is held by ' || x.by
               else x.what || ' was changed since run ' || \(c.undone.run)::bigint || coalesce(' by ' || x.by, '')
                   || ': it was left as ' || left(coalesce(x.left_as #>> '{}', 'none'), 100) || ' and is '
                   || left(coalesce(x.current #>> '{}', 'none'), 100) || ' now'
               end
        from (
            select p.*, row_number() over (partition by p.seq, p.code order by p.part, p.key) as nth,
                   case p.part when 'field' then p.key when 'status' then 'the suspension' else 'the role in account ' || p.key end as what
            from \(unescaped: c.parts) p where p.code is not null
        ) x
        where x.nth = 1 or x.code not in ('gone', 'non_permissible')
        order by x.seq limit \(findingLimit)
        """
    }

    /// How many parts cannot be undone.
    static func leftCount(_ c: UndoContext) -> PostgresQuery {
        "select count(*) as n from \(unescaped: c.parts) where code is not null"
    }

    /// So many of them are listed; more are counted.
    private static let findingLimit: Int64 = 100_000

    private static func isSuspended(_ kind: String, _ c: UndoContext) -> String {
        """
        to_jsonb(exists (select from suspensions s where s.subject_kind = '\(kind)' and s.subject_id = d.object_id \
        and s.by_kind = 'source' and s.by_id = \(c.source)))
        """
    }
}
