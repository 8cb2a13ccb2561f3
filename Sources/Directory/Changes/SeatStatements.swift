// SPDX-License-Identifier: Apache-2.0

import Postgres

/// Which changes of a range find no seat, decided for all of them at once. The trigger `account_users_seats` stays the one that
/// cannot be raced; what it refuses, it refuses for the whole range, and the engine would have to search for whose fault it is.
enum SeatStatements {
    /// Locks the accounts with a limit that the range gives members to, in the order that the trigger locks them: nobody else
    /// takes a seat until the range is written. Touches no row where no account has a limit.
    static func lock(_ range: ChangeRange) -> PostgresQuery {
        """
        with \(accepted: range)
        select from accounts a
        where exists (select from accounts where \(unescaped: limited("accounts"))) and \(unescaped: limited("a"))
          and a.id in (select m.key::bigint from accepted c cross join lateral jsonb_each(c.memberships) m
                       where c.kind = 'user' and m.value ->> 1 is not null)
        order by a.id for no key update of a
        """
    }

    /// Refuses the surplus: of those who want a seat, the first have it, in the order of the plan. After ``lock(_:)``.
    ///
    /// Who is refused for one account takes no seat of another either. So a change is refused only when enough of those before
    /// it are sure of their seats; others are left for the next time. To be repeated until nothing is refused: each time at
    /// least the first change whose seats are in doubt is decided.
    ///
    /// - Parameter decisively: refuses whoever is in doubt too. Chains of doubt may be as long as the range.
    static func refuse(_ range: ChangeRange, decisively: Bool) -> PostgresQuery {
        """
        with \(accepted: range),
        delta as materialized (
            select c.run_id, c.seq, c.object_id as user_id, m.key::bigint as account_id, m.value ->> 1 as role
            from accepted c cross join lateral jsonb_each(c.memberships) m
            join accounts a on a.id = m.key::bigint and \(unescaped: limited("a"))
            where c.kind = 'user'
        ),
        -- Who is a member takes no seat, and gives one when the membership ends.
        wanted as materialized (
            select d.run_id, d.seq, d.account_id from delta d
            where d.role is not null
              and not exists (select from account_users au where au.user_id = d.user_id and au.account_id = d.account_id)
        ),
        freed as (
            select d.account_id, count(*) as seats
            from delta d join account_users au on au.user_id = d.user_id and au.account_id = d.account_id
            where d.role is null group by d.account_id
        ),
        free as materialized (
            select a.id as account_id,
                   (a.limits ->> 'agents')::numeric + coalesce(f.seats, 0)
                   - (select count(*) from account_users au join users u on u.id = au.user_id and u.deleted_at is null
                      where au.account_id = a.id) as seats
            from accounts a left join freed f on f.account_id = a.id
            where a.id in (select account_id from wanted)
        ),
        placed as materialized (
            select w.run_id, w.seq, w.account_id, free.seats,
                   row_number() over (partition by w.account_id order by w.seq) as place
            from wanted w join free on free.account_id = w.account_id
        ),
        seated as (select seq from placed group by seq having bool_and(place <= seats)),
        judged as (
            select p.*, count(s.seq) over (partition by p.account_id order by p.seq
                                           rows between unbounded preceding and 1 preceding) as seated_before
            from placed p left join seated s on s.seq = p.seq
        )
        insert into change_refusals (run_id, seq, code, detail)
        select distinct on (seq) run_id, seq, 'no_seat', 'account ' || account_id from judged
        where seated_before >= seats or (\(decisively) and place > seats)
        order by seq, account_id
        """
    }

    private static func limited(_ account: String) -> String { "jsonb_typeof(\(account).limits -> 'agents') = 'number'" }
}
