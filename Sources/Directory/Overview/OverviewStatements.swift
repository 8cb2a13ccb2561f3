// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of the overview: look-ups and short scans only, whatever there is of users. For operators only.
enum OverviewStatements {
    /// Up to so many are counted, which is done in a millisecond or two.
    static let fewCounted = 10_000

    static func figures(caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.settingsRead])
        select caller.actor is not null as authenticated, f.*
        from (select 1) one
        left join caller on true
        left join lateral (
            select split_part(current_setting('server_version'), ' ', 1) as database_version,
                   (select 'V' || lpad(m.version::text, 4, '0') || '_' || m.name from schema_migrations m
                    order by m.version desc limit 1) as schema,
                   \(unescaped: size("users")), \(unescaped: size("accounts")), \(unescaped: size("agent_bots")),
                   (select count(*) from platform_apps) as platform_apps,
                   (select array_agg(s.email order by s.email) from (
                        select a.email from super_admins a where a.totp_confirmed_at is null and a.disabled_at is null
                        order by a.email limit 20) s) as unproven
            where caller.actor is not null
        ) f on true
        """
    }

    /// What waits for a person in syncs: plans, disputes, entries in quarantine, policies in trouble.
    static func waitingRuns(caller: Caller) -> PostgresQuery {
        let most = Overview.mostCounted
        return """
            with \(operator: caller, needs: [.runsRead])
            select (select count(*) from (
                        select from caller join runs r on r.state in ('planned', 'held') and r.released_at is null
                        limit \(unescaped: "\(most)")) w) as count,
                   (select count(*) from (
                        select from caller join disputes d on d.state in ('open', 'lapsed') limit \(unescaped: "\(most)")) w)
                       as disputes,
                   (select count(*) from (
                        select from caller join quarantined_entries q on true limit \(unescaped: "\(most)")) w) as quarantined,
                   (select count(*) from (
                        select from caller join policy_standings p on p.told_at is not null limit \(unescaped: "\(most)")) w)
                       as troubled
            """
    }

    static func failingWebhooks(caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.settingsRead])
        select w.id, w.url, w.platform_app_id, a.name as platform_app, n.retrying, n.given_up
        from caller
        join webhooks w on w.deleted_at is null and w.disabled_at is null
        join platform_apps a on a.id = w.platform_app_id
        \(unescaped: DeliveryTrouble.join)
        where n.retrying + n.given_up > 0
        order by n.given_up desc, n.retrying desc, w.id limit 20
        """
    }

    /// Tokens of apps and super admins, which are few; those of users and bots are not looked at.
    static func tokens(caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.accessTokensRead])
        select t.id, t.owner_kind::text as owner_kind, t.owner_id, coalesce(a.name, s.email) as owner, t.expires_at, t.last_used_at,
               t.created_at, coalesce(t.expires_at < now() + interval '14 days', false) as is_expiring
        from caller
        join access_tokens t on t.owner_kind in ('platform_app', 'super_admin') and t.owner_kind <> 'user'
        left join platform_apps a on t.owner_kind = 'platform_app' and a.id = t.owner_id and a.disabled_at is null
        left join super_admins s on t.owner_kind = 'super_admin' and s.id = t.owner_id and s.disabled_at is null
        where t.revoked_at is null and (t.expires_at is null or t.expires_at > now()) and coalesce(a.id, s.id) is not null
          and t.replaced_by is null
          and (t.expires_at < now() + interval '14 days'
               or coalesce(t.last_used_at, t.created_at) < now() - interval '90 days')
        order by t.expires_at nulls last, t.id limit 20
        """
    }

    /// What failed again and again, or was due long ago and nobody took it.
    static func stalledJobs(caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.settingsRead])
        select j.kind, j.attempts, j.run_at, j.last_error
        from caller join jobs j on j.run_at < now() - interval '5 minutes' and coalesce(j.leased_until < now(), true)
            or j.attempts >= 3
        order by j.run_at limit 20
        """
    }

    private static func size(_ table: String) -> String {
        """
        (select case when n.few > \(fewCounted) then greatest(c.reltuples::bigint, n.few) else n.few end
         from pg_class c, (select count(*) as few from (select from \(table) where deleted_at is null limit \(fewCounted + 1)) x) n
         where c.oid = '\(table)'::regclass) as \(table)
        """
    }
}

/// How much trouble the webhook `w` has: joined as `n(retrying, given_up)`, counted from an index of nothing but trouble.
enum DeliveryTrouble {
    static let join = """
        cross join lateral (
            select (select count(*) from (
                        select from deliveries d where d.webhook_id = w.id and d.state = 'pending' and d.attempts > 0
                        limit \(Overview.mostCounted)) x) as retrying,
                   (select count(*) from (
                        select from deliveries d where d.webhook_id = w.id and d.state = 'failed'
                        limit \(Overview.mostCounted)) x) as given_up
        ) n
        """
}
