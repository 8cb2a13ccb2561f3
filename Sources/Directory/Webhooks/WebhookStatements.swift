// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of webhooks and their log, as an app sees its own. A webhook belongs to one app and to nobody else: each statement
/// joins the caller's app itself.
enum WebhookStatements {
    private static let columns = """
        w.id, w.url, w.events, w.disabled_at, w.created_at, w.updated_at, w.nonce, w.key_id, \
        case when w.previous_until > now() then w.previous_until end as previous_until
        """
    private static let deliveryColumns = """
        d.id, d.type, d.payload, d.state, d.attempts, d.last_status, d.last_error, d.last_attempt_at, d.run_at, d.delivered_at, \
        d.created_at
        """

    /// - Parameter page: nil for all of them.
    static func list(_ page: PageRequest?, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.webhooksRead])
        select caller.app_id is not null as authenticated, 15::smallint as rights, \(unescaped: columns)
        from (select 1) one
        left join caller on true
        left join lateral (
            select * from webhooks x where x.platform_app_id = caller.app_id and x.deleted_at is null and \(of: page, "x.id")
            order by x.id limit \(page?.fetched)
        ) w on true
        order by w.id
        """
    }

    /// - Parameter scope: what the call needs that shows it.
    static func show(_ id: Int64, caller: Caller, needs scope: Scope = .webhooksRead) -> PostgresQuery {
        """
        with \(caller: caller, needs: [scope]), \(ownedWebhook: id)
        select caller.app_id is not null as authenticated, owned.rights, \(unescaped: columns)
        from (select 1) one
        left join caller on true
        left join owned on true
        left join webhooks w on w.id = owned.id and w.deleted_at is null
        """
    }

    /// No row with an id when the app has as many as it may have.
    static func create(_ draft: WebhookDraft, url: String, events: [String], keyID: Int32, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.webhooksWrite]),
        created as (
            insert into webhooks (platform_app_id, url, events, key_id, disabled_at)
            select caller.app_id, \(url), \(events), \(keyID), case when \(draft.enabled == false) then now() end from caller
            where (select count(*) from webhooks w where w.platform_app_id = caller.app_id and w.deleted_at is null)
                < \(WebhookRules.mostOfAnApp)
            returning webhooks.*
        ),
        \(audit: "webhook.create", ofOther: "webhook", "created", caller: caller, after: audited("created"))
        select caller.app_id is not null as authenticated, 15::smallint as rights, \(unescaped: columns)
        from (select 1) one
        left join caller on true
        left join created w on true
        """
    }

    static func update(_ id: Int64, _ draft: WebhookDraft, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.webhooksWrite]), \(ownedWebhook: id),
        target as (
            select w.* from webhooks w join owned on owned.id = w.id where w.deleted_at is null for no key update of w
        ),
        updated as (
            update webhooks x set
                url = coalesce(\(draft.url), x.url), events = coalesce(\(draft.events), x.events), updated_at = now(),
                disabled_at = case when \(draft.enabled) then null when not \(draft.enabled) then coalesce(x.disabled_at, now())
                    else x.disabled_at end
            from target t where x.id = t.id
            returning x.*
        ),
        \(
            audit: "webhook.update", ofOther: "webhook", "updated", caller: caller,
            before: "(select \(audited("target")) from target)", after: audited("updated"))
        select caller.app_id is not null as authenticated, owned.rights, \(unescaped: columns)
        from (select 1) one
        left join caller on true
        left join owned on true
        left join updated w on true
        """
    }

    /// Makes another secret; the one before stays for the overlap, and what was before that goes.
    static func rotate(_ id: Int64, overlap: Int64, keyID: Int32, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.webhooksWrite]), \(ownedWebhook: id),
        rotated as (
            update webhooks x set
                previous_nonce = case when \(overlap) > 0 then x.nonce end,
                previous_key_id = case when \(overlap) > 0 then x.key_id end,
                previous_until = case when \(overlap) > 0 then now() + \(overlap) * interval '1 second' end,
                nonce = gen_random_uuid(), key_id = \(keyID), updated_at = now()
            from owned where x.id = owned.id and x.deleted_at is null
            returning x.*
        ),
        \(
            audit: "webhook.rotate_secret", ofOther: "webhook", "rotated", caller: caller,
            after: "jsonb_build_object('previous_secret_expires_at', rotated.previous_until)")
        select caller.app_id is not null as authenticated, owned.rights, \(unescaped: columns)
        from (select 1) one
        left join caller on true
        left join owned on true
        left join rotated w on true
        """
    }

    static func delete(_ id: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.webhooksDelete]), \(ownedWebhook: id),
        deleted as (
            update webhooks x set deleted_at = now(), updated_at = now() from owned
            where x.id = owned.id and x.deleted_at is null
            returning x.*
        ),
        \(audit: "webhook.delete", ofOther: "webhook", "deleted", caller: caller, before: audited("deleted"))
        select caller.app_id is not null as authenticated, owned.rights, deleted.id
        from (select 1) one
        left join caller on true
        left join owned on true
        left join deleted on true
        """
    }

    /// The webhook's deliveries, the newest first; one row with a null id when there is none.
    static func deliveries(_ id: Int64, _ page: PageRequest, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.webhooksRead]), \(ownedWebhook: id)
        select caller.app_id is not null as authenticated, owned.rights, w.id as webhook_id, \(unescaped: deliveryColumns)
        from (select 1) one
        left join caller on true
        left join owned on true
        left join webhooks w on w.id = owned.id and w.deleted_at is null
        left join lateral (
            select * from deliveries x where x.webhook_id = w.id and \(newestFirst: page, "x.id")
            order by x.id desc limit \(page.fetched)
        ) d on true
        order by d.id desc
        """
    }

    /// Has the delivery tried again from the start, under its old id.
    static func redeliver(_ id: Int64, delivery: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.webhooksWrite]), \(ownedWebhook: id),
        again as (
            update deliveries x set state = 'pending', attempts = 0, run_at = now(), deadline = now() + interval '3 days',
                delivered_at = null
            from owned join webhooks w on w.id = owned.id and w.deleted_at is null
            where x.id = \(delivery) and x.webhook_id = w.id
            returning x.*
        ),
        \(audit: "delivery.redeliver", ofOther: "delivery", "again", caller: caller)
        select caller.app_id is not null as authenticated, owned.rights, \(unescaped: deliveryColumns)
        from (select 1) one
        left join caller on true
        left join owned on true
        left join again d on true
        """
    }

    /// Credentials can hide in a query string, so that the trail keeps the address without it.
    private static func audited(_ relation: String) -> String {
        "jsonb_build_object('url', split_part(\(relation).url, '?', 1), 'events', \(relation).events, "
            + "'enabled', \(relation).disabled_at is null)"
    }
}

extension PostgresQuery.StringInterpolation {
    /// The CTE `owned(id, rights)`: the webhook, deleted or not, when it is the caller's.
    fileprivate mutating func appendInterpolation(ownedWebhook id: Int64) {
        appendLiteral("owned as (select o.id, 15::smallint as rights from caller join webhooks o ")
        appendLiteral("on o.platform_app_id = caller.app_id and o.id = ")
        appendInterpolation(id)
        appendLiteral(")")
    }
}
