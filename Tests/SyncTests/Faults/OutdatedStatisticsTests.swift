// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Policy
import Postgres
import Sync
import Testing

/// Somebody looked at the tables while an import was under way, or nobody since: the planner takes many for none, and would compare
/// everybody with everybody, which took 100,000 people from seconds to hours.
@Suite struct OutdatedStatisticsTests {
    @Test(arguments: ["reltuples = 1", "reltuples = -1, relpages = 0"]) func aRunDoesNotTrustThem(_ forged: String) async throws {
        try await withSyncWorld { world in
            let export = Person.export(Person.crowd(4_000))
            #expect(try await world.reconcile(try .crowd(), export).state == .done)
            let known: PostgresQuery = """
                select min(reltuples)::bigint from pg_class where oid in ('links'::regclass, 'users'::regclass)
                """
            #expect(try await world.count(known) > 3_000, "an import looks by itself")
            try await world.base.postgres.execute(
                """
                update pg_class set \(unescaped: forged)
                where oid in ('links'::regclass, 'users'::regclass, 'user_permissibles'::regclass, 'account_users'::regclass)
                """)
            #expect(try await world.reconcile(try .crowd(), export).state == .unchanged)
            #expect(try await world.count(known) > 3_000)
        }
    }
}
