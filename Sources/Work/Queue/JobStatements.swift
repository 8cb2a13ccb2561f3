// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Postgres

/// The SQL of the queue. A lease is a random number and a time: whoever cannot show the number has lost the job.
enum JobStatements {
    /// Jobs that are there already stay as they are, their pauses too.
    static func enqueue(_ kind: String, _ keys: [String]) -> PostgresQuery {
        """
        insert into jobs (kind, key) select \(kind), k.key from unnest(\(keys)) k (key)
        where not exists (select from jobs j where j.kind = \(kind) and j.key = k.key)
        on conflict (kind, key) do nothing
        """
    }

    static func claim(_ kinds: [String], limit: Int32, lease: Duration) -> PostgresQuery {
        """
        with due as (
            select id from jobs
            where run_at <= now() and (leased_until is null or leased_until < now()) and kind = any (\(kinds))
            order by run_at limit \(limit) for update skip locked
        )
        update jobs j set lease = gen_random_uuid(), leased_until = now() + \(lease.milliseconds) * interval '1 millisecond',
            attempts = j.attempts + 1
        from due where j.id = due.id
        returning j.id, j.kind, j.key, j.attempts, j.lease
        """
    }

    static func renew(_ job: Job, lease: Duration) -> PostgresQuery {
        """
        update jobs set leased_until = now() + \(lease.milliseconds) * interval '1 millisecond'
        where id = \(job.id) and lease = \(job.lease)
        """
    }

    static func finish(_ job: Job) -> PostgresQuery {
        "delete from jobs where id = \(job.id) and lease = \(job.lease)"
    }

    /// - Parameters:
    ///   - attempts: how many failed attempts are behind it.
    ///   - error: why the last one failed; holds no secret.
    static func release(_ job: Job, attempts: Int, after pause: Duration, error: String?) -> PostgresQuery {
        """
        update jobs set run_at = now() + \(pause.milliseconds) * interval '1 millisecond', attempts = \(Int32(attempts)),
            lease = null, leased_until = null, last_error = \(error)
        where id = \(job.id) and lease = \(job.lease)
        """
    }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
