// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of what operators set. For operators only, but for what the purge reads.
enum SettingStatements {
    static func retention(caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.settingsRead])
        select caller.actor is not null as authenticated, \(unescaped: columns)
        from (select 1) one left join caller on true left join settings s on caller.actor is not null and s.name = 'retention'
        """
    }

    /// What the purge goes by; no token gets there.
    static let retentionInForce: PostgresQuery = """
        select \(unescaped: columns) from (select 1) one left join settings s on s.name = 'retention'
        """

    static func setRetention(_ retention: Retention, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.settingsWrite]),
        before as (select s.value from settings s where s.name = 'retention'),
        saved as (
            insert into settings as s (name, value)
            select 'retention', jsonb_build_object('audit_days', \(retention.auditDays.map(Int64.init)),
                'run_days', \(retention.runDays.map(Int64.init)), 'delivery_days', \(retention.deliveryDays.map(Int64.init)))
            from caller
            on conflict (name) do update set value = excluded.value, updated_at = now()
            returning s.value
        ),
        audited as (
            insert into audit_events (actor, actor_id, action, subject_kind, before, after, request_id)
            select caller.actor, nullif(caller.actor_id, 0), 'settings.update', 'retention', (select value from before), saved.value,
                   \(caller.requestID)::text from saved, caller
            where saved.value is distinct from (select value from before)
        )
        select caller.actor is not null as authenticated from (select 1) one left join caller on true
        """
    }

    /// The keys without what they are, and without counting what was made with them, which would read every token.
    static func dataKeys(caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.settingsRead])
        select caller.actor is not null as authenticated, k.id, k.created_at, k.retired_at,
               k.id = (select max(id) from data_keys where retired_at is null) as is_current
        from (select 1) one left join caller on true left join data_keys k on caller.actor is not null
        order by k.id desc
        """
    }

    private static let columns = """
        s.name is not null as is_set, (s.value ->> 'audit_days')::bigint as audit_days, (s.value ->> 'run_days')::bigint as run_days,
        (s.value ->> 'delivery_days')::bigint as delivery_days
        """
}
