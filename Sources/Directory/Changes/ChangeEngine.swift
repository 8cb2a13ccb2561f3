// SPDX-License-Identifier: Apache-2.0

import Postgres
import Secrets

/// The one writer behind sync, bulk, provision and undo: applies a stored change set, exactly and once.
///
/// The set is applied in chunks, each one transaction that also marks itself applied, so a process killed at any moment
/// leaves a state from which ``apply(_:progress:)`` continues. Inside the transaction every change is checked again against
/// the store as it is: one that is stale or no longer permitted is refused by itself, with its reason kept; the others go on.
/// A chunk that fails as a whole is bisected down to the change at fault.
package struct ChangeEngine: Sendable {
    let postgres: PostgresClient
    let keyID: Int32

    package init(directory: Directory) {
        postgres = directory.postgres
        keyID = directory.keyring.currentID
    }

    /// Applies what is not applied yet.
    ///
    /// - Parameter progress: told how many changes are dealt with, of how many, after each chunk.
    /// - Throws: ``PostgresError`` when the database cannot be reached; what was applied until then stays applied.
    package func apply(_ set: ChangeSet, progress: @Sendable (Int, Int) async -> Void = { _, _ in }) async throws -> ApplyReport {
        let done = try await postgres.query(ChangeStatements.appliedRanges(set)).map { row in
            Int(try row.decode(Int32.self, "first_seq"))...Int(try row.decode(Int32.self, "last_seq"))
        }
        for range in ChunkPlan.remaining(set, applied: done) {
            try await applyOrBisect(range)
            await progress(range.last, set.count)
        }
        return try await report(set)
    }

    /// Counts what became of a change set so far.
    package func report(_ set: ChangeSet) async throws -> ApplyReport {
        var report = ApplyReport()
        for row in try await postgres.query(ChangeStatements.refusalCounts(set)) {
            report.refused[try row.decode(String.self, "code")] = Int(try row.decode(Int64.self, "n"))
        }
        let dealtWith = try await postgres.query(ChangeStatements.appliedRanges(set)).reduce(0) { sum, row in
            sum + Int(try row.decode(Int32.self, "last_seq") - row.decode(Int32.self, "first_seq")) + 1
        }
        report.applied = dealtWith - report.refusedCount
        return report
    }

    /// How many applied changes the store does not show: read back from the objects themselves; 0 is success.
    package func mismatches(_ set: ChangeSet) async throws -> Int {
        try await postgres.query(ReadBackStatements.mismatches(set)).first.map { Int(try $0.decode(Int64.self, "n")) } ?? 0
    }

    private func applyOrBisect(_ range: ChangeRange) async throws {
        do {
            try await postgres.withTransaction { connection in try await apply(range, on: connection) }
        } catch let error as PostgresError where error.isFaultOfTheData {
            guard let (left, right) = range.halves else { return try await quarantine(range, error) }
            try await applyOrBisect(left)
            try await applyOrBisect(right)
        }
    }

    private func apply(_ range: ChangeRange, on connection: PostgresConnection) async throws {
        guard try await !connection.query(ChangeStatements.claim(range)).isEmpty else { return }
        for statement in ChangeStatements.locks(range) { _ = try await connection.query(statement) }
        _ = try await connection.execute(RefusalStatements.refuse(.account, range))
        for statement in ApplyStatements.accounts(range) { _ = try await connection.execute(statement) }
        _ = try await connection.execute(RefusalStatements.refuse(.user, range))
        // Refusing one move of an address can make the next one impossible: a chain, followed to its end.
        while try await connection.execute(RefusalStatements.refuseTakenEmails(range)) > 0 {}
        for statement in ApplyStatements.users(range, keyID: keyID) { _ = try await connection.execute(statement) }
    }

    private func quarantine(_ range: ChangeRange, _ error: PostgresError) async throws {
        let code = DirectoryError(error).map(\.quarantineCode) ?? "quarantined"
        try await postgres.withTransaction { connection in
            guard try await !connection.query(ChangeStatements.claim(range)).isEmpty else { return }
            _ = try await connection.execute(RefusalStatements.refuse(range.set, seq: range.first, code: code, detail: error.constraint ?? error.sqlState))
        }
    }
}

extension DirectoryError {
    fileprivate var quarantineCode: String {
        if case .invalid(let problems) = self, problems == [UserStore.taken] { return "email_taken" }
        return code
    }
}

extension PostgresError {
    /// Integrity violations and bad data (SQLSTATE classes 22 and 23): trying again cannot help, leaving a row out can.
    fileprivate var isFaultOfTheData: Bool {
        sqlState.map { $0.hasPrefix("22") || $0.hasPrefix("23") } ?? false
    }
}
