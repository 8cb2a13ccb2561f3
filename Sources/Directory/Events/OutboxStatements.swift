// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of the outbox: divided among the webhooks in the order of its ids, which for each object is that of its changes.
enum OutboxStatements {
    static let isPending: PostgresQuery = "select exists (select from outbox) as pending"

    /// Held to the end of the transaction: dividing is done by one at a time, or an object's events would change places.
    static let exclude: PostgresQuery = "select pg_advisory_xact_lock(\(unescaped: String(lock)))"

    /// Any number that no other lock of ours has.
    private static let lock: Int64 = 0x6D75_7374_6F75_7462

    /// The event of a range of a run's changes, where anybody listens at all.
    static func emit(_ range: ChangeRange) -> PostgresQuery {
        """
        insert into outbox (run_id, planned_at, first_seq, last_seq)
        select \(range.set.run), \(range.set.plannedAt), \(Int32(range.first)), \(Int32(range.last))
        where exists (select from webhooks w where w.disabled_at is null and w.deleted_at is null)
        """
    }

    /// Divides the single events that stand before the first range, and counts them.
    static func divideEvents(limit: Int32) -> PostgresQuery {
        """
        with head as (select * from outbox order by id limit \(limit)),
        happened as (
            select h.id, 0 as number, h.at, h.type, h.subject_kind, h.subject_id, h.account_id, h.request_id, null::bigint as run_id,
                   changed_fields(h.before, h.after) as before, changed_fields(h.after, h.before) as after
            from head h
            where h.type is not null and h.id < coalesce((select min(r.id) from head r where r.type is null), 9223372036854775807)
        ),
        \(unescaped: divided)
        delete from outbox o using happened h where o.id = h.id
        """
    }

    /// Divides the next changes of the range that stands first.
    static func divideRange(limit: Int32) -> PostgresQuery {
        """
        with head as (select * from outbox order by id limit 1),
        part as (select h.*, least(h.last_seq, h.first_seq + \(limit) - 1) as until from head h where h.run_id is not null),
        change as materialized (
            select part.at, c.* from part
            join changes c on c.run_id = part.run_id and c.planned_at = part.planned_at
                and c.seq between part.first_seq and part.until
            where c.action <> 'link'
              and not exists (select from change_refusals x where x.run_id = c.run_id and x.seq = c.seq)
        ),
        happened as (
            select c.seq as id, 0 as number, c.at, c.kind || case c.action when 'create' then '.created' when 'delete' then '.deleted' else '.updated' end as type,
                   c.kind as subject_kind, c.object_id as subject_id, null::bigint as account_id, null as request_id, c.run_id,
                   case when c.action <> 'create' then state.before || status.before end as before,
                   state.after || status.after as after
            from change c
            cross join lateral (
                select coalesce(jsonb_object_agg(f.key, f.value -> 0), '{}') as before,
                       coalesce(jsonb_object_agg(f.key, f.value -> 1), '{}') as after
                from jsonb_each(c.fields - '{entry,absent,password,subject}'::text[]) f where f.value -> 0 is distinct from f.value -> 1
            ) state
            cross join lateral (
                select case when c.suspends is null then '{}'::jsonb when c.suspends then '{"status": "active"}'
                       else '{"status": "suspended"}' end as before,
                       case when c.suspends is null then '{}'::jsonb when c.suspends then '{"status": "suspended"}'
                       else '{"status": "active"}' end as after
            ) status
            where c.action in ('create', 'delete') or state.after <> '{}' or c.suspends is not null
            union all
            select c.seq, row_number() over (partition by c.seq order by m.key), c.at,
                   case when m.value ->> 0 is null then 'membership.created' when m.value ->> 1 is null then 'membership.deleted'
                        else 'membership.updated' end,
                   'user', c.object_id, m.key::bigint, null, c.run_id,
                   case when m.value ->> 0 is not null then jsonb_build_object('role', split_part(m.value ->> 0, '/', 1)) end,
                   case when m.value ->> 1 is not null then jsonb_build_object('role', split_part(m.value ->> 1, '/', 1)) end
            from change c cross join lateral jsonb_each(c.memberships) m
            where c.kind = 'user' and m.value ->> 0 is distinct from m.value ->> 1
        ),
        \(unescaped: divided),
        moved as (
            update outbox o set first_seq = part.until + 1 from part where o.id = part.id and part.until < o.last_seq
        ),
        removed as (
            delete from outbox o using part where o.id = part.id and part.until = part.last_seq
        )
        select from part
        """
    }

    /// One delivery for each webhook that listens, of an app that may read what the event is about.
    private static let divided = """
        divided as (
            insert into deliveries (webhook_id, type, subject_kind, subject_id, payload)
            select w.id, h.type, h.subject_kind::object_kind, h.subject_id,
                json_build_object(
                    'type', h.type,
                    'timestamp', to_char(h.at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                    'data', json_build_object(
                        'object', split_part(h.type, '.', 1),
                        'id', case when h.account_id is null then h.subject_id end,
                        'user_id', case when h.account_id is not null then h.subject_id end, 'account_id', h.account_id,
                        'before', h.before - 'account_id', 'after', h.after - 'account_id',
                        'request_id', h.request_id, 'run_id', h.run_id))::text
            from happened h
            join webhooks w on w.disabled_at is null and w.deleted_at is null and h.type = any (w.events)
            join platform_app_permissibles p on p.platform_app_id = w.platform_app_id and p.rights & 1 <> 0
                and p.kind = (case when h.account_id is null then h.subject_kind::text else 'account' end)::object_kind
                and p.object_id = coalesce(h.account_id, h.subject_id)
            order by h.id, h.number, w.id
        )
        """
}
