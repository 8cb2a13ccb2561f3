// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL that removes what was kept long enough, in bounded batches. No token gets there.
enum RetentionStatements {
    static func auditEvents(days: Int, _ batch: Int32) -> PostgresQuery {
        """
        delete from audit_events where id in (
            select e.id from audit_events e
            where e.id < audit_event_near(\(before: days)) and e.at < \(before: days) order by e.id limit \(batch)
        )
        """
    }

    static func deliveries(days: Int, _ batch: Int32) -> PostgresQuery {
        """
        delete from deliveries where id in (
            select id from deliveries where state <> 'pending' and created_at < \(before: days) limit \(batch)
        )
        """
    }

    /// Reads that are over: their time, or the run that they waited for. What a dead process was writing goes after a day.
    static func keptReads(_ batch: Int32) -> PostgresQuery {
        """
        delete from kept_reads where id in (
            select k.id from kept_reads k left join runs r on r.id = k.run_id
            where k.expires_at < now()
               or (not k.is_whole and k.kept_at < now() - interval '1 day')
               or (k.is_whole and not k.is_current
                   and (r.id is null or r.state in ('done', 'unchanged', 'refused', 'stale', 'failed', 'rejected')))
            limit \(batch)
        )
        """
    }

    /// Months of changes of which no run has need any more: each a table of its own, and gone at once.
    static func months(days: Int) -> PostgresQuery {
        """
        select m.name from (
            select c.relname::text as name, to_date(right(c.relname, 7), 'YYYY_MM')::timestamp at time zone 'utc' as since,
                   (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') at time zone 'utc' as until
            from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = 'changes'::regclass and c.relname ~ '^changes_[0-9]{4}_[0-9]{2}$'
        ) m
        where m.until < \(before: days)
          and not exists (select from runs r where r.planned_at >= m.since and r.planned_at < m.until and not (\(over: days)))
        order by m.name
        """
    }

    static func changes(days: Int, _ batch: Int32) -> PostgresQuery {
        """
        with due as (
            select c.run_id, c.seq, c.planned_at from runs r
            join changes c on c.run_id = r.id and c.planned_at = r.planned_at
            where \(over: days) limit \(batch)
        )
        delete from changes c using due where c.run_id = due.run_id and c.seq = due.seq and c.planned_at = due.planned_at
        """
    }

    static func findings(days: Int, _ batch: Int32) -> PostgresQuery {
        """
        with due as (select f.run_id, f.number from runs r join run_findings f on f.run_id = r.id where \(over: days) limit \(batch))
        delete from run_findings f using due where f.run_id = due.run_id and f.number = due.number
        """
    }

    static func refusals(days: Int, _ batch: Int32) -> PostgresQuery {
        """
        with due as (select x.run_id, x.seq from runs r join change_refusals x on x.run_id = r.id where \(over: days) limit \(batch))
        delete from change_refusals x using due where x.run_id = due.run_id and x.seq = due.seq
        """
    }

    static func runs(days: Int, _ batch: Int32) -> PostgresQuery {
        """
        delete from runs where id in (
            select r.id from runs r where \(over: days)
              and not exists (select from changes c where c.run_id = r.id and c.planned_at = r.planned_at)
            order by r.id limit \(batch)
        )
        """
    }
}

extension PostgresQuery.StringInterpolation {
    fileprivate mutating func appendInterpolation(before days: Int) {
        appendLiteral("(now() - ")
        appendInterpolation(Int32(days))
        appendLiteral(" * interval '1 day')")
    }

    /// The condition that run `r` ended long enough ago and nothing needs it. The latest of a source's policy is what a person
    /// looks for, whatever its age, and webhooks are still to hear of what the outbox names.
    fileprivate mutating func appendInterpolation(over days: Int) {
        appendLiteral(
            """
            r.finished_at < \(unescapedBefore(days)) and r.state in ('done', 'unchanged', 'refused', 'stale', 'failed', 'rejected')
            and exists (select from runs n where n.source_id = r.source_id and n.policy = r.policy and n.id > r.id)
            and not exists (select from outbox o where o.run_id = r.id)
            """)
    }

    /// A number of ours.
    private func unescapedBefore(_ days: Int) -> String { "now() - \(days) * interval '1 day'" }
}
