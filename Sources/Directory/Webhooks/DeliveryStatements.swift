// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of sending: no token gets here.
enum DeliveryStatements {
    /// The webhooks that have something to be sent now.
    static let dueWebhooks: PostgresQuery = """
        select w.id from webhooks w where w.disabled_at is null and w.deleted_at is null
        and exists (select from deliveries d where d.webhook_id = w.id and d.state = 'pending' and d.run_at <= now())
        """

    /// A row for each secret that signs now, the newest first.
    static func target(_ webhook: Int64) -> PostgresQuery {
        """
        select w.url, s.nonce, s.key_id from webhooks w
        cross join lateral (
            values (1, w.nonce, w.key_id, null), (2, w.previous_nonce, w.previous_key_id, w.previous_until)
        ) s (turn, nonce, key_id, until)
        where w.id = \(webhook) and w.disabled_at is null and w.deleted_at is null and (s.turn = 1 or s.until > now())
        order by s.turn
        """
    }

    /// What may be sent now: of each object the oldest only, so that the next one waits until that is delivered or given up.
    static func due(_ webhook: Int64, limit: Int32) -> PostgresQuery {
        """
        select d.id, d.type, d.payload, d.state, d.attempts, d.last_status, d.last_error, d.last_attempt_at, d.run_at,
               d.delivered_at, d.created_at
        from deliveries d
        where d.webhook_id = \(webhook) and d.state = 'pending' and d.run_at <= now() and not exists (
            select from deliveries e where e.webhook_id = d.webhook_id and e.state = 'pending'
            and e.subject_kind = d.subject_kind and e.subject_id = d.subject_id and e.id < d.id
        )
        order by d.run_at, d.id limit \(limit)
        """
    }

    static func delivered(_ id: Int64, status: Int32) -> PostgresQuery {
        """
        update deliveries set state = 'delivered', attempts = attempts + 1, last_status = \(status), last_error = null,
            last_attempt_at = now(), delivered_at = now() where id = \(id)
        """
    }

    /// Given up when the next attempt would come too late.
    static func failed(_ id: Int64, status: Int32?, error: String, pauseMilliseconds: Int64) -> PostgresQuery {
        """
        update deliveries set attempts = attempts + 1, last_status = \(status), last_error = \(error), last_attempt_at = now(),
            state = case when now() + \(pauseMilliseconds) * interval '1 millisecond' > deadline then 'failed' else 'pending' end,
            run_at = now() + \(pauseMilliseconds) * interval '1 millisecond'
        where id = \(id) and state = 'pending'
        """
    }
}
