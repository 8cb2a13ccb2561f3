// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Postgres

extension PostgresQuery.StringInterpolation {
    /// The CTE `accepted`: the range's changes that were not refused, with the app and source they are made for.
    ///
    /// A disabled app has none. Statements join the app's permissibles themselves.
    /// Materialized, so that the app is known before its permissibles are sought: without statistics the planner would look them up
    /// by kind and object alone, which reads through all of them for each change. The run as well, so that it is fetched once: a
    /// planner that takes the changes for few would look it and its app up for each of them, or read through all runs.
    mutating func appendInterpolation(accepted range: ChangeRange) {
        appendLiteral(
            """
            accepted as materialized (with run as materialized (\
            select r.platform_app_id as app_id, r.source_id, r.policy, r.policy_version, r.precedence from runs r \
            join platform_apps pa on pa.id = r.platform_app_id and pa.disabled_at is null where r.id = 
            """)
        appendInterpolation(range.set.run)
        appendLiteral(") select c.*, run.* from run cross join changes c where c.run_id = ")
        appendInterpolation(range.set.run)
        appendLiteral(" and c.planned_at = ")
        appendInterpolation(range.set.plannedAt)
        appendLiteral(" and c.seq between ")
        appendInterpolation(Int32(range.first))
        appendLiteral(" and ")
        appendInterpolation(Int32(range.last))
        appendLiteral(" and not exists (select from change_refusals x where x.run_id = c.run_id and x.seq = c.seq))")
    }
}

extension PostgresQuery.StringInterpolation {
    /// The run's source as one value: a planner that may join links by a source from elsewhere pairs all with all.
    mutating func appendInterpolation(sourceOf range: ChangeRange) {
        appendLiteral("(select source_id from runs where id = ")
        appendInterpolation(range.set.run)
        appendLiteral(")")
    }
}

/// Claiming and counting ranges of a change set.
enum ChangeStatements {
    /// Holds the source for this engine until the end of the transaction; no row while it is another's.
    ///
    /// Two engines at work on one source would give one key to two objects. A statement of its own, so that the next one sees
    /// what the other engine did.
    static func hold(_ set: ChangeSet, for applier: UUID) -> PostgresQuery {
        """
        select s.id from sources s join runs r on r.source_id = s.id
        where r.id = \(set.run) and s.applier = \(applier) for share of s
        """
    }

    /// Waits until no chunk of another engine is under way, and takes the source over.
    static func takeOver(_ set: ChangeSet, for applier: UUID) -> PostgresQuery {
        "update sources s set applier = \(applier) from runs r where r.id = \(set.run) and r.source_id = s.id"
    }

    /// The same for what is still to be planned: the plan then finds everything as the changes will.
    static func takeOver(source: Int64, for applier: UUID) -> PostgresQuery {
        "update sources set applier = \(applier) where id = \(source)"
    }

    /// Marks the range as applied; no row when any of it is applied already. After ``hold(_:for:)`` in the same transaction.
    static func claim(_ range: ChangeRange) -> PostgresQuery {
        """
        insert into applied_ranges (run_id, first_seq, last_seq)
        select run.id, \(Int32(range.first)), \(Int32(range.last)) from runs run
        where run.id = \(range.set.run) and not exists (
            select from applied_ranges a
            where a.run_id = run.id and a.first_seq <= \(Int32(range.last)) and a.last_seq >= \(Int32(range.first))
        )
        returning first_seq
        """
    }

    static func appliedRanges(_ set: ChangeSet) -> PostgresQuery {
        "select first_seq, last_seq from applied_ranges where run_id = \(set.run) order by first_seq"
    }

    static func refusals(_ set: ChangeSet) -> PostgresQuery {
        "select seq, code, detail from change_refusals where run_id = \(set.run) order by seq"
    }

    static func refusalCounts(_ set: ChangeSet) -> PostgresQuery {
        "select code, count(*) as n from change_refusals where run_id = \(set.run) group by code"
    }

    /// How many users there are, as far as anybody looked, and how many links of the set's source, counted to a limit.
    static func sizes(_ set: ChangeSet, upTo limit: Int64) -> PostgresQuery {
        """
        select reltuples::bigint as users, (
            select count(*) from (
                select from links where kind = 'user' and source_id = (select source_id from runs where id = \(set.run))
                limit \(limit)
            ) l
        ) as links
        from pg_class where oid = 'users'::regclass
        """
    }

    /// What the range asks for; the columns are those of ``ChangeWork``.
    static func work(_ range: ChangeRange) -> PostgresQuery {
        """
        select coalesce(bool_or(kind = 'account'), false) as has_accounts,
               coalesce(bool_or(kind = 'account' and action = 'create'), false) as creates_accounts,
               coalesce(bool_or(kind <> 'account' and action <> 'create'), false) as has_known_users,
               coalesce(bool_or(kind = 'user' and action = 'create'), false) as creates_users,
               coalesce(bool_or(action = 'create' and memberships <> '{}'), false) as has_first_memberships,
               coalesce(bool_or(action <> 'create' and memberships <> '{}'), false) as has_later_memberships,
               coalesce(bool_or(fields ? 'entry'), false) as moves_links,
               coalesce(bool_or(action = 'delete'), false) as deletes,
               coalesce((select custom_roles from runs where id = \(range.set.run)), false) as has_custom_roles,
               coalesce(bool_or(suspends), false) as suspends, coalesce(bool_or(not suspends), false) as restores
        from changes
        where run_id = \(range.set.run) and planned_at = \(range.set.plannedAt)
          and seq between \(Int32(range.first)) and \(Int32(range.last))
        """
    }

    /// Locks the range's objects in the order of their ids, so that two writers cannot deadlock. Accounts are locked more weakly:
    /// a call that has locked a user and makes it a member must not wait for an account whose members we wait for.
    static func locks(_ range: ChangeRange, _ work: ChangeWork) -> [PostgresQuery] {
        let accounts: PostgresQuery = """
            with \(accepted: range)
            select from accounts where id in (select object_id from accepted where kind = 'account') order by id for no key update
            """
        let users: PostgresQuery = """
            with \(accepted: range)
            select from users where id in (select object_id from accepted where kind = 'user') order by id for update
            """
        return (work.hasAccounts ? [accounts] : []) + (work.hasKnownUsers ? [users] : [])
    }
}
