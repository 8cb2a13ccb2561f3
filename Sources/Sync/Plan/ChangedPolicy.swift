// SPDX-License-Identifier: Apache-2.0

import Policy
import Postgres

/// Tells whether a policy says something else than when it was last used.
struct ChangedPolicy: Sendable {
    let context: PlanContext

    /// Why its plan waits for a person; nil where the policy is as it was, or is used for the first time.
    ///
    /// Used it was by the last run whose plan somebody let through, or that had nothing to do.
    func verdict(on connection: PostgresConnection) async throws -> GuardVerdict? {
        let rows = try await connection.query(
            """
            select r.id, r.policy_digest <> (select policy_digest from runs where id = \(context.run)) as differs from runs r
            where r.source_id = \(context.source) and r.policy = \(context.policy.name) and r.id < \(context.run)
              and r.undoes is null and r.policy_digest is not null
              and (r.state in ('applying', 'done', 'unchanged') or (r.state = 'planned' and r.applies)
                   or (r.state in ('planned', 'held') and r.released_at is not null))
            order by r.id desc limit 1
            """)
        guard let row = rows.first, try row.decode(Bool.self, "differs") else { return nil }
        return GuardVerdict(
            code: "policy_changed",
            message: "the policy is not the one that run \(try row.decode(Int64.self, "id")) used: look at what it would change")
    }
}
