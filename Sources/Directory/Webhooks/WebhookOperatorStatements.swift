// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of every app's webhooks. For operators only.
enum WebhookOperatorStatements {
    static func list(_ page: PageRequest, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.settingsRead])
        select caller.actor is not null as authenticated, w.id, w.url, w.events, w.disabled_at, w.created_at, w.platform_app_id,
               w.app as platform_app, w.retrying, w.given_up, last.delivered_at
        from (select 1) one
        left join caller on true
        left join lateral (
            select w.*, a.name as app, n.retrying, n.given_up from webhooks w
            join platform_apps a on a.id = w.platform_app_id
            \(unescaped: DeliveryTrouble.join)
            where caller.actor is not null and w.deleted_at is null and \(of: page, "w.id")
            order by w.id limit \(page.fetched)
        ) w on true
        left join lateral (
            -- Among the last few: a receiver that answers has one of them.
            select max(d.delivered_at) as delivered_at from (
                select x.delivered_at from deliveries x where x.webhook_id = w.id order by x.id desc limit 100) d
        ) last on true
        order by w.id
        """
    }

    /// Stops or resumes sending; what happens meanwhile is not sent later.
    static func setEnabled(_ id: Int64, _ isEnabled: Bool, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.settingsWrite]),
        target as (
            select w.* from caller join webhooks w on w.id = \(id) and w.deleted_at is null for no key update of w
        ),
        updated as (
            update webhooks x set disabled_at = case when \(isEnabled) then null else now() end, updated_at = now()
            from target t where x.id = t.id and (t.disabled_at is null) <> \(isEnabled)
            returning x.*
        ),
        audited as (
            insert into audit_events
                (actor, actor_id, platform_app_id, action, subject_kind, subject_id, before, after, request_id)
            select caller.actor, nullif(caller.actor_id, 0), updated.platform_app_id, 'webhook.update', 'webhook', updated.id,
                   jsonb_build_object('enabled', not \(isEnabled)), jsonb_build_object('enabled', \(isEnabled)),
                   \(caller.requestID)::text from updated, caller
        )
        select caller.actor is not null as authenticated, target.id
        from (select 1) one left join caller on true left join target on true
        """
    }
}
