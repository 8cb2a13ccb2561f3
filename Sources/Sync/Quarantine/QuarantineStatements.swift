// SPDX-License-Identifier: Apache-2.0

import Policy
import Postgres

/// Entries whose change was refused when it was applied: left out of plans for a while, longer each time.
enum QuarantineStatements {
    /// So many are kept of a run; when more are refused, it is not the entries that are at fault.
    static let most: Int64 = 10_000

    /// Leaves out whoever is not due yet, unless the entry or the policy changed.
    static func leaveOut(_ c: PlanContext) -> PostgresQuery {
        """
        with waiting as materialized (
            select q.external_key, q.entry_hash from quarantined_entries q
            where q.source_id = \(c.source) and q.policy = \(c.policy.name) and q.next_try_at > now()
              and q.policy_version = (select policy_version from runs where id = \(c.run))
        )
        update \(unescaped: c.area.pending) p set situation = 'quarantined', code = null
        from waiting q
        where p.external_key = q.external_key and p.hash = q.entry_hash and p.situation in ('linked', 'unlinked', 'unmatched')
        """
    }

    /// Notes who is tried again by this run, and forgets who needs nothing any more; findings tell who is left out.
    static func note(_ c: PlanContext, _ absence: Absence) -> [PostgresQuery] {
        [
            """
            update quarantined_entries q set tried_by = \(c.run)
            from \(unescaped: c.area.pending) p
            where q.source_id = \(c.source) and p.external_key = q.external_key
              and p.situation in ('linked', 'unlinked', 'unmatched')
            """,
            """
            with present as materialized (
                select distinct q.id from quarantined_entries q
                join \(unescaped: c.area.entries) s on s.kind in ('p', 'r') and s.external_key = q.external_key
                where q.source_id = \(c.source)
            ),
            planned as materialized (
                select distinct q.id from quarantined_entries q
                join \(unescaped: c.area.pending) p on p.external_key = q.external_key
                    and p.situation in ('linked', 'unlinked', 'unmatched', 'quarantined')
                where q.source_id = \(c.source)
            )
            delete from quarantined_entries q
            where q.source_id = \(c.source) and q.policy = \(c.policy.name)
              and case when q.id in (select id from present) then q.id not in (select id from planned)
                       else \(absence == .proven) end
            """,
            """
            insert into run_findings (run_id, number, code, entry, line, external_key, detail)
            select \(c.run), (select coalesce(max(number), 0) from run_findings where run_id = \(c.run)) + row_number() over (order by p.line),
                   'quarantined', coalesce(p.dn, p.email), p.line, p.external_key,
                   'its last change was refused (' || q.code || coalesce(', ' || q.detail, '') || ', ' || q.attempts
                   || case when q.attempts = 1 then ' time' else ' times' end || '); it is tried again from '
                   || to_char(q.next_try_at at time zone 'utc', 'YYYY-MM-DD HH24:MI') || ' UTC on'
            from (select distinct on (external_key) * from \(unescaped: c.area.pending) where situation = 'quarantined') p
            join quarantined_entries q on q.source_id = \(c.source) and q.external_key = p.external_key
            order by p.line limit \(Int64(EntryStager.findingLimit))
            """,
        ]
    }

    /// Puts in quarantine whose change a run's apply refused for a reason of its own: again for longer than the last time.
    ///
    /// What passes by itself (``passing``) is tried by the next run; what a person or the plan itself left out is no fault.
    static func record(_ run: Int64) -> PostgresQuery {
        """
        insert into quarantined_entries as q (source_id, policy, external_key, code, detail, action, entry, entry_hash,
                                              policy_version, next_try_at, run_id)
        select r.source_id, r.policy, c.external_key, x.code, x.detail, c.action,
               coalesce(c.fields -> 'email' ->> 1, u.email, c.fields -> 'name' ->> 1), c.entry_hash, r.policy_version,
               now() + interval '1 hour', r.id
        from runs r
        join change_refusals x on x.run_id = r.id
        join changes c on c.run_id = r.id and c.planned_at = r.planned_at and c.seq = x.seq
        left join users u on c.action <> 'create' and u.id = c.object_id
        where r.id = \(run) and r.undoes is null and c.kind = 'user' and c.external_key is not null and c.entry_hash is not null
          and x.code <> all (\(passing + blameless))
        order by x.seq limit \(most)
        on conflict (source_id, external_key) do update set policy = excluded.policy, code = excluded.code,
            detail = excluded.detail, action = excluded.action, entry = excluded.entry, entry_hash = excluded.entry_hash,
            policy_version = excluded.policy_version, run_id = excluded.run_id, tried_by = null, last_try_at = now(),
            attempts = case when \(unescaped: isSame) then q.attempts + 1 else 1 end,
            since = case when \(unescaped: isSame) then q.since else now() end,
            next_try_at = now() + case when not \(unescaped: isSame) then interval '1 hour'
                when q.attempts = 1 then interval '4 hours' else interval '1 day' end
        where q.run_id <> excluded.run_id
        """
    }

    /// Forgets who was tried again by a run with success.
    static func release(_ run: Int64) -> PostgresQuery {
        "delete from quarantined_entries where source_id = (select source_id from runs where id = \(run)) and tried_by = \(run)"
    }

    /// Refusals that the next run finds gone: somebody else was at the same object.
    static let passing = ["stale", "gone", "email_taken"]
    /// Refusals that no entry is to blame for.
    private static let blameless = ["rejected", "not_approved", "last_administrator", "app_disabled"]

    private static let isSame =
        "(q.entry_hash = excluded.entry_hash and q.policy_version is not distinct from excluded.policy_version)"
}
