// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of the audit trail as an operator searches it: whatever the filters are, a page is put together from the heads of
/// index ranges, and never by a walk past what is not wanted. For operators only.
enum AuditSearchStatements {
    /// A page of events, the newest first; one row with a null id when there is none.
    static func search(_ filter: AuditEventFilter, _ page: PageRequest, caller: Caller) -> PostgresQuery {
        """
        with recursive \(operator: caller, needs: [.auditEventsRead]),
        bounds as materialized (
            -- Later ids may be of transactions that began before: minutes of slack, and the time itself is asked for as well.
            select coalesce(audit_event_near(\(stored: filter.from) - interval '5 minutes'), 0) as low,
                   least(\(page.after == 0 ? Int64.max : page.after),
                         audit_event_near(\(stored: filter.until) + interval '5 minutes')) as high
            from caller
        ),
        \(heads: filter, page.fetched)
        select caller.actor is not null as authenticated, \(unescaped: columns)
        from (select 1) one
        left join caller on true
        left join lateral (
            select x.* from found f join audit_events x on x.id = f.id where caller.actor is not null
            order by x.id desc limit \(page.fetched)
        ) e on true
        order by e.id desc
        """
    }

    /// Names by sub-selects: a page's events are few, and a join might read all users for them.
    private static let columns = """
        e.id, e.at, e.actor::text as actor, e.actor_id, e.action, e.subject_kind, e.subject_id, e.before::text as before,
        e.after::text as after, e.request_id, e.platform_app_id,
        case e.actor
            when 'platform_app' then (select o.name from platform_apps o where o.id = e.actor_id)
            when 'super_admin' then (select o.email from super_admins o where o.id = e.actor_id)
            when 'source' then (select o.name from sources o where o.id = e.actor_id)
        end as actor_name,
        case e.subject_kind
            when 'user' then (select o.email from users o where o.id = e.subject_id)
            when 'account' then (select o.name from accounts o where o.id = e.subject_id)
            when 'agent_bot' then (select o.name from agent_bots o where o.id = e.subject_id)
            when 'platform_app' then (select o.name from platform_apps o where o.id = e.subject_id)
            when 'super_admin' then (select o.email from super_admins o where o.id = e.subject_id)
            when 'run' then (select o.policy from runs o where o.id = e.subject_id)
        end as subject_name
        """
}

extension PostgresQuery.StringInterpolation {
    fileprivate mutating func appendInterpolation(stored time: Timestamp?) {
        appendInterpolation(time.map { PostgresTimestamp(microseconds: $0.microseconds) })
        appendLiteral("::timestamptz")
    }

    /// The CTE `found(id)`: the newest events that the filter lets through, and those that it needs on the way.
    fileprivate mutating func appendInterpolation(heads filter: AuditEventFilter, _ limit: Int64) {
        if let object = filter.object {
            // What happened to one object is never much.
            appendHead(filter, limit, from: "bounds b") { query in
                query.appendLiteral("x.subject_kind = ")
                query.appendInterpolation(object.kind)
                query.appendLiteral(" and x.subject_id = ")
                query.appendInterpolation(object.id)
                query.appendActor(filter.actor)
                query.appendAction(filter.action)
            }
        } else if let actor = filter.actor, actor.kind != .platformApp || actor.id != nil || filter.action != nil {
            if let action = filter.action, actor.id == nil, actor.kind != .command {
                appendActorKeys(allOf: actor.kind, action)
            } else {
                appendActorKeys(actor, filter.action)
            }
            appendHead(filter, limit, from: "bounds b, keys k", isKeyed: true) {
                $0.appendLiteral(
                    "x.actor = '\(actor.kind.rawValue)' and coalesce(x.actor_id, 0) = k.actor_id")
            }
        } else if let action = filter.action {
            appendActionKeys(action)
            appendHead(filter, limit, from: "bounds b, keys k", isKeyed: true) {
                $0.appendLiteral("true")
            }
        } else {
            // Everything, or what apps did, which most of everything is.
            appendHead(filter, limit, from: "bounds b") {
                $0.appendLiteral("true")
                $0.appendActor(filter.actor)
            }
        }
    }

