// SPDX-License-Identifier: Apache-2.0

/// One step of the schema.
package struct Migration: Sendable, Hashable {
    /// Its number; steps are numbered from 1 without a gap.
    package let version: Int
    /// What it does, in a word or two.
    package let name: String
    /// Its statements, without BEGIN and COMMIT.
    package let sql: String

    /// Makes a step.
    package init(version: Int, name: String, sql: String) {
        self.version = version
        self.name = name
        self.sql = sql
    }

    /// Makes a step out of a file called `V0001_name.sql`.
    package init(file: String, sql: String) throws(MigrationError) {
        let parts = file.hasSuffix(".sql") ? file.dropLast(4).split(separator: "_", maxSplits: 1) : []
        guard parts.count == 2, parts[0].first == "V", parts[0].count == 5, let version = Int(parts[0].dropFirst()) else {
            throw MigrationError(.badFileName, "a migration is called V0001_name.sql, not \(file)")
        }
        self.init(version: version, name: String(parts[1]), sql: sql)
    }

    /// The step's label in messages.
    package var label: String {
        let digits = String(version)
        return "V" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "_" + name
    }
}

/// Why the schema cannot be brought up to date.
package struct MigrationError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure this is; the raw value is the stable code.
    package enum Kind: String, Sendable, CaseIterable {
        /// A file's name does not tell version and name.
        case badFileName = "migrations.bad_file_name"
        /// The known steps are not numbered 1, 2, 3 ...
        case badSequence = "migrations.bad_sequence"
        /// The database has steps this program does not know.
        case databaseNewer = "migrations.database_newer"
        /// The steps the database has are not the first ones this program knows.
        case notAPrefix = "migrations.not_a_prefix"
        /// A step was changed after it had been applied.
        case checksumMismatch = "migrations.checksum_mismatch"
        /// A step failed and was rolled back.
        case stepFailed = "migrations.step_failed"
        /// A step ended the transaction it runs in.
        case leftTransaction = "migrations.left_transaction"
    }

    /// What kind of failure this is.
    package let kind: Kind
    /// What happened.
    package let message: String
    /// The error that led to this one.
    package let underlying: (any Error)?

    /// The stable code of the failure.
    package var code: String { kind.rawValue }

    package var description: String {
        "\(code): \(message)" + (underlying.map { " (\($0))" } ?? "")
    }

    init(_ kind: Kind, _ message: String, underlying: (any Error)? = nil) {
        self.kind = kind
        self.message = message
        self.underlying = underlying
    }
}

/// The schema's history as this program knows it: append-only, numbered from 1.
package struct Migrations: Sendable, Hashable {
    /// The steps in order.
    package let steps: [Migration]

    /// A step as the database remembers it.
    struct Applied: Sendable, Hashable {
        let version: Int
        let name: String
        let checksum: String
    }

    /// Takes the steps in any order; they must be numbered 1, 2, 3 ...
    package init(_ steps: [Migration]) throws(MigrationError) {
        self.steps = steps.sorted { $0.version < $1.version }
        for (index, step) in self.steps.enumerated() where step.version != index + 1 {
            throw MigrationError(.badSequence, "expected migration \(index + 1), found \(step.label)")
        }
    }

    /// Compares what the database has with what is known, and returns the steps that are missing there.
    func pending(applied: [Applied], checksums: [String]) throws(MigrationError) -> ArraySlice<Migration> {
        if let newer = applied.first(where: { $0.version > steps.count }) {
            throw MigrationError(
                .databaseNewer,
                "the database has migration \(newer.version) (\(newer.name)), this program knows \(steps.count): use a newer program"
            )
        }
        for (index, row) in applied.enumerated() {
            let step = steps[index]
            guard row.version == step.version, row.name == step.name else {
                throw MigrationError(
                    .notAPrefix, "the database has migration \(row.version) (\(row.name)) where this program has \(step.label)")
            }
            guard row.checksum == checksums[index] else {
                throw MigrationError(.checksumMismatch, "\(step.label) was changed after it had been applied")
            }
        }
        return steps[applied.count...]
    }
}
