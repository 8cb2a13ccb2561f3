// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of runs as who may sees and decides them: a Platform App those of its own, an operator all of them. Looks over policies are for
/// operators only.
enum RunStatements {
    /// A page of runs, the newest first. Whatever it is narrowed to, it is put together from the heads of a few index ranges.
    static func list(_ filter: RunFilter, _ page: PageRequest, caller: Caller) -> PostgresQuery {
        """
        with recursive \(caller: caller, needs: [.runsRead]),
        \(policies: filter),
        found as (
            select h.id from caller cross join chosen p
            cross join unnest(\(filter.state.map { [$0] } ?? RunStatements.states)) s(state)
            cross join lateral (
                select x.id from runs x where x.policy = p.policy and x.state = s.state and \(newestFirst: page, "x.id")
                  and \(runOf: caller, "x.platform_app_id")
                order by x.id desc limit \(page.fetched)
            ) h
        )
        select caller.actor is not null as authenticated, \(unescaped: columns(for: caller))
        from (select 1) one
        left join caller on true
        left join lateral (
            select x.* from found f join runs x on x.id = f.id where caller.actor is not null
            order by x.id desc limit \(page.fetched)
        ) r on true
        \(unescaped: joins)
        order by r.id desc
        """
    }

    static func show(_ id: Int64, policy: String? = nil, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.runsRead])
        select caller.actor is not null as authenticated, \(unescaped: columns(for: caller))
        from (select 1) one
        left join caller on true
        left join runs r on caller.actor is not null and r.id = \(id) and \(runOf: caller, "r", policy)
        \(unescaped: joins)
        """
    }

    /// The last run of each of these policies.
    static func latest(_ policies: [String], caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.runsRead])
        select caller.actor is not null as authenticated, \(unescaped: columns(for: caller))
        from (select 1) one
        left join caller on true
        left join lateral (
            select h.* from unnest(\(policies)) p(policy)
            cross join lateral (
                select x.* from unnest(\(states)) s(state)
                cross join lateral (
                    select * from runs y where y.policy = p.policy and y.state = s.state order by y.id desc limit 1
                ) x
                order by x.id desc limit 1
            ) h
            where caller.actor is not null
        ) r on true
        \(unescaped: joins)
        order by r.policy
        """
    }

    /// The policies that ever ran, but for the calls of the Platform API.
    static func policies(caller: Caller) -> PostgresQuery {
        """
        with recursive \(operator: caller, needs: [.runsRead]),
        \(policies: RunFilter())
        select caller.actor is not null as authenticated, p.policy
        from (select 1) one
        left join caller on true
        left join chosen p on caller.actor is not null
        order by p.policy
        """
    }

    /// Lets a plan through that waits: a daemon finds the mark and applies it, once.
    static func release(_ id: Int64, policy: String? = nil, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.runsWrite]),
        before as (select r.id, r.state, r.code from caller join runs r on r.id = \(id) and \(runOf: caller, "r", policy)),
        decided as (
            update runs x set released_at = now(), decided_by = caller.actor, decided_by_id = nullif(caller.actor_id, 0)
            from caller where x.id = \(id) and x.state in ('planned', 'held') and x.released_at is null
              and \(runOf: caller, "x", policy)
            returning x.*
        ),
        \(
            audit: "run.release", ofOther: "run", "decided", caller: caller,
            before: "jsonb_build_object('state', decided.state, 'code', decided.code)",
            after: "jsonb_build_object('policy', decided.policy, 'changes', decided.change_count)")
        select caller.actor is not null as authenticated, decided.id, before.state
        from (select 1) one left join caller on true left join before on caller.actor is not null left join decided on true
        """
    }

    /// Ends a plan that waits, and that nobody let through.
    static func reject(_ id: Int64, reason: String, policy: String? = nil, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.runsWrite]),
        before as (select r.id, r.state, r.code from caller join runs r on r.id = \(id) and \(runOf: caller, "r", policy)),
        decided as (
            update runs x set state = 'rejected', code = 'rejected', reason = \(reason), finished_at = clock_timestamp(),
                decided_by = caller.actor, decided_by_id = nullif(caller.actor_id, 0)
            from caller where x.id = \(id) and x.state in ('planned', 'held') and x.released_at is null
              and \(runOf: caller, "x", policy)
            returning x.*
        ),
        \(
            audit: "run.reject", ofOther: "run", "decided", caller: caller,
            before: "(select jsonb_build_object('state', before.state, 'code', before.code) from before)",
            after: "jsonb_build_object('policy', decided.policy, 'reason', decided.reason)")
        select caller.actor is not null as authenticated, decided.id, before.state
        from (select 1) one left join caller on true left join before on caller.actor is not null left join decided on true
        """
    }

    /// Every state there is, for look-ups that name each.
    static let states = [
        "reading", "planned", "held", "applying", "done", "unchanged", "refused", "stale", "failed", "rejected",
    ]

    /// Which super admin decided is shown to operators.
    private static func columns(for caller: Caller) -> String {
        let name = caller.isOperator ? "(select o.email from super_admins o where o.id = r.decided_by_id)" : "null"
        return """
            r.id, r.policy, so.name as source, r.platform_app_id, pa.name as platform_app, r.state, r.code, r.reason, r.file_name,
            r.counts, r.change_count, r.actor, r.created_at, r.planned_at, r.finished_at, r.released_at,
            case when r.state = 'applying' then coalesce((
                select sum(g.last_seq - g.first_seq + 1) from applied_ranges g where g.run_id = r.id), 0) else 0 end::bigint as applied,
            case r.decided_by
                when 'super_admin' then coalesce(\(name), 'a super admin')
                else r.decided_by::text
            end as decided_by,
            r.undoes, r.part_of,
            (select x.id from runs x where x.source_id = r.source_id and x.undoes = r.id order by x.id desc limit 1) as undone_by
            """
    }

    private static let joins = """
        left join sources so on so.id = r.source_id
        left join platform_apps pa on pa.id = r.platform_app_id
        """
}

extension PostgresQuery.StringInterpolation {
    /// The CTE `chosen(policy)`: the one asked for, or all that ever ran, found by asking the index for the next and the next.
    fileprivate mutating func appendInterpolation(policies filter: RunFilter) {
        if let policy = filter.policy {
            appendLiteral("chosen as (select ")
            appendInterpolation(policy)
            return appendLiteral("::text as policy)")
        }
        appendLiteral(
            """
            steps as (
                (select x.policy from runs x order by x.policy limit 1)
                union all
                select n.policy from steps s
                cross join lateral (select x.policy from runs x where x.policy > s.policy order by x.policy limit 1) n
            ),
            chosen as (select policy from steps where policy <> '\(RunJournal.ofTheAPI)')
            """)
    }
}
