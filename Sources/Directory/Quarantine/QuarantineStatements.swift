// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of what is left alone for a while: entries and policies. For operators only.
enum QuarantineStatements {
    /// A page of entries in quarantine, in the order in which they got there.
    static func list(_ filter: QuarantineFilter, id: Int64?, _ page: PageRequest, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.runsRead])
        select caller.actor is not null as authenticated, q.id, q.source, q.policy, q.external_key, q.entry, q.action, q.code,
               q.detail, q.attempts, q.since, q.last_try_at, q.next_try_at, q.run_id
        from (select 1) one
        left join caller on true
        left join lateral (
            select x.*, s.name as source from quarantined_entries x join sources s on s.id = x.source_id
            where caller.actor is not null and (\(id)::bigint is null or x.id = \(id))
              and (\(filter.source)::text is null or s.name = \(filter.source))
              and (\(filter.policy)::text is null or x.policy = \(filter.policy)) and \(of: page, "x.id")
            order by x.id limit \(page.fetched)
        ) q on true
        order by q.id
        """
    }

    /// Has entries tried again by the next run, which a daemon begins soon: one, or all that the filter lets through.
    static func retry(_ id: Int64?, _ filter: QuarantineFilter, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.runsWrite]),
        retried as (
            update quarantined_entries x set next_try_at = now() from caller, sources s
            where s.id = x.source_id and (\(id)::bigint is null or x.id = \(id))
              and (\(filter.source)::text is null or s.name = \(filter.source))
              and (\(filter.policy)::text is null or x.policy = \(filter.policy))
            returning x.id, x.policy, s.name as source, coalesce(x.entry, encode(x.external_key, 'hex')) as entry
        ),
        \(
            audit: "quarantine.retry", ofOther: "quarantined_entry", "retried", caller: caller,
            after: "jsonb_build_object('source', retried.source, 'policy', retried.policy, 'entry', retried.entry)")
        select caller.actor is not null as authenticated, (select count(*) from retried) as count
        from (select 1) one left join caller on true
        """
    }

    /// The policies in trouble, in the order in which they got there.
    static func troubles(_ page: PageRequest, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.runsRead])
        select caller.actor is not null as authenticated, t.id, t.source, t.policy, t.platform_app_id, t.app, t.code, t.reason,
               t.failures, t.since, t.run_id, t.put_aside is not null as is_put_aside
        from (select 1) one
        left join caller on true
        left join lateral (
            select x.*, s.name as source, s.platform_app_id, a.name as app
            from policy_standings x join sources s on s.id = x.source_id join platform_apps a on a.id = s.platform_app_id
            where caller.actor is not null and x.told_at is not null and \(of: page, "x.id")
            order by x.id limit \(page.fetched)
        ) t on true
        order by t.id
        """
    }

    /// Has a policy run again soon that was put aside, whatever its file.
    static func retry(policy: String, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.runsWrite]),
        retried as (
            update policy_standings x set put_aside = null, retry_at = now() from caller
            where x.policy = \(policy) and x.told_at is not null
            returning x.id, x.policy, x.source_id, x.code
        ),
        \(
            audit: "policy.retry", ofOther: "policy_standing", "retried", caller: caller,
            before: "jsonb_build_object('code', retried.code)", after: "jsonb_build_object('policy', retried.policy)")
        select caller.actor is not null as authenticated, (select count(*) from retried) as count
        from (select 1) one left join caller on true
        """
    }
}
