// SPDX-License-Identifier: Apache-2.0

import Directory
import Postgres

extension RunStore {
    /// The names of accounts, for those who read a plan: of those that are there, and of those that the run would make.
    package func accountNames(of run: Run, ids: [Int64]) async throws -> [Int64: String] {
        guard !ids.isEmpty, let set = run.changes else { return [:] }
        let rows = try await postgres.query(
            """
            select a.id, a.name from accounts a where a.id = any(\(ids))
            union all
            select c.object_id, c.fields -> 'name' ->> 1 from changes c
            where c.run_id = \(set.run) and c.planned_at = \(set.plannedAt) and c.kind = 'account' and c.action = 'create'
              and c.object_id = any(\(ids))
            """)
        return try rows.reduce(into: [:]) { names, row in
            names[try row.decode(Int64.self, "id")] = try row.decode(String?.self, "name")
        }
    }
}
