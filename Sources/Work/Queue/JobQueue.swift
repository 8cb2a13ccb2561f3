// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Postgres

/// The durable queue: jobs in PostgreSQL, shared by every daemon on the database.
package struct JobQueue: Sendable {
    private let postgres: PostgresClient
    private let lease: Duration

    /// - Parameter lease: how long a worker that does not speak keeps its job.
    package init(postgres: PostgresClient, lease: Duration = .seconds(60)) {
        self.postgres = postgres
        self.lease = lease
    }

    /// How often a holder should renew.
    var renewal: Duration { lease / 3 }

    /// Makes the jobs that do not exist yet.
    package func enqueue(_ kind: String, keys: [String] = [""]) async throws(PostgresError) {
        guard !keys.isEmpty else { return }
        try await postgres.execute(JobStatements.enqueue(kind, keys))
    }

    /// Takes jobs that are due, each under a lease.
    func claim(_ kinds: [String], limit: Int) async throws -> [Job] {
        try await postgres.query(JobStatements.claim(kinds, limit: Int32(limit), lease: lease)).map { row in
            Job(
                id: try row.decode(Int64.self, "id"), kind: try row.decode(String.self, "kind"),
                key: try row.decode(String.self, "key"), attempts: Int(try row.decode(Int32.self, "attempts")),
                lease: try row.decode(UUID.self, "lease"))
        }
    }

    /// Whether the job is still ours.
    func renew(_ job: Job) async throws(PostgresError) -> Bool {
        try await postgres.execute(JobStatements.renew(job, lease: lease)) == 1
    }

    func finish(_ job: Job) async throws(PostgresError) { try await postgres.execute(JobStatements.finish(job)) }

    func release(_ job: Job, attempts: Int, after pause: Duration, error: String? = nil) async throws(PostgresError) {
        try await postgres.execute(JobStatements.release(job, attempts: attempts, after: pause, error: error))
    }
}
