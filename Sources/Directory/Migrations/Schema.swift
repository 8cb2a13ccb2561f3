// SPDX-License-Identifier: Apache-2.0

package import Postgres

/// The schema of the installation's database: append-only migrations, embedded in the binary.
package enum Schema {
    /// Every migration, in order. A file here is never edited once it has been released.
    package static func migrations() throws(MigrationError) -> Migrations {
        try Migrations([
            Migration(
                version: 1, name: "first_light", sql: String(decoding: PackageResources.V0001_first_light_sql, as: UTF8.self)),
            Migration(
                version: 2, name: "parallel_apply",
                sql: String(decoding: PackageResources.V0002_parallel_apply_sql, as: UTF8.self)),
            Migration(version: 3, name: "work", sql: String(decoding: PackageResources.V0003_work_sql, as: UTF8.self)),
            Migration(version: 4, name: "find", sql: String(decoding: PackageResources.V0004_find_sql, as: UTF8.self)),
            Migration(
                version: 5, name: "idempotency_keys",
                sql: String(decoding: PackageResources.V0005_idempotency_keys_sql, as: UTF8.self)),
            Migration(version: 6, name: "sign_in", sql: String(decoding: PackageResources.V0006_sign_in_sql, as: UTF8.self)),
            Migration(
                version: 7, name: "rotation_and_leases",
                sql: String(decoding: PackageResources.V0007_rotation_and_leases_sql, as: UTF8.self)),
            Migration(
                version: 8, name: "super_admins",
                sql: String(decoding: PackageResources.V0008_super_admins_sql, as: UTF8.self)),
            Migration(version: 9, name: "journal", sql: String(decoding: PackageResources.V0009_journal_sql, as: UTF8.self)),
            Migration(
                version: 10, name: "sync_whole",
                sql: String(decoding: PackageResources.V0010_sync_whole_sql, as: UTF8.self)),
            Migration(
                version: 11, name: "kept_reads", sql: String(decoding: PackageResources.V0011_kept_reads_sql, as: UTF8.self)),
            Migration(
                version: 12, name: "disputes_and_quarantine",
                sql: String(decoding: PackageResources.V0012_disputes_and_quarantine_sql, as: UTF8.self)),
            Migration(
                version: 13, name: "partitions_ahead",
                sql: String(decoding: PackageResources.V0013_partitions_ahead_sql, as: UTF8.self)),
        ])
    }
}
