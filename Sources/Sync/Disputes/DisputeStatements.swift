// SPDX-License-Identifier: Apache-2.0

import Policy
import Postgres

/// The disputes of a source as a list that stands, and not as findings of one run.
enum DisputeStatements {
    /// So many are kept of a policy; of more a person would not read the end. Those behind them come up when these are resolved.
    static let most: Int64 = 10_000

    /// Brings the list up to date with the plan that is made: what is new in it, what does not hold any more, what is gone.
    ///
    /// What the read did not hold is gone only where that is proven.
    static func store(_ c: PlanContext, _ absence: Absence) -> [PostgresQuery] { [upsert(c), lapse(c), forget(c, absence)] }

    private static func upsert(_ c: PlanContext) -> PostgresQuery {
        """
        insert into disputes as d (source_id, policy, external_key, code, entry, email, line, fields, candidates, rivals, run_id)
        with disputed as materialized (
            select * from (
                select distinct on (p.external_key) p.external_key, split_part(p.code, ':', 1) as code, p.dn, p.email, p.line,
                       p.desired
                from \(unescaped: c.area.pending) p where p.situation = 'disputed' order by p.external_key, p.line
            ) x order by line limit \(most)
        ),
        claims as materialized (
            select p.code, case p.code when 'duplicate_id' then encode(p.external_key, 'hex') else p.email end as claim, p.dn,
                   p.email, p.line
            from \(unescaped: c.area.pending) p where p.situation = 'disputed' and p.code in ('duplicate_id', 'duplicate_email')
        ),
        claimants as materialized (
            select code, claim, jsonb_agg(jsonb_build_object('entry', dn, 'email', email, 'line', line) order by line) as entries
            from (select *, row_number() over (partition by code, claim order by line) as number from claims) x
            where number <= 10 group by code, claim
        )
        select \(c.source), \(c.policy.name), x.external_key, x.code, x.dn, x.email, x.line, x.desired - 'password',
               u.candidates, coalesce(r.rivals, '[]'), \(c.run)
        from disputed x
        cross join lateral (
            select coalesce(array_agg(distinct y.id), '{}') as candidates from (
                select o.id from links l join users o on o.id = l.object_id and o.deleted_at is null
                where l.source_id = \(c.source) and l.kind = 'user' and l.external_key = x.external_key
                union all
                select o.id from users o where o.email_key = x.email
            ) y
        ) u
        left join claimants k on k.code = x.code
            and k.claim = case x.code when 'duplicate_id' then encode(x.external_key, 'hex') else x.email end
        left join lateral (
            select jsonb_agg(e.entry) as rivals from jsonb_array_elements(k.entries) e(entry)
            where (e.entry ->> 'line')::bigint is distinct from x.line
        ) r on true
        on conflict (source_id, external_key) do update set policy = excluded.policy, code = excluded.code, entry = excluded.entry,
            email = excluded.email, line = excluded.line, fields = excluded.fields, candidates = excluded.candidates,
            rivals = excluded.rivals, run_id = excluded.run_id, seen_at = now()
        """
    }

    /// What was decided of entries that are disputed all the same, or that the policy never touches.
    private static func lapse(_ c: PlanContext) -> PostgresQuery {
        """
        update disputes d set state = 'lapsed', lapsed_at = now(),
            lapsed = case when p.situation = 'protected' then 'protected'
                          when p.code like 'decision_lapsed:%' then split_part(p.code, ':', 2) else p.code end
        from \(unescaped: c.area.pending) p
        where d.source_id = \(c.source) and d.state = 'decided' and p.external_key = d.external_key
          and p.situation in ('disputed', 'protected')
        """
    }

    /// Set right at the source or in the store, carried out, or gone with its entry.
    private static func forget(_ c: PlanContext, _ absence: Absence) -> PostgresQuery {
        """
        with present as materialized (
            select distinct d.id from disputes d
            join \(unescaped: c.area.entries) s on s.kind in ('p', 'r') and s.external_key = d.external_key
            where d.source_id = \(c.source)
        ),
        disputed as materialized (
            select distinct d.id from disputes d
            join \(unescaped: c.area.pending) p on p.external_key = d.external_key and p.situation = 'disputed'
            where d.source_id = \(c.source)
        )
        delete from disputes d
        where d.source_id = \(c.source) and d.policy = \(c.policy.name) and (
            (\(absence == .proven) and d.id not in (select id from present))
            or (d.state = 'open' and d.id in (select id from present) and d.id not in (select id from disputed))
            or (d.state in ('decided', 'lapsed') and \(unescaped: isCarriedOut("\(c.source)")))
        )
        """
    }

    /// Forgets the decisions that a run has carried out.
    static func settle(source: Int64) -> PostgresQuery {
        "delete from disputes d where d.source_id = \(source) and d.state = 'decided' and \(unescaped: isCarriedOut("\(source)"))"
    }

    /// Whether the entry of the dispute `d` is linked to the user that a person named.
    private static func isCarriedOut(_ source: String) -> String {
        """
        exists (select from links l join users u on u.id = l.object_id and u.deleted_at is null
                join sources s on s.id = \(source)
                join user_permissibles p on p.platform_app_id = s.platform_app_id and p.object_id = u.id and p.rights & 2 <> 0
                where l.source_id = \(source) and l.kind = 'user' and l.external_key = d.external_key and l.object_id = d.user_id)
        """
    }
}
