// SPDX-License-Identifier: Apache-2.0

import Postgres

/// Finds what a plan would do again although a person had it undone.
///
/// An undo does not change the source. It leaves the links without an entry hash, so that the next run looks at everybody it
/// touched again; what that run then finds is the very change that was undone, unless the source says something else by now. It is
/// planned, so that nobody wonders where the difference went, and holds the run, so that it does not happen behind anybody's back.
/// Once a run that was let through has touched the object after the undo, the undo is history.
struct UndoneAgain: Sendable {
    let run: Int64
    let source: Int64

    /// Lists the changes as findings, in the transaction that planned them; nil when there are none.
    ///
    /// Costs a look into a nearly empty index where nothing was ever undone.
    func verdict(on connection: PostgresConnection) async throws -> GuardVerdict? {
        let undos = try await connection.query(undos).map { try $0.decode(Int64.self, "id") }
        guard !undos.isEmpty else { return nil }
        guard
            let row = try await connection.query(again(undos).unprepared().timeout(Planner.patience)).first,
            case let count = try row.decode(Int64.self, "n"), count > 0
        else { return nil }
        let last = try row.decode(Int64.self, "last")
        return GuardVerdict(
            code: "undone",
            message: "\(count) changes would do again what run \(last) undid, as the export still says the same")
    }

    /// The numbers of those changes, for a plan that is stored.
    func changes(_ postgres: PostgresClient) async throws -> [Int] {
        let undos = try await postgres.query(undos).map { try $0.decode(Int64.self, "id") }
        guard !undos.isEmpty else { return [] }
        return try await postgres.query(numbers(undos).unprepared().timeout(Planner.patience)).map {
            Int(try $0.decode(Int32.self, "seq"))
        }
    }

    /// The reverse of a reverse is no undo: it does what the source says.
    private var undos: PostgresQuery {
        """
        select r.id from runs r left join runs o on o.id = r.undoes
        where r.source_id = \(source) and r.undoes is not null and r.id < \(run) and r.state in ('done', 'failed')
          and o.undoes is null
        """
    }

    private func again(_ undos: [Int64]) -> PostgresQuery {
        """
        with \(again: run, undos),
        listed as (
            insert into run_findings (run_id, number, code, entry, detail)
            select \(run), coalesce((select max(number) from run_findings where run_id = \(run)), 0)
                       + row_number() over (order by seq), 'undone', label,
                   'run ' || run_id || ' undid what change ' || seq || ' (' || action || ') would do again'
            from again order by seq limit \(Int64(EntryStager.findingLimit))
        )
        select count(*) as n, max(run_id) as last from again
        """
    }

    private func numbers(_ undos: [Int64]) -> PostgresQuery {
        "with \(again: run, undos) select seq from again order by seq"
    }
}

extension PostgresQuery.StringInterpolation {
    /// The CTE `again(seq, action, run_id, label)`: the run's changes that would do again what one of these runs undid, where that
    /// was the last that any run did to the object.
    fileprivate mutating func appendInterpolation(again run: Int64, _ undos: [Int64]) {
        appendLiteral(
            """
            again as materialized (
                select n.seq, n.action, undone.run_id,
                       coalesce((select u.email from users u where n.kind = 'user' and u.id = n.object_id),
                                (select a.name from accounts a where n.kind = 'account' and a.id = n.object_id)) as label
                from runs planned
                join changes n on n.run_id = planned.id and n.planned_at = planned.planned_at
                cross join lateral (
                    select u.run_id, u.fields, u.memberships, u.suspends
                    from changes u join applied_ranges g on g.run_id = u.run_id and u.seq between g.first_seq and g.last_seq
                    where u.kind = n.kind and u.object_id = n.object_id and u.run_id < n.run_id and u.action <> 'link'
                      and not exists (select from change_refusals x where x.run_id = u.run_id and x.seq = u.seq)
                    order by u.run_id desc limit 1
                ) undone
                where n.action not in ('create', 'link')
                  and (n.suspends = not undone.suspends
                       or exists (
                           select from jsonb_each(undone.fields) f
                           where n.fields -> f.key -> 1 = f.value -> 0 and f.value -> 0 <> f.value -> 1)
                       or exists (
                           select from jsonb_each(undone.memberships) m
                           where n.memberships -> m.key -> 1 = m.value -> 0 and m.value -> 0 <> m.value -> 1))
                  and planned.id = 
            """)
        appendInterpolation(run)
        appendLiteral(" and undone.run_id = any (")
        appendInterpolation(undos)
        appendLiteral("))")
    }
}
