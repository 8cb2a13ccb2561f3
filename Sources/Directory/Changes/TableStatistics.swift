// SPDX-License-Identifier: Apache-2.0

package import Postgres

/// What the planner believes of the tables that grow with the directory.
package enum TableStatistics {
    /// Looks at the tables again of which that cannot be true: after an import that nobody has looked at yet, or at which somebody
    /// looked too early. Who compares a million people by such figures does not come back.
    ///
    /// Not in a transaction that lasts: others would wait for its end to look.
    ///
    /// - Throws: ``PostgresError``.
    package static func refresh(on connection: PostgresConnection) async throws {
        let outdated = try await connection.query(
            """
            select string_agg(relname, ', ') as tables from pg_class
            where oid in ('links'::regclass, 'users'::regclass, 'user_permissibles'::regclass, 'account_users'::regclass,
                          'access_tokens'::regclass)
              and (pg_relation_size(oid) / current_setting('block_size')::integer > greatest(4 * relpages, 25)
                   or relpages > 25 and reltuples < relpages)
            """)
        guard let tables = try outdated.first?.decode(String?.self, "tables") else { return }
        try await connection.analyzeRoughly(tables, timeout: .seconds(900))
    }
}
