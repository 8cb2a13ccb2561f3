// SPDX-License-Identifier: Apache-2.0

import Policy
import Postgres

/// What guards look at in a stored plan, and what they do to it.
enum GuardStatements {
    /// What a plan would do in each account.
    static func accounts(_ run: Int64) -> PostgresQuery {
        """
        select x.account_id, a.name, x.removed, x.administrators, x.moved,
               (select count(*) from account_users au where au.account_id = x.account_id) as members
        from (
            select m.key::bigint as account_id, count(*) filter (where m.value ->> 1 is null) as removed,
                   count(*) filter (where m.value ->> 1 = 'administrator' and m.value ->> 0 is distinct from 'administrator')
                       as administrators,
                   count(*) filter (where m.value ->> 0 is distinct from m.value ->> 1) as moved
            from changes c cross join lateral jsonb_each(c.memberships) m
            where c.run_id = \(run) and c.planned_at = now() and c.kind = 'user'
            group by 1
        ) x
        join accounts a on a.id = x.account_id
        order by x.account_id
        """
    }

    /// A run of its own for the changes that are held, beside the one whose other changes proceed; in the plan's transaction.
    static func part(of run: Int64, _ verdicts: [GuardVerdict]) -> PostgresQuery {
        """
        insert into runs (platform_app_id, source_id, policy, policy_version, state, code, reason, file_name, file_size, file_hash,
                          proof, actor, applies, part_of, planned_at)
        select platform_app_id, source_id, policy, policy_version, 'held', \(verdicts.first?.code),
               \(verdicts.map(\.message).joined(separator: "; ")), file_name, file_size, file_hash, proof, actor, applies, id, now()
        from runs where id = \(run)
        returning id
        """
    }

    /// Moves what the verdicts are about from one run to another, both in their order and without gaps.
    static func move(_ verdicts: [GuardVerdict], from run: Int64, to part: Int64) -> [PostgresQuery] {
        let isHeld = verdicts.compactMap(\.condition).joined(separator: " or ")
        return [
            """
            update changes c set run_id = \(part), seq = h.number
            from (
                select seq, row_number() over (order by seq) as number
                from changes where run_id = \(run) and planned_at = now() and (\(unescaped: isHeld))
            ) h
            where c.run_id = \(run) and c.planned_at = now() and c.seq = h.seq
            """,
            // In two steps: a number is free only when its former holder has moved.
            """
            update changes c set seq = -r.number
            from (select seq, row_number() over (order by seq) as number from changes where run_id = \(run) and planned_at = now()) r
            where c.run_id = \(run) and c.planned_at = now() and c.seq = r.seq
            """,
            "update changes set seq = -seq where run_id = \(run) and planned_at = now()",
        ]
    }

    /// Refuses, before anything is applied, what would leave an account without anybody who runs it.
    ///
    /// Whoever is suspended runs nothing. Who gets the role or returns with it in the same run counts; what is held apart may
    /// come any time.
    ///
    /// - Parameter run: with the run of what is held of it.
    static func keepLastAdministrators(_ run: Int64) -> PostgresQuery {
        """
        with own as materialized (
            select c.run_id, c.seq, c.object_id, c.action, c.memberships, r.source_id,
                   coalesce(c.suspends, false) or c.action = 'delete' as leaves, coalesce(not c.suspends, false) as returns
            from runs r join changes c on c.run_id = r.id and c.planned_at = now() and c.kind = 'user'
            where r.id = \(run) or r.part_of = \(run)
        ),
        losing as materialized (
            select c.run_id, c.seq, c.object_id as user_id, m.key::bigint as account_id
            from own c cross join lateral jsonb_each(c.memberships) m
            where m.value ->> 0 = 'administrator' and m.value ->> 1 is distinct from 'administrator'
            union
            select c.run_id, c.seq, c.object_id, au.account_id
            from own c join account_users au on au.user_id = c.object_id and au.role = 'administrator'
            where c.leaves and c.action <> 'create'
        ),
        gaining as materialized (
            select g.run_id, g.account_id
            from (
                select c.*, m.key::bigint as account_id from own c cross join lateral jsonb_each(c.memberships) m
                where m.value ->> 1 = 'administrator'
                union all
                select c.*, au.account_id
                from own c join account_users au on au.user_id = c.object_id and au.role = 'administrator'
                where c.returns and not c.memberships ? au.account_id::text
            ) g
            -- The run lifts its source's suspension and nobody else's.
            where not g.leaves and not exists (
                select from suspensions s
                where s.subject_kind = 'user' and s.subject_id = g.object_id
                  and not (g.returns and s.by_kind = 'source' and s.by_id = g.source_id))
        )
        insert into change_refusals (run_id, seq, code, detail)
        select distinct on (l.run_id, l.seq) l.run_id, l.seq, 'last_administrator', 'account ' || l.account_id
        from losing l
        where not exists (select from gaining g where g.run_id = l.run_id and g.account_id = l.account_id)
          and not exists (
            select from account_users au
            where au.account_id = l.account_id and au.role = 'administrator'
              and not exists (select from losing x where x.account_id = au.account_id and x.user_id = au.user_id)
              and not exists (
                select from suspensions s where s.subject_kind = 'user' and s.subject_id = au.user_id)
          )
        order by l.run_id, l.seq, l.account_id
        """
    }

    /// Plans of the same policy that wait for a person and that this one has overtaken.
    static func supersede(_ run: Int64) -> PostgresQuery {
        """
        update runs o set state = 'stale', code = 'superseded', reason = 'run ' || r.id || ' has looked at the source again',
            finished_at = clock_timestamp()
        from runs r
        where r.id = \(run) and r.applies and o.applies and o.source_id = r.source_id and o.policy = r.policy and o.id < r.id
          and o.state = 'held' and o.released_at is null
        """
    }
}

extension GuardVerdict {
    /// Which rows of `changes` it holds.
    fileprivate var condition: String? {
        guard let kind else { return nil }
        let ofAccount = account.map { " and m.key = '\($0)'" } ?? ""
        func hasMembership(_ condition: String) -> String {
            "exists (select from jsonb_each(memberships) m where \(condition)\(ofAccount))"
        }
        switch kind {
        case .removals:
            let removed = hasMembership("m.value ->> 0 is not null and m.value ->> 1 is null")
            return account == nil ? "(suspends and action <> 'create') or action = 'delete' or \(removed)" : removed
        case .suspensions: return "(kind = 'user' and suspends and action <> 'create')"
        case .deletions: return "action = 'delete'"
        case .creations: return "(kind = 'user' and action = 'create')"
        case .emailChanges:
            return "(kind = 'user' and action <> 'create' and fields -> 'email' -> 0 is distinct from fields -> 'email' -> 1)"
        case .administrators:
            return hasMembership("m.value ->> 1 = 'administrator' and m.value ->> 0 is distinct from 'administrator'")
        case .members: return hasMembership("m.value ->> 0 is distinct from m.value ->> 1")
        }
    }
}
