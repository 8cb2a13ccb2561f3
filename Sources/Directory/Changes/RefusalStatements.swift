// SPDX-License-Identifier: Apache-2.0

import Postgres

/// Which changes of a range cannot be made: decided in the transaction that would make them, against the locked objects.
enum RefusalStatements {
    /// Refuses what is stale, gone, or not permitted (any more); each by itself.
    ///
    /// Accounts are judged and made before users, so that a membership finds the account that this very range creates.
    /// Whatever is no account is judged with the users: a kind that cannot be changed yet is refused, and not taken for done.
    /// What a change is judged by is looked up by its key, one change after the other: a planner to whom a table that has just
    /// begun to grow seems empty would read through all of it for each.
    static func refuse(_ kind: ObjectKind, _ range: ChangeRange) -> PostgresQuery {
        """
        with \(accepted: range),
        -- A disabled app has no accepted change: all of them are refused.
        orphaned as (
            select c.run_id, c.seq, 'app_disabled' as code, null::text as detail from changes c
            where c.run_id = \(range.set.run) and c.planned_at = \(range.set.plannedAt)
              and c.seq between \(Int32(range.first)) and \(Int32(range.last))
              and (c.kind = 'account') = \(kind == .account)
              and not exists (select from runs r join platform_apps pa on pa.id = r.platform_app_id and pa.disabled_at is null
                              where r.id = \(range.set.run))
              and not exists (select from change_refusals x where x.run_id = c.run_id and x.seq = c.seq)
        ),
        judged as (
            select c.run_id, c.seq,
                case
                when c.action = 'create' then
                    case when l.object_id is not null and coalesce(lu.id, la.id) is not null then 'stale' end
                when p.rights is null or p.rights & need.rights <> need.rights then 'non_permissible'
                when coalesce(u.row_version, a.row_version) is null then 'gone'
                when coalesce(u.row_version, a.row_version) is distinct from c.expected_version then 'stale'
                when c.action = 'adopt' and l.object_id is not null and coalesce(lu.id, la.id) is not null
                    and l.object_id <> c.object_id then 'stale'
                when c.action = 'adopt' and other.object_id is not null
                    and encode(other.external_key, 'hex') is distinct from c.fields -> 'entry' ->> 0 then 'stale'
                when c.action not in ('adopt', 'create') and c.external_key is not null
                    and l.object_id is distinct from c.object_id then 'stale'
                end as code
            from accepted c
            cross join lateral (
                -- A link that does more than remember is a write by another name.
                select (case when c.action = 'link' and c.fields = '{}' and c.memberships = '{}' and c.suspends is null then 1
                             when c.action = 'delete' then 8 when c.fields ? 'email' then 6 else 2 end)::smallint as rights
            ) need
            -- What is to be made is not there: nothing of it is sought.
            left join lateral (
                select p.rights from platform_app_permissibles p
                where c.action <> 'create' and p.kind = c.kind and p.platform_app_id = c.app_id and p.object_id = c.object_id
                limit 1
            ) p on true
            left join lateral (
                select row_version from users
                where c.action <> 'create' and c.kind = 'user' and id = c.object_id and deleted_at is null limit 1
            ) u on true
            left join lateral (
                select row_version from accounts
                where c.action <> 'create' and c.kind = 'account' and id = c.object_id and deleted_at is null limit 1
            ) a on true
            left join lateral (
                select object_id from links
                where source_id = \(sourceOf: range) and kind = c.kind
                  -- Under the key that it has until this change.
                  and external_key = coalesce(decode(c.fields -> 'entry' ->> 0, 'hex'), c.external_key)
                limit 1
            ) l on true
            left join lateral (
                select id from users where c.kind = 'user' and id = l.object_id and deleted_at is null limit 1
            ) lu on true
            left join lateral (
                select id from accounts where c.kind = 'account' and id = l.object_id and deleted_at is null limit 1
            ) la on true
            left join lateral (
                select object_id, external_key from links
                where c.action = 'adopt' and kind = c.kind and object_id = c.object_id and source_id = \(sourceOf: range)
                  and external_key <> c.external_key
                limit 1
            ) other on true
            where (c.kind = 'account') = \(kind == .account)
        ),
        wanted as materialized (
            select c.run_id, c.seq, c.app_id, m.key::bigint as account_id
            from accepted c cross join lateral jsonb_object_keys(c.memberships) m(key)
            where c.kind = 'user' and \(kind != .account)
        ),
        foreign_accounts as (
            select m.run_id, m.seq, 'non_permissible' as code, 'account ' || m.account_id as detail
            from wanted m
            left join (
                account_permissibles ap join accounts a on a.id = ap.object_id and a.deleted_at is null
            ) on ap.platform_app_id = m.app_id and ap.object_id = m.account_id and ap.rights & 2 <> 0
            where ap.object_id is null
        )
        insert into change_refusals (run_id, seq, code, detail)
        select distinct on (seq) run_id, seq, code, detail from (
            select run_id, seq, code, detail from orphaned
            union all select run_id, seq, code, null from judged where code is not null
            union all select run_id, seq, code, detail from foreign_accounts
        ) x
        order by seq, code
        """
    }

    /// Refuses changes whose address is held by a user that does not give it up in this very range.
    ///
    /// Who is refused keeps the address, so that whoever wants that one is refused as well: a chain, followed to its end.
    static func refuseTakenEmails(_ range: ChangeRange) -> PostgresQuery {
        """
        with recursive \(accepted: range),
        moving as materialized (
            select c.run_id, c.seq, c.object_id, c.fields -> 'email' ->> 1 as email
            from accepted c where c.kind = 'user' and c.fields ? 'email'
        ),
        refused as (
            select m.run_id, m.seq, m.object_id
            from moving m
            cross join lateral (select id from users where email_key = m.email and id <> m.object_id limit 1) u
            where not exists (select from moving o where o.object_id = u.id)
            union
            select m.run_id, m.seq, m.object_id
            from refused r
            cross join lateral (select id, email_key from users where id = r.object_id limit 1) u
            join moving m on m.email = u.email_key and m.object_id <> u.id
        )
        insert into change_refusals (run_id, seq, code, detail) select run_id, seq, 'email_taken', null from refused
        """
    }

    static func refuse(_ set: ChangeSet, seq: Int, code: String, detail: String?) -> PostgresQuery {
        """
        insert into change_refusals (run_id, seq, code, detail) values (\(set.run), \(Int32(seq)), \(code), \(detail))
        on conflict do nothing
        """
    }
}
