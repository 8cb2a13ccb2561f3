// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Postgres
import Testing

@testable import Directory

/// What was kept long enough goes; what somebody needs stays, whatever its age.
@Suite struct RetentionTests {
    private func set(_ retention: Retention, _ world: TestDirectory) async throws {
        try await world.directory.settings.setRetention(retention, by: .command)
    }

    @Test func defaultsKeepTheTrailAndRunsForEver() async throws {
        try await withDirectory { world in
            try await agedTrail(world)
            try await agedRuns(world)
            let (events, runs) = try await counts(world)
            try await world.directory.retention.purge()
            let (eventsLeft, runsLeft) = try await counts(world)
            #expect(eventsLeft == events && runsLeft == runs && events == 20)
            #expect(try await world.directory.retention.inForce() == Retention(auditDays: nil, runDays: nil, deliveryDays: 14))
        }
    }

    @Test func settingsAreAuditedWithWhatTheyWere() async throws {
        try await withDirectory { world in
            let admin = try await world.superAdmin()
            try await world.directory.settings.setRetention(Retention(auditDays: 400), by: admin.caller)
            try await world.directory.settings.setRetention(Retention(auditDays: 400), by: admin.caller)
            try await world.directory.settings.setRetention(Retention(auditDays: 30), by: admin.caller)
            #expect(try await world.directory.settings.retention(by: admin.caller) == Retention(auditDays: 30))
            let trail = try await world.text(
                """
                select string_agg((before ->> 'audit_days') || '>' || (after ->> 'audit_days') || ' by ' || actor_id, ',' order by id)
                from audit_events where action = 'settings.update' and before is not null
                """)
            #expect(trail == "400>30 by \(admin.id)")
            let app = try await world.app("CRM")
            await #expect(throws: DirectoryError.invalidAccessToken) {
                try await world.directory.settings.setRetention(Retention(), by: app.caller)
            }
            await #expect(
                throws: DirectoryError.invalid([
                    FieldProblem("audit_days", "Days of the audit trail must be between 1 and 36500")
                ])
            ) { try await world.directory.settings.setRetention(Retention(auditDays: 0), by: admin.caller) }
        }
    }

    @Test func oldEventsGoInBatchesAndYoungOnesStay() async throws {
        try await withDirectory { world in
            try await agedTrail(world)
            try await set(Retention(auditDays: 10), world)
            try await world.directory.retention.purge(batch: 7)
            #expect(try await world.count("select count(*) from audit_events where at < now() - interval '10 days'") == 0)
            #expect(try await world.count("select count(*) from audit_events where action = 'test'") == 10)
        }
    }

    @Test func runsGoWithWhatTheyDid_exceptTheLastAndTheUnfinished() async throws {
        try await withDirectory { world in
            try await agedRuns(world)
            try await set(Retention(runDays: 30), world)
            try await world.directory.retention.purge(batch: 3)
            let left = try await world.text("select string_agg(policy || ':' || state, ' ' order by id) from runs")
            // The last of each policy stays, and whatever waits or is under way.
            #expect(left == "hr:held hr:applying hr:done crm:done")
            for table in ["changes", "run_findings", "change_refusals", "applied_ranges"] {
                #expect(
                    try await world.count(
                        PostgresQuery(
                            unescaped:
                                "select count(*) from \(table) c where not exists (select from runs r where r.id = c.run_id)"))
                        == 0, "\(table)")
            }
            #expect(try await world.count("select count(*) from changes") == 4 * 5)
        }
    }

    @Test func runsThatWebhooksAreStillToHearOfStay() async throws {
        try await withDirectory { world in
            try await agedRuns(world)
            try await world.postgres.execute(
                "insert into outbox (run_id, planned_at, first_seq, last_seq) select id, planned_at, 1, 5 from runs order by id limit 1"
            )
            try await set(Retention(runDays: 30), world)
            try await world.directory.retention.purge()
            #expect(try await world.count("select count(*) from runs r join outbox o on o.run_id = r.id") == 1)
            #expect(try await world.count("select count(*) from changes c join outbox o on o.run_id = c.run_id") == 5)
        }
    }

    @Test func monthsThatNobodyNeedsAreDroppedWhole() async throws {
        try await withDirectory { world in
            let app = try await world.app("HR")
            try await world.postgres.withConnection {
                try await $0.executeScript(
                    """
                    create table changes_2020_01 partition of changes for values from ('2020-01-01Z') to ('2020-02-01Z');
                    create table changes_2020_02 partition of changes for values from ('2020-02-01Z') to ('2020-03-01Z');
                    insert into sources (platform_app_id, name) values (\(app.id), 's');
                    insert into runs (platform_app_id, source_id, policy, state, planned_at, finished_at)
                    select \(app.id), 1, 'hr', 'done', '2020-01-10Z', '2020-01-10Z';
                    insert into runs (platform_app_id, source_id, policy, state, planned_at)
                    select \(app.id), 1, 'hr', 'held', '2020-02-10Z';
                    """)
            }
            try await set(Retention(runDays: 30), world)
            try await world.directory.retention.purge()
            let left = try await world.text(
                "select string_agg(relname::text, ' ' order by relname) from pg_class where relname like 'changes\\_2020%' and relkind = 'r'"
            )
            #expect(left == "changes_2020_02")
        }
    }

    private func counts(_ world: TestDirectory) async throws -> (Int, Int) {
        (
            try await world.count("select count(*) from audit_events where action = 'test'"),
            try await world.count("select count(*) from runs")
        )
    }

    /// Twenty events of the last forty days, in their order.
    private func agedTrail(_ world: TestDirectory) async throws {
        try await world.postgres.execute("delete from audit_events")
        try await world.postgres.execute(
            """
            insert into audit_events (at, actor, action)
            select now() - interval '19.5 days' + n * interval '1 day', 'command', 'test' from generate_series(0, 19) n order by n
            """)
    }

    /// Eight runs of a year ago, of five changes each.
    private func agedRuns(_ world: TestDirectory) async throws {
        let app = try await world.app("HR")
        try await world.postgres.withConnection {
            try await $0.executeScript(
                """
                select ensure_changes_partition();
                insert into sources (platform_app_id, name) values (\(app.id), 's');
                insert into runs (platform_app_id, source_id, policy, state, planned_at, finished_at)
                select \(app.id), 1, x.policy, x.state, now(),
                       case when x.state not in ('held', 'applying') then now() - interval '1 year' end
                from unnest(array['hr', 'hr', 'hr', 'hr', 'hr', 'hr', 'crm', 'crm'],
                            array['done', 'refused', 'held', 'applying', 'failed', 'done', 'done', 'done']) with ordinality x(policy, state, n)
                order by n;
                insert into changes (run_id, seq, planned_at, kind, action, object_id, reason)
                select r.id, n, r.planned_at, 'user', 'update', n, 'test' from runs r, generate_series(1, 5) n;
                insert into run_findings (run_id, number, code, detail) select id, n, 'x', 'x' from runs, generate_series(1, 4) n;
                insert into change_refusals (run_id, seq, code) select id, n, 'x' from runs, generate_series(1, 4) n;
                insert into applied_ranges (run_id, first_seq, last_seq) select id, 1, 5 from runs;
                """)
        }
    }
}