    private mutating func appendHead(
        _ filter: AuditEventFilter, _ limit: Int64, from ranges: StaticString, isKeyed: Bool = false,
        _ condition: (inout Self) -> Void
    ) {
        appendLiteral("found as (select h.id from \(ranges) cross join lateral (select x.id from audit_events x where ")
        condition(&self)
        // The action as a part of the range: for an equality the planner would take the ids alone for the order, and walk through
        // all of them for an action that it thinks is a common one.
        appendLiteral(
            isKeyed
                ? " and (x.action, x.id) >= (k.action, b.low) and (x.action, x.id) < (k.action, b.high)"
                : " and x.id >= b.low and x.id < b.high")
        if let from = filter.from {
            appendLiteral(" and x.at >= ")
            appendInterpolation(stored: from)
        }
        if let until = filter.until {
            appendLiteral(" and x.at < ")
            appendInterpolation(stored: until)
        }
        appendLiteral(isKeyed ? " order by x.action desc, x.id desc limit " : " order by x.id desc limit ")
        appendInterpolation(limit)
        appendLiteral(") h)")
    }

    private mutating func appendActor(_ actor: AuditEventFilter.Actor?) {
        guard let actor else { return }
        appendLiteral(" and x.actor = '\(actor.kind.rawValue)'")
        guard let id = actor.id else { return }
        appendLiteral(" and x.actor_id = ")
        appendInterpolation(id)
    }

    private mutating func appendAction(_ action: AuditEventFilter.Action?, of relation: StaticString = "x") {
        switch action {
        case nil: break
        case .exactly(let text):
            appendLiteral(" and \(relation).action = ")
            appendInterpolation(text)
        case .beginning(let stem):
            appendLiteral(" and starts_with(\(relation).action, ")
            appendInterpolation(stem)
            appendLiteral(")")
        }
    }

    /// The CTE `keys(actor_id, action)`: every actor of the kind with every action that is asked for, whether it ever did it.
    private mutating func appendActorKeys(allOf kind: AuditEventFilter.Actor.Kind, _ action: AuditEventFilter.Action) {
        let next = { (condition: String) in
            """
            select coalesce(e.actor_id, 0) as actor_id from audit_events e where e.actor = '\(kind.rawValue)'\(condition) \
            order by coalesce(e.actor_id, 0) limit 1
            """
        }
        let (first, following) = (next(""), next(" and coalesce(e.actor_id, 0) > s.actor_id"))
        appendLiteral("actors as ((\(first)) union all select n.actor_id from actors s cross join lateral (\(following)) n), ")
        appendActionKeys(action, named: "wanted")
        appendLiteral("keys as (select a.actor_id, w.action from actors a, wanted w), ")
    }

    /// The CTE `keys(action)`. The actions there are number some dozens: the index is asked for the next one, and the next.
    private mutating func appendActionKeys(_ action: AuditEventFilter.Action, named name: StaticString = "keys") {
        guard case .beginning = action else {
            appendLiteral("\(name) as (select ")
            if case .exactly(let text) = action { appendInterpolation(text) }
            appendLiteral("::text as action), ")
            return
        }
        appendLiteral(
            """
            steps as (
                (select e.action from audit_events e order by e.action limit 1)
                union all
                select n.action from steps s
                cross join lateral (select e.action from audit_events e where e.action > s.action order by e.action limit 1) n
            ),
            \(name) as (select k.action from steps k where true
            """)
        appendAction(action, of: "k")
        appendLiteral("), ")
    }

    /// The CTE `keys(actor_id, action)`: what the actor, or each of its kind, has ever done.
    private mutating func appendActorKeys(_ actor: AuditEventFilter.Actor, _ action: AuditEventFilter.Action?) {
        let isOne = actor.id != nil || actor.kind == .command
        let own = { (query: inout Self, following: String) in
            query.appendLiteral("select coalesce(e.actor_id, 0) as actor_id, e.action from audit_events e where e.actor = '")
            query.appendLiteral("\(actor.kind.rawValue)'")
            if isOne {
                query.appendLiteral(" and coalesce(e.actor_id, 0) = ")
                query.appendInterpolation(actor.id ?? 0)
            }
            query.appendLiteral(following + " order by coalesce(e.actor_id, 0), e.action limit 1")
        }
        appendLiteral("steps as ((")
        own(&self, "")
        appendLiteral(") union all select n.actor_id, n.action from steps s cross join lateral (")
        own(&self, isOne ? " and e.action > s.action" : " and (coalesce(e.actor_id, 0), e.action) > (s.actor_id, s.action)")
        appendLiteral(") n), keys as (select k.actor_id, k.action from steps k where true")
        appendAction(action, of: "k")
        appendLiteral("), ")
    }
}
