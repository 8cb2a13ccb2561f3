// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of Idempotency-Keys. Each statement resolves the caller itself; a key belongs to one app.
///
/// No scope is asked for here: the call that the key is for needs its own, and so does showing its object again.
enum IdempotencyStatements {
    /// How many expired keys each new one takes away: the table shrinks faster than it grows.
    static let purged = 10

    /// Whether the call may go on: true when nobody else is at work under the key. Held until the transaction ends, so two
    /// calls of one key never overlap, on whichever replica. Never waits: a waiter would hold a connection.
    static func lock(_ key: [UInt8], caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [])
        select pg_try_advisory_xact_lock(hashtextextended(caller.app_id || encode(\(key), 'hex'), 5)) as locked from caller
        """
    }

    /// What was carried out under the key. A statement of its own after `lock`, for its snapshot must be younger than that.
    static func find(_ key: [UInt8], caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [])
        select k.content, k.key_id, k.object_id from caller
        join idempotency_keys k on k.platform_app_id = caller.app_id and k.key = \(key) and k.expires_at > now()
        """
    }

    /// Notes that the call was carried out; touches one row, or none when the token is dead by now.
    static func store(_ key: [UInt8], content: [UInt8], keyID: Int32, object: Int64?, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: []),
        expired as (
            select platform_app_id, key from idempotency_keys where expires_at <= now() and key <> \(key)
            order by expires_at limit \(unescaped: String(purged)) for update skip locked
        ),
        purged as (
            delete from idempotency_keys k using expired e where k.platform_app_id = e.platform_app_id and k.key = e.key
        )
        insert into idempotency_keys (platform_app_id, key, content, key_id, object_id)
        select caller.app_id, \(key), \(content), \(keyID), \(object) from caller
        on conflict (platform_app_id, key) do update set
            content = excluded.content, key_id = excluded.key_id, object_id = excluded.object_id, expires_at = excluded.expires_at
        returning 1 as stored
        """
    }
}
