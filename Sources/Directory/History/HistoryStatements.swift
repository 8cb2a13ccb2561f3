// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of an object's history. Each statement resolves the caller, which must be an operator.
enum HistoryStatements {
    /// What was done to the object by calls, consoles and commands, the newest first.
    static func events(
        _ kind: ObjectKind, _ id: Int64, before: HistoryPosition, limit: Int64, caller: Caller
    ) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.auditEventsRead])
        select caller.actor is not null as authenticated, e.id, e.at, e.action, e.subject_kind, e.subject_id,
               e.before::text as before, e.after::text as after, e.request_id,
               \(unescaped: ActorStatements.columns(kind: "e.actor", id: "e.actor_id"))
        from (select 1) one
        left join caller on true
        left join lateral (
            select x.* from audit_events x
            where x.subject_kind = '\(unescaped: kind.rawValue)' and x.subject_id = \(id) and x.id < \(before.event)
            order by x.id desc limit \(limit)
        ) e on caller.actor is not null
        order by e.id desc
        """
    }

    /// What runs did to it or could not do, the newest first; of plans only what was applied.
    static func changes(
        _ kind: ObjectKind, _ id: Int64, before: HistoryPosition, limit: Int64, caller: Caller
    ) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.auditEventsRead])
        select caller.actor is not null as authenticated, c.run_id, c.seq, c.action, c.reason, c.fields, c.memberships, c.suspends,
               c.applied_at, r.policy, s.name as source, coalesce(f.detail, f.code) as refusal
        from (select 1) one
        left join caller on true
        left join lateral (
            select x.run_id, x.seq, x.action, x.reason, x.fields, x.memberships, x.suspends, a.applied_at
            from changes x
            join applied_ranges a on a.run_id = x.run_id and x.seq between a.first_seq and a.last_seq
            where x.kind = '\(unescaped: kind.rawValue)' and x.object_id = \(id)
              and (x.run_id, x.seq) < (\(before.run), \(before.seq))
            order by x.run_id desc, x.seq desc limit \(limit)
        ) c on caller.actor is not null
        left join runs r on r.id = c.run_id
        left join sources s on s.id = r.source_id
        left join change_refusals f on f.run_id = c.run_id and f.seq = c.seq
        order by c.run_id desc, c.seq desc
        """
    }
}
