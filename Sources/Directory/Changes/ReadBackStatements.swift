// SPDX-License-Identifier: Apache-2.0

import Postgres

/// Reading back what was stored: only that is success.
enum ReadBackStatements {
    /// Applied changes whose object, untouched since, does not hold what the change says it wrote.
    ///
    /// The source is one value, not joined from the run: a planner who may join links by it pairs all with all.
    static func mismatches(_ set: ChangeSet) -> PostgresQuery {
        """
        select count(*) as n
        from changes c
        join applied_ranges d on d.run_id = c.run_id and c.seq between d.first_seq and d.last_seq
        left join links l on l.source_id = (select source_id from runs where id = \(set.run)) and l.kind = c.kind and l.external_key = c.external_key
        left join users u on c.kind = 'user' and u.id = c.object_id
        left join accounts a on c.kind = 'account' and a.id = c.object_id
        where c.run_id = \(set.run) and c.planned_at = \(set.plannedAt)
          and not exists (select from change_refusals x where x.run_id = c.run_id and x.seq = c.seq)
          and case when c.action = 'delete' then u.id is not null and u.deleted_at is null else
          -- Changed by somebody since: theirs to answer for.
          coalesce(u.row_version, a.row_version, l.seen_row_version) is not distinct from l.seen_row_version
          and (
            (c.external_key is not null and l.object_id is distinct from c.object_id)
            or coalesce(u.id, a.id) is null
            or (c.fields ? 'email' and u.email is distinct from c.fields -> 'email' ->> 1)
            or (c.fields ? 'name' and coalesce(u.name, a.name) is distinct from c.fields -> 'name' ->> 1)
            or (c.kind = 'user' and c.fields ? 'display_name' and u.display_name is distinct from c.fields -> 'display_name' ->> 1)
            or (c.fields ? 'provider' and u.provider is distinct from coalesce(c.fields -> 'provider' ->> 1, 'email'))
            or (c.fields ? 'subject' and u.subject is distinct from c.fields -> 'subject' ->> 1)
            or (c.kind = 'account' and c.fields ? 'locale' and a.locale is distinct from c.fields -> 'locale' ->> 1)
            or exists (
                select from jsonb_each(c.fields) f
                where f.key like 'custom\\_attributes.%'
                  and u.custom_attributes -> substr(f.key, 19) is distinct from nullif(f.value -> 1, 'null')
            )
            or exists (
                select from jsonb_each(c.memberships) m
                left join account_users au on au.user_id = c.object_id and au.account_id = m.key::bigint
                where case when m.value ->> 1 like '%/%'
                    then au.role || coalesce('/' || (select r.name from custom_roles r where r.id = au.custom_role_id), '')
                    else au.role end is distinct from m.value ->> 1
            )
            or c.suspends is distinct from (
                case when c.suspends is not null then exists (
                    select from suspensions s where s.subject_kind = c.kind and s.subject_id = c.object_id
                    and s.by_kind = 'source' and s.by_id = (select source_id from runs where id = \(set.run))
                ) end
            )
          ) end
        """
    }
}
