// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL that pages through a run's plan: whatever it is narrowed to, from index ranges where there are any. For
/// the Platform App of the run, who sees names of what it may read, and for operators.
enum RunChangeStatements {
    /// So many people at most are looked up by the words of a search; when there are more, the plan is walked through.
    static let fewFound: Int32 = 2_000

    /// A page of a run's changes in their order; one row with a null `seq` when there is none.
    static func list(
        of run: Int64, policy: String? = nil, _ filter: RunChangeFilter, _ page: PageRequest, caller: Caller
    ) -> PostgresQuery {
        // Who decided is shown to operators.
        let decider =
            caller.isOperator
            ? ActorStatements.columns(kind: "d.by_kind", id: "d.by_id")
            : "null as actor, null::bigint as actor_id, null as actor_name"
        return """
            with \(caller: caller, needs: [.runsRead]),
            run as materialized (
                select r.id, r.planned_at, r.first_chunk_end, r.state = 'done' as is_done from caller
                join runs r on r.id = \(run) and \(runOf: caller, "r", policy)
            ),
            \(found: filter, page)
            select caller.actor is not null as authenticated, run.id is not null as found, c.seq, c.kind::text as kind, c.action,
                   c.object_id, c.reason, c.suspends, c.fields, c.memberships, x.code as refusal, x.detail as refusal_detail,
                   coalesce(c.fields -> 'email' ->> 1, u.email, c.fields -> 'name' ->> 1, a.name) as label,
                   case when c.kind = 'user' then coalesce(c.fields -> 'name' ->> 1, u.name) end as name, names.names,
                   d.decision, d.reason as decision_reason, d.at as decided_at,
                   \(unescaped: decider)
            from (select 1) one
            left join caller on true
            left join run on true
            left join lateral (
                select o.* from found f
                join changes o on o.run_id = run.id and o.planned_at = run.planned_at and o.seq = f.seq
                order by o.seq limit \(page.fetched)
            ) c on true
            left join change_refusals x on x.run_id = run.id and x.seq = c.seq
            left join change_decisions d on d.run_id = run.id and d.seq = c.seq
            left join lateral (select v.email, v.name from users v where c.kind = 'user' and v.id = c.object_id
                and \(named: .user, "v.id", caller)) u on true
            left join lateral (select v.name from accounts v where c.kind = 'account' and v.id = c.object_id
                and \(named: .account, "v.id", caller)) a on true
            left join lateral (
                select jsonb_object_agg(k.key, coalesce(
                    (select v.name from accounts v where v.id = k.key::bigint and \(named: .account, "v.id", caller)),
                    -- One that the run itself would make.
                    (select n.fields -> 'name' ->> 1 from changes n where n.kind = 'account' and n.object_id = k.key::bigint
                        and n.run_id = run.id and n.planned_at = run.planned_at limit 1))) as names
                from jsonb_object_keys(c.memberships) k(key)
            ) names on true
            order by c.seq
            """
    }

    /// What was refused of a run, by reason, and how often.
    static func refusalCounts(of run: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.runsRead])
        select caller.actor is not null as authenticated, x.code, x.count
        from (select 1) one
        left join caller on true
        left join lateral (
            select code, count(*) as count from change_refusals where run_id = \(run) and caller.actor is not null group by code
        ) x on true
        order by x.count desc, x.code
        """
    }

    /// A page of what a run found, all of it or what has one code.
    static func findings(
        of run: Int64, policy: String? = nil, code: String? = nil, _ page: PageRequest, caller: Caller
    ) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.runsRead])
        select caller.actor is not null as authenticated, r.id is not null as found, f.number::bigint as number, f.code, f.entry, f.line, f.detail
        from (select 1) one
        left join caller on true
        left join runs r on caller.actor is not null and r.id = \(run) and \(runOf: caller, "r", policy)
        left join lateral (
            select * from run_findings x where x.run_id = r.id and \(of: page, "x.number")
              and (\(code)::text is null or x.code = \(code))
            order by x.number limit \(page.fetched)
        ) f on true
        order by f.number
        """
    }

    /// What a run found, by code, and how often.
    static func findingCounts(of run: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.runsRead])
        select caller.actor is not null as authenticated, f.code, f.count
        from (select 1) one
        left join caller on true
        left join lateral (
            select x.code, count(*) as count from run_findings x
            where x.run_id = \(run) and caller.actor is not null group by x.code
        ) f on true
        order by f.count desc, f.code
        """
    }

    /// The accounts that a run's changes are about, by their ids, with how many changes concern each: its own, and those of people
    /// whose role in it moves.
    static func accounts(of run: Int64, _ page: PageRequest, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.runsRead]),
        run as materialized (select r.id, r.planned_at from caller join runs r on r.id = \(run)),
        counted as (
            select m.id, count(*) as count from run
            join changes c on c.run_id = run.id and c.planned_at = run.planned_at and c.action <> 'link'
            cross join lateral (
                select c.object_id as id where c.kind = 'account'
                union all select k.key::bigint from jsonb_object_keys(c.memberships) k(key)
            ) m
            where \(of: page, "m.id") group by m.id order by m.id limit \(page.fetched)
        )
        select caller.actor is not null as authenticated, run.id is not null as found, x.id, x.count,
               coalesce(
                   (select a.name from accounts a where a.id = x.id),
                   -- One that the run itself would make.
                   (select n.fields -> 'name' ->> 1 from changes n where n.kind = 'account' and n.object_id = x.id
                       and n.run_id = run.id and n.planned_at = run.planned_at limit 1)) as name
        from (select 1) one
        left join caller on true
        left join run on true
        left join counted x on true
        order by x.id
        """
    }
}

