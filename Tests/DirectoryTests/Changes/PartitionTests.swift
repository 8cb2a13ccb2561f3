// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing

/// The partitions of changes: made when a month begins, whoever is at work then.
@Suite struct PartitionTests {
    @Test func oneIsMadeWhileAPlanIsStored() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let plan = try await world.plan(by: app).create(1, "ada@example.org", key: "a").store()
            try await world.postgres.withTransaction { storing in
                try await storing.execute("update changes set reason = 'a long plan' where run_id = \(plan.run)")
                try await world.postgres.withConnection { other in
                    try await other.executeScript(
                        "begin; set local lock_timeout = '5s'; select ensure_changes_partition('2031-05-01'); commit")
                }
                // Nor does it keep the plan from going on.
                try await storing.execute("update changes set reason = 'a longer plan' where run_id = \(plan.run)")
            }
            try await world.postgres.execute(
                """
                insert into changes (run_id, seq, planned_at, kind, action, object_id, reason)
                select run_id, 2, '2031-05-31 23:59:59+00', kind, action, object_id, reason from changes
                """)
            #expect(try await world.count("select count(*) from changes_2031_05") == 1)
            let indexes: PostgresQuery = """
                select count(*) from pg_inherits i join pg_class p on p.oid = i.inhparent
                join pg_class c on c.oid = i.inhrelid where p.relkind = 'I' and c.relname like 'changes_2031_05%'
                """
            #expect(try await world.count(indexes) == 3)
        }
    }

    @Test func ofSeveralWhoFindNoneNobodyFails() async throws {
        try await withDirectory { world in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        try await world.postgres.withTransaction { connection in
                            _ = try await connection.query("select prepare_changes_partitions()")
                            _ = try await connection.query("select ensure_changes_partition('2031-06-01')")
                            try await Task.sleep(for: .milliseconds(20))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let made = try await world.count("select count(*) from pg_inherits where inhparent = 'changes'::regclass")
            #expect(made == 3, "this month's, the next one's and that of June 2031")
        }
    }
}
