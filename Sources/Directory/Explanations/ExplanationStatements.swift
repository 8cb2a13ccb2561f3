// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of why an object is as it is. Each statement resolves the caller, which must be an operator.
///
/// Everything is found from the object: its changes, its audit events and its links have an index that begins with it. Of each field
/// the last mention by a run tells the rule, and the last change, by whomever, the author.
enum ExplanationStatements {
    /// The object's fields, one a row; one row with a null `key` when there is no such object.
    static func fields(_ kind: ObjectKind, _ id: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: scopes(kind)),
        \(object: kind, id)
        select caller.actor is not null as authenticated, o.label, o.deleted_at, f.key, f.value,
               o.field_owners -> f.key as taken_by, known.policy, known.source, said.rule, said.run_id as said_by,
               said.external_key, made.run_id, made.applied_at, run.policy as run_policy, run.file_name, run.undoes,
               e.at, e.action, \(unescaped: ActorStatements.columns(kind: "e.actor", id: "e.actor_id"))
        from (select 1) one
        left join caller on true
        left join object o on true
        left join lateral jsonb_each(o.fields) with ordinality as f(key, value, position) on true
        left join lateral (
            select l.policy, s.name as source from links l join sources s on s.id = l.source_id
            where l.object_id = o.id and l.kind = '\(unescaped: kind.rawValue)' and l.desired ? f.key
            order by l.last_seen_run desc nulls last limit 1
        ) known on true
        left join lateral (
            select n.run_id, n.fields -> f.key ->> 2 as rule, n.external_key
            \(unescaped: applied(kind)) and n.fields ? f.key order by n.run_id desc limit 1
        ) said on true
        left join lateral (
            select n.run_id, g.applied_at
            \(unescaped: applied(kind)) and n.fields -> f.key -> 0 is distinct from n.fields -> f.key -> 1
            order by n.run_id desc limit 1
        ) made on true
        left join runs run on run.id = made.run_id
        left join lateral (
            select x.at, x.action, x.actor, x.actor_id from audit_events x
            where x.subject_kind = '\(unescaped: kind.rawValue)' and x.subject_id = o.id
              and case when f.key like 'custom\\_attributes.%' then
                      x.before -> 'custom_attributes' -> substr(f.key, 19)
                          is distinct from x.after -> 'custom_attributes' -> substr(f.key, 19)
                  else x.before -> f.key is distinct from x.after -> f.key end
            order by x.id desc limit 1
        ) e on true
        order by f.position
        """
    }

    /// The memberships of a user, with what gave each.
    static func memberships(_ id: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: scopes(.user))
        select caller.actor is not null as authenticated, m.account_id, a.name, m.role, known.policy, known.source,
               account_link.external_key as account_key, said.rule, said.run_id as said_by, said.external_key,
               made.run_id, made.applied_at, run.policy as run_policy, run.file_name, run.undoes,
               e.at, e.action, \(unescaped: ActorStatements.columns(kind: "e.actor", id: "e.actor_id"))
        from (select 1) one
        left join caller on true
        left join account_users m on caller.actor is not null and m.user_id = \(id)
        left join accounts a on a.id = m.account_id
        cross join lateral (select \(id)::bigint as id) o
        left join lateral (
            select l.policy, l.source_id, s.name as source from links l join sources s on s.id = l.source_id
            where l.object_id = o.id and l.kind = 'user' and l.desired -> 'memberships' ? m.account_id::text
            order by l.last_seen_run desc nulls last limit 1
        ) known on true
        left join lateral (
            select l.external_key from links l where l.object_id = m.account_id and l.kind = 'account' and l.source_id = known.source_id
            limit 1
        ) account_link on true
        left join lateral (
            select n.run_id, n.memberships -> m.account_id::text ->> 2 as rule, n.external_key
            \(unescaped: applied(.user)) and n.memberships ? m.account_id::text order by n.run_id desc limit 1
        ) said on true
        left join lateral (
            select n.run_id, g.applied_at
            \(unescaped: applied(.user))
              and n.memberships -> m.account_id::text -> 0 is distinct from n.memberships -> m.account_id::text -> 1
            order by n.run_id desc limit 1
        ) made on true
        left join runs run on run.id = made.run_id
        left join lateral (
            select x.at, x.action, x.actor, x.actor_id from audit_events x
            where x.subject_kind = 'user' and x.subject_id = o.id
              and x.action in ('membership.create', 'membership.update', 'membership.delete')
              and coalesce(x.after ->> 'account_id', x.before ->> 'account_id') = m.account_id::text
            order by x.id desc limit 1
        ) e on true
        order by a.name, m.account_id
        """
    }

    /// The suspensions that stand, with the run that a source's rests on.
    static func suspensions(_ kind: ObjectKind, _ id: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: scopes(kind))
        select caller.actor is not null as authenticated, s.reason, s.since, made.run_id,
               \(unescaped: ActorStatements.columns(kind: "s.by_kind", id: "s.by_id"))
        from (select 1) one
        left join caller on true
        left join suspensions s on caller.actor is not null and s.subject_kind = '\(unescaped: kind.rawValue)' and s.subject_id = \(id)
        cross join lateral (select \(id)::bigint as id) o
        left join lateral (
            select n.run_id \(unescaped: applied(kind)) and n.suspends and s.by_kind = 'source'
              and (select r.source_id from runs r where r.id = n.run_id) = s.by_id
            order by n.run_id desc limit 1
        ) made on true
        order by s.since, s.by_kind, s.by_id
        """
    }

    /// What the newest run of each source that knows the object said of it: its change, or its findings, or nothing.
    static func reads(_ kind: ObjectKind, _ id: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: scopes(kind))
        select caller.actor is not null as authenticated, s.name as source, l.policy, l.external_key, l.last_seen_run,
               r.id as run_id, r.state, r.file_name, r.created_at, c.seq, c.action, c.reason, c.fields, c.memberships, c.suspends,
               coalesce(x.detail, x.code) as refusal, f.code, f.detail, f.line, f.entry
        from (select 1) one
        left join caller on true
        left join links l on caller.actor is not null and l.object_id = \(id) and l.kind = '\(unescaped: kind.rawValue)'
        left join sources s on s.id = l.source_id
        left join lateral (
            select n.* from runs n
            where n.source_id = l.source_id and n.policy = l.policy and n.undoes is null
              and n.state not in ('reading', 'refused', 'failed', 'rejected')
            order by n.id desc limit 1
        ) r on true
        left join lateral (
            select n.* from changes n
            where n.kind = '\(unescaped: kind.rawValue)' and n.object_id = l.object_id and n.run_id = r.id
              and n.planned_at = r.planned_at and n.action <> 'link'
            limit 1
        ) c on true
        left join change_refusals x on x.run_id = c.run_id and x.seq = c.seq
        left join lateral (
            select n.* from run_findings n where n.run_id = r.id and n.external_key = l.external_key order by n.number limit 1
        ) f on true
        order by s.id
        """
    }

    private static func scopes(_ kind: ObjectKind) -> [Scope] {
        [kind == .account ? .accountsRead : .usersRead, .auditEventsRead, .runsRead]
    }

    /// The applied changes `n` of the object `o`, with the range `g` in which each was made.
    private static func applied(_ kind: ObjectKind) -> String {
        """
        from changes n
            join applied_ranges g on g.run_id = n.run_id and n.seq between g.first_seq and g.last_seq
            where n.kind = '\(kind.rawValue)' and n.object_id = o.id
              and not exists (select from change_refusals x where x.run_id = n.run_id and x.seq = n.seq)
        """
    }
}

extension PostgresQuery.StringInterpolation {
    /// The CTE `object(id, label, deleted_at, field_owners, fields)`.
    fileprivate mutating func appendInterpolation(object kind: ObjectKind, _ id: Int64) {
        switch kind {
        case .account:
            appendLiteral(
                """
                object as (
                    select a.id, a.name as label, a.deleted_at, null::jsonb as field_owners,
                           jsonb_build_object('name', a.name, 'locale', a.locale) as fields
                    from caller join accounts a on a.id = 
                """)
        default:
            appendLiteral(
                """
                object as (
                    select u.id, u.email as label, u.deleted_at, u.field_owners,
                           jsonb_build_object('email', u.email, 'name', u.name, 'display_name', u.display_name) || coalesce((
                               select jsonb_object_agg('custom_attributes.' || k.key, k.value)
                               from jsonb_each(u.custom_attributes) k), '{}') as fields
                    from caller join users u on u.id = 
                """)
        }
        appendInterpolation(id)
        appendLiteral(")")
    }
}
