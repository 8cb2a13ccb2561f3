// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
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

    /// What was carried out under the key, or is. A statement of its own after `lock`, for its snapshot must be younger than that.
    static func find(_ key: [UInt8], caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [])
        select k.content, k.key_id, k.object_id, k.answer, k.lease, coalesce(k.leased_until > now(), false) as held from caller
        join idempotency_keys k on k.platform_app_id = caller.app_id and k.key = \(key) and k.expires_at > now()
        """
    }

    /// Notes that the call was carried out; touches one row, or none when the token is dead by now.
    ///
    /// - Parameter lease: notes instead that it is being carried out, under this lease.
    static func store(
        _ key: [UInt8], content: [UInt8], keyID: Int32, object: Int64? = nil, lease: Lease? = nil, caller: Caller
    ) -> PostgresQuery {
        """
        with \(caller: caller, needs: []),
        expired as (
            select platform_app_id, key from idempotency_keys where expires_at <= now() and key <> \(key)
            order by expires_at limit \(unescaped: String(purged)) for update skip locked
        ),
        purged as (
            delete from idempotency_keys k using expired e where k.platform_app_id = e.platform_app_id and k.key = e.key
        )
        insert into idempotency_keys (platform_app_id, key, content, key_id, object_id, lease, leased_until)
        select caller.app_id, \(key), \(content), \(keyID), \(object), \(lease?.id), now() + \(lease?.seconds) * interval '1 second'
        from caller
        on conflict (platform_app_id, key) do update set
            content = excluded.content, key_id = excluded.key_id, object_id = excluded.object_id, answer = null,
            lease = excluded.lease, leased_until = excluded.leased_until, expires_at = excluded.expires_at
        returning 1 as stored
        """
    }

    /// Holds the lease for longer; touches no row when it is lost.
    static func renew(_ key: [UInt8], _ lease: Lease, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [])
        update idempotency_keys k set leased_until = now() + \(lease.seconds) * interval '1 second' from caller
        where k.platform_app_id = caller.app_id and k.key = \(key) and k.lease = \(lease.id)
        """
    }

    /// Ends the lease with the answer.
    static func finish(_ key: [UInt8], _ lease: Lease, answer: PostgresJSON, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [])
        update idempotency_keys k set answer = \(answer), lease = null, leased_until = null from caller
        where k.platform_app_id = caller.app_id and k.key = \(key) and k.lease = \(lease.id)
        """
    }

    /// Ends the lease without an answer: the call may be sent again.
    static func release(_ key: [UInt8], _ lease: Lease, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [])
        delete from idempotency_keys k using caller
        where k.platform_app_id = caller.app_id and k.key = \(key) and k.lease = \(lease.id)
        """
    }
}

/// The right to carry a call out, for as long as it is renewed.
struct Lease: Sendable {
    let id = UUID()
    let length: Duration

    var seconds: Double { Double(length.components.seconds) + Double(length.components.attoseconds) / 1e18 }
}
