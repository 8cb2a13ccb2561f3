// SPDX-License-Identifier: Apache-2.0

import Postgres

/// What there is to report of a run besides the run itself.
package struct RunReportRecord: Sendable {
    /// How long a part of the run took.
    package struct Duration: Sendable {
        /// `plan` (reading included), `wait` (for whoever applied it) or `apply` (reading back included).
        package let stage: String
        package let milliseconds: Int64
    }

    package let run: Run
    /// What was read: an `export`, `changes` on top of the kept read, or the read that was `kept`.
    package let input: String
    /// Who asked for it.
    package let actor: String
    package let fileSize: Int64?
    /// SHA-256 of the export, in hexadecimal digits.
    package let fileHash: String?
    /// The level of the read's proof.
    package let proof: String?
    /// Who let it through or rejected it.
    package let decidedBy: String?
    package let durations: [Duration]
    /// Single changes that a person decided, by `approved` and `rejected`.
    package let decisions: [String: Int64]
    /// Findings by their codes.
    package let findings: [String: Int64]
}

extension RunStore {
    /// Reports a run; the journal keeps the times of a run's ends, of its plan and of each chunk.
    package func report(_ id: Int64) async throws -> RunReportRecord {
        let run = try await show(id)
        let rows = try await postgres.query(
            """
            select r.actor, r.input, r.file_size, encode(r.file_hash, 'hex') as file_hash, r.proof,
                   case r.decided_by when 'super_admin' then coalesce((
                       select o.email from super_admins o where o.id = r.decided_by_id), 'a super admin')
                       else r.decided_by::text end as decided_by,
                   (extract(epoch from r.planned_at - r.created_at) * 1000)::bigint as plan,
                   (extract(epoch from g.first - r.planned_at) * 1000)::bigint as wait,
                   (extract(epoch from r.finished_at - g.first) * 1000)::bigint as apply
            from runs r left join lateral (select min(applied_at) as first from applied_ranges where run_id = r.id) g on true
            where r.id = \(id)
            """)
        guard let row = rows.first else { throw SyncError(.noRun, "there is no run \(id); `muster sync runs` lists them") }
        let durations = try ["plan", "wait", "apply"].compactMap { stage in
            // Whatever the clock did meanwhile, nothing took less than no time.
            try row.decode(Int64?.self, stage).map { RunReportRecord.Duration(stage: stage, milliseconds: max(0, $0)) }
        }
        return RunReportRecord(
            run: run, input: try row.decode(String.self, "input"), actor: try row.decode(String.self, "actor"),
            fileSize: try row.decode(Int64?.self, "file_size"),
            fileHash: try row.decode(String?.self, "file_hash"), proof: try row.decode(String?.self, "proof"),
            decidedBy: try row.decode(String?.self, "decided_by"), durations: durations,
            decisions: try await counts(
                "select decision as name, count(*) as n from change_decisions where run_id = \(id) group by decision"),
            findings: try await counts(
                "select code as name, count(*) as n from run_findings where run_id = \(id) group by code"))
    }

    private func counts(_ query: PostgresQuery) async throws -> [String: Int64] {
        try await postgres.query(query).reduce(into: [:]) { counts, row in
            counts[try row.decode(String.self, "name")] = try row.decode(Int64.self, "n")
        }
    }
}
