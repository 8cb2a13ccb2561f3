// SPDX-License-Identifier: Apache-2.0

import Postgres

/// What was kept for as long as the operator wants, and goes. No token reaches these calls.
package struct RetentionStore: Sendable {
    let directory: Directory

    /// What is in force now.
    package func inForce() async throws -> Retention {
        guard let row = try await directory.row(SettingStatements.retentionInForce) else { return Retention() }
        return try Retention(row)
    }

    /// Removes what is older than the settings say, in transactions of at most `batch` rows each; old months of changes whole.
    ///
    /// Killed at any moment, it leaves runs that are whole or have fewer changes than they had; run again, it goes on.
    /// - Returns: how many rows were removed one by one, cascades and whole months apart.
    @discardableResult
    package func purge(batch: Int = 5_000) async throws -> Int {
        let retention = try await inForce()
        let size = Int32(batch)
        var statements = [RetentionStatements.keptReads(size)]
        if let days = retention.auditDays { statements.append(RetentionStatements.auditEvents(days: days, size)) }
        if let days = retention.deliveryDays { statements.append(RetentionStatements.deliveries(days: days, size)) }
        if let days = retention.runDays {
            try await dropMonths(days: days)
            statements += [
                RetentionStatements.changes(days: days, size), RetentionStatements.findings(days: days, size),
                RetentionStatements.refusals(days: days, size), RetentionStatements.runs(days: days, size),
            ]
        }
        var removed = 0
        for statement in statements {
            var count = 0
            repeat {
                try Task.checkCancellation()
                count = try await directory.rows(statement).affected
                removed += count
            } while count == batch
        }
        return removed
    }

    /// A month that cannot be had at once, because a run is being applied, is left to the next purge: whoever waits for the
    /// table makes everybody else wait.
    private func dropMonths(days: Int) async throws {
        let names = try await directory.rows(RetentionStatements.months(days: days)).map { try $0.decode(String.self, "name") }
        for name in names {
            try Task.checkCancellation()
            do {
                try await directory.postgres.withConnection { connection in
                    try await connection.executeScript(
                        "begin; set local lock_timeout = '1s'; drop table if exists \(name); commit")
                }
            } catch let error as PostgresError where error.sqlState == "55P03" {
                continue
            }
        }
    }
}
