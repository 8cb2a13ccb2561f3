// SPDX-License-Identifier: Apache-2.0
import Postgres

/// What a backup has to know about a database.
struct DatabaseFacts: Sendable, Hashable {
    var serverMajor: Int
    /// Tables, views and sequences in it, the server's own and those of extensions apart.
    var relations: Int64
    /// Other clients that are connected to it.
    var others: Int64
    /// The last migration; 0 for none.
    var schemaVersion: Int
    /// nil: no installation of Muster.
    var masterFingerprint: String?
    /// ISO 8601, UTC, by the server's clock.
    var now: String

    func isSameInstallation(as other: DatabaseFacts) -> Bool {
        masterFingerprint == other.masterFingerprint && schemaVersion == other.schemaVersion
    }

    static func read(_ postgres: PostgresClient) async throws -> DatabaseFacts {
        let row = try await postgres.query(
            """
            select current_setting('server_version_num')::integer / 10000 as major,
                   (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
                    where n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema' and c.relkind in ('r', 'p', 'v', 'm', 'S')
                      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')) as relations,
                   (select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
                      and backend_type = 'client backend') as others,
                   to_regclass('public.installation') is not null and to_regclass('public.schema_migrations') is not null as installed,
                   to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as now
            """)[0]
        var facts = DatabaseFacts(
            serverMajor: Int(try row.decode(Int32.self, "major")), relations: try row.decode(Int64.self, "relations"),
            others: try row.decode(Int64.self, "others"), schemaVersion: 0, now: try row.decode(String.self, "now"))
        guard try row.decode(Bool.self, "installed") else { return facts }
        let state = try await postgres.query(
            """
            select (select master_fingerprint from public.installation) as fingerprint,
                   (select coalesce(max(version), 0) from public.schema_migrations) as version
            """)[0]
        facts.masterFingerprint = try state.decode(String?.self, "fingerprint")
        facts.schemaVersion = Int(try state.decode(Int64.self, "version"))
        return facts
    }
}