extension PostgresQuery.StringInterpolation {
    /// The condition that the caller may read the object whose name is to be shown; an operator may read all.
    fileprivate mutating func appendInterpolation(named kind: ObjectKind, _ id: StaticString, _ caller: Caller) {
        if caller.isOperator { return appendLiteral("true") }
        appendLiteral(
            """
            exists (select from platform_app_permissibles np where np.kind = '\(kind.rawValue)' \
            and np.platform_app_id = (select app_id from caller) and np.object_id = \(id) and np.rights & 1 <> 0)
            """)
    }

    /// The CTE `found(seq)`: the first changes behind the page's beginning that the filter lets through.
    fileprivate mutating func appendInterpolation(found filter: RunChangeFilter, _ page: PageRequest) {
        if let refusal = filter.refusal {
            appendMarked("change_refusals", "code", { if case .code(let code) = refusal { code } else { nil } }(), filter, page)
        } else if let decision = filter.decision.flatMap(\.decision) {
            appendMarked("change_decisions", "decision", decision.rawValue, filter, page)
        } else if let text = filter.text {
            appendPeople(text, filter, page)
        } else {
            appendLiteral("found as (select h.seq from run ")
            appendWalk(filter, page)
            appendLiteral(")")
        }
    }

    /// A lateral `h`: the changes of each action from where the page begins.
    private mutating func appendWalk(_ filter: RunChangeFilter, _ page: PageRequest, text: String? = nil) {
        if filter.action == "link" {
            // The index has none of them.
            appendLiteral(" cross join lateral (select c.seq from changes c where c.action = 'link'")
        } else {
            let all = filter.reason.flatMap(RunReason.actions) ?? RunSelection.actions
            let actions = filter.action.map { [$0] } ?? all
            appendLiteral(" cross join unnest(")
            appendInterpolation(actions)
            appendLiteral(") y(action) cross join lateral (")
            appendLiteral("select c.seq from changes c where c.action = y.action and c.action <> 'link'")
        }
        appendLiteral(" and c.run_id = run.id and c.planned_at = run.planned_at and ")
        appendInterpolation(of: page, "c.seq")
        appendConditions(filter, text)
        appendLiteral(" order by c.seq limit ")
        appendInterpolation(page.fetched)
        appendLiteral(") h")
    }

    /// What else is asked of the change `c` of `run`.
    private mutating func appendConditions(_ filter: RunChangeFilter, _ text: String?) {
        switch filter.kind {
        case .account?: appendLiteral(" and c.kind = 'account' and c.seq <= run.first_chunk_end")
        case let kind?: appendLiteral(" and c.kind = '\(kind.rawValue)'")
        case nil: break
        }
        if let reason = filter.reason {
            appendLiteral(" and c.reason = ")
            appendInterpolation(reason)
        }
        if let account = filter.account {
            appendLiteral(" and (c.kind = 'account' and c.object_id = ")
            appendInterpolation(account)
            appendLiteral(" or c.memberships ? ")
            appendInterpolation(String(account))
            appendLiteral(")")
        }
        switch filter.decision {
        case .undecided?:
            appendLiteral(" and not exists (select from change_decisions z where z.run_id = c.run_id and z.seq = c.seq)")
        case let made?:
            appendLiteral(
                " and exists (select from change_decisions z where z.run_id = c.run_id and z.seq = c.seq and z.decision = ")
            appendInterpolation(made.rawValue)
            appendLiteral(")")
        case nil: break
        }
        if let text { appendNamed(text) }
    }

