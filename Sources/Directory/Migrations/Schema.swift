// SPDX-License-Identifier: Apache-2.0

package import Postgres

/// The schema of the installation's database: append-only migrations, embedded in the binary.
package enum Schema {
    /// Every migration, in order. A file here is never edited once it has been released.
    package static func migrations() throws(MigrationError) -> Migrations {
        try Migrations([
            Migration(
                version: 1, name: "first_light", sql: String(decoding: PackageResources.V0001_first_light_sql, as: UTF8.self)),
            Migration(version: 2, name: "reserved", sql: "select 1"),
            Migration(version: 3, name: "work", sql: String(decoding: PackageResources.V0003_work_sql, as: UTF8.self)),
        ])
    }
}
