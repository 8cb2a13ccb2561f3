// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL that counts failed sign-ins.
enum SignInFailureStatements {
    /// Counts one try against every limit, unless one is reached already; tells how long to wait when one is.
    ///
    /// Counted before the password is compared and taken back when it was right: tries at the same moment cannot slip through
    /// between look and count.
    static func count(_ limits: [FailureLimit]) -> PostgresQuery {
        let keys = limits.map(\.key)
        return """
            with wanted as (
                select * from unnest(\(keys), \(limits.map(\.most)), \(limits.map(\.seconds))) as w(key, most, seconds)
            ),
            reached as (
                select f.until from wanted w join sign_in_failures f on f.key = w.key and f.until > now() and f.count >= w.most
            ),
            counted as (
                insert into sign_in_failures as f (key, count, until)
                select w.key, 1, now() + make_interval(secs => w.seconds) from wanted w
                where not exists (select from reached) order by w.key
                on conflict (key) do update set
                    count = case when f.until > now() then f.count + 1 else 1 end,
                    until = case when f.until > now() then f.until else excluded.until end
                returning f.key, f.count, f.until
            ),
            purged as (
                delete from sign_in_failures where key in (
                    select f.key from sign_in_failures f where f.until < now() - interval '1 minute' and f.key <> all (\(keys))
                    order by f.until limit 20 for update skip locked)
            )
            select max(ceil(extract(epoch from over.until - now())))::bigint as wait
            from (
                select until from reached
                union all
                select c.until from counted c join wanted w on w.key = c.key where c.count > w.most
            ) over
            """
    }

    /// Takes one try back.
    static func forgive(_ limits: [FailureLimit]) -> PostgresQuery {
        """
        update sign_in_failures f set count = f.count - 1
        from (select key from sign_in_failures where key = any (\(limits.map(\.key))) order by key for update) k
        where f.key = k.key and f.count > 0
        """
    }
}
