// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of decisions on single changes of a plan. For the Platform App of the run, and for operators.
enum RunDecisionStatements {
    /// Decides changes of a plan that waits; nothing at all when a change that is named is not in it.
    static func decide(
        _ decision: RunDecision, of run: Int64, _ selection: RunSelection, reason: String?, policy: String? = nil, caller: Caller
    ) -> PostgresQuery {
        let numbers = Set(selection.changes).sorted().map { Int32(truncatingIfNeeded: $0) }
        return """
            with \(caller: caller, needs: [.runsWrite]),
            before as (select r.id, r.state from caller join runs r on r.id = \(run) and \(runOf: caller, "r", policy)),
            target as (
                select r.id, r.planned_at, caller.actor, caller.actor_id from caller
                join runs r on r.id = \(run) and r.state in ('planned', 'held') and r.released_at is null
                    and \(runOf: caller, "r", policy) for update of r
            ),
            chosen as materialized (
                select t.id, t.actor, t.actor_id, c.seq from target t
                join changes c on c.run_id = t.id and c.planned_at = t.planned_at and c.action <> 'link'
                where (\(numbers.isEmpty) or c.seq = any (\(numbers)))
                  and (\(selection.actions.isEmpty) or c.action = any (\(selection.actions)))
                  and (not \(selection.isRest)
                      or not exists (select from change_decisions o where o.run_id = c.run_id and o.seq = c.seq))
            ),
            decided as (
                insert into change_decisions as d (run_id, seq, decision, by_kind, by_id, reason)
                select c.id, c.seq, \(decision.rawValue), c.actor, nullif(c.actor_id, 0), \(reason) from chosen c
                where not \(selection.actions.isEmpty) or (select count(*) from chosen) >= \(Int64(numbers.count))
                on conflict (run_id, seq) do update set decision = excluded.decision, by_kind = excluded.by_kind,
                    by_id = excluded.by_id, reason = excluded.reason, at = now()
                returning d.run_id as id
            ),
            summed as (select id, count(*) as count from decided group by id),
            \(
                audit: decision.action, ofOther: "run", "summed", caller: caller,
                after: "jsonb_build_object('changes', summed.count)")
            select caller.actor is not null as authenticated, before.state, exists (select from target) as waits,
                   (select count(*) from decided) as decided
            from (select 1) one left join caller on true left join before on caller.actor is not null
            """
    }

    static func counts(of run: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.runsRead])
        select caller.actor is not null as authenticated, d.decision, d.count
        from (select 1) one
        left join caller on true
        left join lateral (
            select x.decision, count(*) as count from change_decisions x
            where x.run_id = \(run) and caller.actor is not null group by x.decision
        ) d on true
        """
    }
}