    /// The text is part of what the change `c` is about, as the run has it or as it is.
    private mutating func appendNamed(_ text: String) {
        appendLiteral(
            """
             and strpos(lower(concat_ws(' ', c.fields -> 'email' ->> 1, c.fields -> 'email' ->> 0, c.fields -> 'name' ->> 1,
                (select u.email || ' ' || u.name from users u where c.kind = 'user' and u.id = c.object_id),
                (select a.name from accounts a where c.kind = 'account' and a.id = c.object_id))), lower(
            """)
        appendInterpolation(text)
        appendLiteral(")) > 0")
    }

    /// The changes that another table has a row of, all of them or those with one value.
    private mutating func appendMarked(
        _ table: StaticString, _ column: StaticString, _ value: String?, _ filter: RunChangeFilter, _ page: PageRequest
    ) {
        appendLiteral(
            """
            found as (
                select h.seq from run cross join lateral (
                    select x.seq from \(table) x
                    join changes c on c.run_id = run.id and c.planned_at = run.planned_at and c.seq = x.seq
                    where x.run_id = run.id and 
            """)
        appendInterpolation(of: page, "x.seq")
        if let value {
            appendLiteral(" and x.\(column) = ")
            appendInterpolation(value)
        }
        if let action = filter.action {
            appendLiteral(" and c.action = ")
            appendInterpolation(action)
        }
        appendConditions(filter, filter.text)
        appendLiteral(" order by x.seq limit ")
        appendInterpolation(page.fetched)
        appendLiteral(") h)")
    }

    /// People who are there are found by their address or their words, and their changes by their ids. Those whom a plan would
    /// make are not there yet: until it is done, what it creates is walked through. So is everything for whoever asks for half
    /// of everybody, and meets them soon.
    private mutating func appendPeople(_ text: String, _ filter: RunChangeFilter, _ page: PageRequest) {
        appendLiteral("hits as materialized (select coalesce((select array_agg(u.id) from users u where u.email_key = lower(")
        appendInterpolation(text)
        appendLiteral(")), search_users(")
        appendInterpolation(text)
        appendLiteral(
            """
            , \(RunChangeStatements.fewFound)), '{}') as ids from caller),
            way as (select run.*, hits.ids, cardinality(hits.ids) < \(RunChangeStatements.fewFound) as is_few from run, hits),
            found as (
                select h.seq from (
                    select c.seq from way run cross join unnest(run.ids) i(id)
                    join changes c on c.kind = 'user' and c.object_id = i.id and c.run_id = run.id and c.planned_at = run.planned_at
                    where run.is_few
            """)
        appendFound(filter, page)
        if let id = Int64(text) {
            appendLiteral(
                """
                 union select c.seq from way run join changes c on c.kind in ('user', 'account') and c.run_id = run.id
                    and c.planned_at = run.planned_at and c.object_id = 
                """)
            appendInterpolation(id)
            appendFound(filter, page, joined: true)
        }
        if filter.action ?? "create" == "create", filter.kind != .account {
            appendLiteral(
                """
                 union (
                    select c.seq from (select * from way where is_few and not is_done) run
                    join changes c on c.run_id = run.id and c.planned_at = run.planned_at and c.action = 'create'
                        and c.action <> 'link' and c.kind = 'user'
                    where 
                """)
            appendPlanned(text)
            appendFound(filter, page)
            appendLiteral(" order by c.seq limit ")
            appendInterpolation(page.fetched)
            appendLiteral(")")
        }
        // Accounts come first in every plan.
        appendLiteral(
            """
             union select c.seq from (select * from way where is_few) run
                join changes c on c.run_id = run.id and c.planned_at = run.planned_at and c.kind = 'account'
                    and c.seq <= run.first_chunk_end
                where true
            """)
        appendFound(filter, page)
        appendNamed(text)
        appendLiteral(" union all select h.seq from (select * from way where not is_few) run")
        appendWalk(filter, page, text: text)
        appendLiteral(") h)")
    }

    /// What is asked of the change `c` where the walk is by something else than the order of the page.
    private mutating func appendFound(_ filter: RunChangeFilter, _ page: PageRequest, joined: Bool = false) {
        appendLiteral(joined ? " where " : " and ")
        appendInterpolation(of: page, "c.seq")
        if let action = filter.action {
            appendLiteral(" and c.action = ")
            appendInterpolation(action)
        } else {
            appendLiteral(" and c.action <> 'link'")
        }
        appendConditions(filter, nil)
    }

    /// A whole address is compared as it is, which costs half as much.
    private mutating func appendPlanned(_ text: String) {
        if text.contains("@") {
            appendLiteral("c.fields #>> '{email,1}' = lower(")
            appendInterpolation(text)
            return appendLiteral(")")
        }
        appendLiteral("strpos(lower(concat_ws(' ', c.fields -> 'email' ->> 1, c.fields -> 'name' ->> 1)), lower(")
        appendInterpolation(text)
        appendLiteral(")) > 0")
    }
}
