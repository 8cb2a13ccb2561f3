// SPDX-License-Identifier: Apache-2.0

import Directory
import Postgres

/// Which changes of a plan are read.
package enum RunWalk: Sendable, Equatable {
    case all
    case action(String)
    /// The changes of an account, and of those whose role in it changes.
    case account(Int64)
    /// The changes of users whose roles stay as they are.
    case noAccount
}

extension RunStore {
    /// Reads changes in pages, in the order of the plan: only one page is in memory. Refreshed links are left out.
    package func forEachPage(
        of run: Run, _ walk: RunWalk = .all, size: Int = 1_000, _ body: ([RunChange]) async throws -> Void
    ) async throws {
        var last = 0
        while true {
            let page = try await changes(of: run, walk, after: last, limit: size)
            guard let seq = page.last?.seq else { return }
            try await body(page)
            if page.count < size { return }
            last = seq
        }
    }

    /// The accounts that a plan is about, in the order of their ids.
    package func accounts(of run: Run) async throws -> [Int64] {
        guard let set = run.changes else { return [] }
        let ids: PostgresQuery = """
            select distinct x.id from changes c
            cross join lateral (
                select c.object_id as id where c.kind = 'account'
                union all select m.key::bigint from jsonb_object_keys(c.memberships) m(key)
            ) x
            where c.run_id = \(set.run) and c.planned_at = \(set.plannedAt) and c.action <> 'link' order by 1
            """
        return try await postgres.query(ids.timeout(Planner.patience)).map { try $0.decode(Int64.self, "id") }
    }

    func changes(of run: Run, _ walk: RunWalk, after seq: Int, limit: Int) async throws -> [RunChange] {
        guard let set = run.changes else { return [] }
        return try await postgres.query(RunStore.select(set, after: seq, walk, limit: limit)).map(RunChange.init)
    }

    private static func select(_ set: ChangeSet, after seq: Int, _ walk: RunWalk, limit: Int) -> PostgresQuery {
        """
        select c.seq, c.kind::text as kind, c.action, c.object_id, c.reason, c.fields, c.memberships, c.suspends,
               x.code as refusal, d.decision,
               coalesce(c.fields -> 'email' ->> 1, u.email, c.fields -> 'name' ->> 1, a.name) as label
        from (
            select * from changes c
            where c.run_id = \(set.run) and c.planned_at = \(set.plannedAt) and c.seq > \(Int32(seq)) and c.action <> 'link'
              and \(walk: walk)
            order by c.seq limit \(Int64(limit))
        ) c
        left join change_refusals x on x.run_id = c.run_id and x.seq = c.seq
        left join change_decisions d on d.run_id = c.run_id and d.seq = c.seq
        left join users u on c.kind = 'user' and u.id = c.object_id
        left join accounts a on c.kind = 'account' and a.id = c.object_id
        order by c.seq
        """
    }
}

extension PostgresQuery.StringInterpolation {
    /// The condition of a walk on the change `c`.
    fileprivate mutating func appendInterpolation(walk: RunWalk) {
        switch walk {
        case .all: appendLiteral("true")
        case .action(let action):
            appendLiteral("c.action = ")
            appendInterpolation(action)
        case .account(let id):
            appendLiteral("(c.kind = 'account' and c.object_id = ")
            appendInterpolation(id)
            appendLiteral(" or c.kind = 'user' and c.memberships ? ")
            appendInterpolation(String(id))
            appendLiteral(")")
        case .noAccount: appendLiteral("c.kind = 'user' and c.memberships = '{}'")
        }
    }
}

extension RunChange {
    init(_ row: PostgresRow) throws {
        self.init(
            seq: Int(try row.decode(Int32.self, "seq")), kind: try row.decode(String.self, "kind"),
            action: try row.decode(String.self, "action"), objectID: try row.decode(Int64.self, "object_id"),
            label: try row.decode(String?.self, "label"), reason: try row.decode(String.self, "reason"),
            fields: try row.decode(PostgresJSON.self, "fields"),
            memberships: try row.decode(PostgresJSON.self, "memberships"), suspends: try row.decode(Bool?.self, "suspends"),
            refusal: try row.decode(String?.self, "refusal"), decision: try row.decode(String?.self, "decision"))
    }
}
