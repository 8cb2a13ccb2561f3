// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of how policies fare: who runs them asks and tells, and no token gets here.
enum StandingStatements {
    /// So many runs in a row that come to nothing for the same reason are trouble.
    static let fewFailures: Int32 = 3

    /// Notes that a run came to nothing; runs that nobody was to apply say nothing of their policy.
    ///
    /// - Parameter stamp: the file and the rules for which the policy is put aside; nil where it is run on as ever.
    static func failed(_ run: Int64, stamp: String?) -> PostgresQuery {
        """
        with run as materialized (\(unescaped: self.run(run))),
        noted as (
            insert into policy_standings as p (source_id, policy, failures, code, reason, run_id, told_at, put_aside)
            select run.source_id, run.policy, 1, run.code, run.reason, run.id, case when \(stamp != nil) then now() end,
                   \(stamp)::text
            from run
            on conflict (source_id, policy) do update set
                failures = case when p.code = excluded.code then p.failures + 1 else 1 end,
                since = case when p.code = excluded.code then p.since else now() end,
                told_at = coalesce(p.told_at, excluded.told_at,
                    case when p.code = excluded.code and p.failures + 1 >= \(fewFailures) then now() end),
                code = excluded.code, reason = excluded.reason, run_id = excluded.run_id, put_aside = excluded.put_aside,
                retry_at = null
            where p.run_id is distinct from excluded.run_id
            returning p.*
        ),
        \(told: .syncTroubled, "noted", "noted.told_at = now()", "noted.code", "noted.reason", "noted.failures")
        select noted.failures, noted.told_at = now() as is_news from noted
        """
    }

    /// Notes that a run went well.
    static func recovered(_ run: Int64) -> PostgresQuery {
        """
        with run as materialized (\(unescaped: self.run(run))),
        was as materialized (
            select p.* from run join policy_standings p on p.source_id = run.source_id and p.policy = run.policy and p.failures > 0
            for update of p
        ),
        noted as (
            update policy_standings p set failures = 0, code = null, reason = null, told_at = null, put_aside = null, run_id = run.id,
                retry_at = case when p.retries > 0 then p.retry_at end
            from was, run where p.id = was.id returning p.id
        ),
        \(told: .syncRecovered, "was", "was.told_at is not null", "was.code", "null::text", "was.failures")
        select was.told_at is not null as is_news from was
        """
    }

    /// Has the policy run again after a while, longer each time, because changes of the run were refused for reasons that pass.
    static func retryLater(after run: Int64) -> PostgresQuery {
        """
        insert into policy_standings as p (source_id, policy, run_id, retry_at, retries)
        select run.source_id, run.policy, run.id, now() + interval '1 minute', 1 from (\(unescaped: self.run(run))) run
        on conflict (source_id, policy) do update set run_id = excluded.run_id, retries = p.retries + 1,
            retry_at = now() + least(interval '1 minute' * power(4, least(p.retries, 6)), interval '6 hours')
        where p.run_id is distinct from excluded.run_id or p.retry_at is null
        """
    }

    /// There is nothing to be tried again.
    static func forgetRetry(after run: Int64) -> PostgresQuery {
        """
        update policy_standings p set retry_at = null, retries = 0 from (\(unescaped: self.run(run))) run
        where p.source_id = run.source_id and p.policy = run.policy and p.retry_at is not null
        """
    }

    /// Rows that say nothing any more.
    static let forgetTheWell: PostgresQuery = "delete from policy_standings where failures = 0 and retry_at is null"

    /// Whether a policy is put aside for this file and these rules.
    static func isPutAside(_ policy: String, source: String, app: String, stamp: String) -> PostgresQuery {
        """
        select exists (
            select from policy_standings p join sources s on s.id = p.source_id
            join platform_apps a on a.id = s.platform_app_id and a.deleted_at is null
            where p.policy = \(policy) and s.name = \(source) and a.name = \(app) and p.put_aside = \(stamp)
        ) as put_aside
        """
    }

    /// Policies that are to be run again though nothing is new at the source: somebody decided a dispute or asked for it, or what
    /// was left alone is to be tried again, and no run that was to be applied has begun since.
    static let due: PostgresQuery = """
        select x.policy, s.name as source, a.name as app
        from (
            select source_id, policy, max(at) as at from (
                select source_id, policy, decided_at as at from disputes where decided_at is not null
                union all
                select source_id, policy, next_try_at from quarantined_entries where next_try_at <= now()
                union all
                select source_id, policy, retry_at from policy_standings where retry_at <= now()
            ) y group by source_id, policy
        ) x
        join sources s on s.id = x.source_id
        join platform_apps a on a.id = s.platform_app_id and a.disabled_at is null
        where not exists (
            select from runs r where r.source_id = x.source_id and r.policy = x.policy and r.applies and r.created_at > x.at)
        """

    private static func run(_ id: Int64) -> String {
        """
        select r.id, r.source_id, r.policy, r.code, r.reason, r.platform_app_id from runs r \
        where r.id = \(id) and r.applies and r.undoes is null
        """
    }
}

extension PostgresQuery.StringInterpolation {
    /// The CTE `told`: a delivery for each webhook of the run's app that hears of it.
    ///
    /// A policy is no object: its events stand in a line of their own, under the negative of its source's id.
    fileprivate mutating func appendInterpolation(
        told type: EventType, _ relation: StaticString, _ condition: StaticString, _ code: StaticString, _ reason: StaticString,
        _ failures: StaticString
    ) {
        appendLiteral(
            """
            told as (
                insert into deliveries (webhook_id, type, subject_kind, subject_id, payload)
                select w.id, '\(type.rawValue)', 'account', -run.source_id, json_build_object(
                    'type', '\(type.rawValue)',
                    'timestamp', to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                    'data', json_build_object('object', 'policy', 'policy', run.policy,
                        'source', (select s.name from sources s where s.id = run.source_id),
                        'code', \(code), 'reason', \(reason), 'runs', \(failures), 'run_id', run.id))::text
                from run cross join \(relation)
                join webhooks w on w.platform_app_id = run.platform_app_id and w.disabled_at is null and w.deleted_at is null
                    and '\(type.rawValue)' = any (w.events)
                where \(condition)
            )
            """)
    }
}
