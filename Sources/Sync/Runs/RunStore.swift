// SPDX-License-Identifier: Apache-2.0

import Directory
import FoundationEssentials
import Policy
package import Postgres

/// The journal of runs: begun, planned, applied, and read again by `muster sync runs` and `muster sync show`.
package struct RunStore: Sendable {
    let postgres: PostgresClient

    package init(postgres: PostgresClient) {
        self.postgres = postgres
    }

    /// The newest runs first.
    package func list(limit: Int = 50) async throws -> [Run] {
        try await postgres.query("\(unescaped: RunStore.select) order by r.id desc limit \(Int64(limit))").map(RunStore.decode)
    }

    /// One run.
    package func show(_ id: Int64) async throws -> Run {
        guard let row = try await postgres.query("\(unescaped: RunStore.select) where r.id = \(id)").first else {
            throw SyncError(.noRun, "there is no run \(id); `muster sync runs` lists them")
        }
        return try RunStore.decode(row)
    }

    /// A page of a run's changes in their order; refreshed links are left out unless asked for.
    package func changes(of run: Run, after seq: Int = 0, limit: Int = 1_000, links: Bool = false) async throws -> [RunChange] {
        guard let set = run.changes else { return [] }
        return try await postgres.query(
            """
            select c.seq, c.kind::text as kind, c.action, c.object_id, c.reason, c.fields, c.memberships, c.suspends,
                   x.code as refusal, d.decision,
                   coalesce(c.fields -> 'email' ->> 1, u.email, c.fields -> 'name' ->> 1, a.name) as label
            from changes c
            left join change_refusals x on x.run_id = c.run_id and x.seq = c.seq
            left join change_decisions d on d.run_id = c.run_id and d.seq = c.seq
            left join users u on c.kind = 'user' and u.id = c.object_id
            left join accounts a on c.kind = 'account' and a.id = c.object_id
            where c.run_id = \(set.run) and c.planned_at = \(set.plannedAt) and c.seq > \(Int32(seq))
              and (\(links) or c.action <> 'link')
            order by c.seq limit \(Int64(limit))
            """
        ).map(RunChange.init)
    }

    /// What a run found: quarantined entries and disputes.
    package func findings(of run: Int64, limit: Int = 1_000) async throws -> [RunFinding] {
        try await postgres.query(
            "select code, entry, line, detail from run_findings where run_id = \(run) order by number limit \(Int64(limit))"
        ).map { row in
            RunFinding(
                code: try row.decode(String.self, "code"), entry: try row.decode(String?.self, "entry"),
                line: try row.decode(Int64?.self, "line"), detail: try row.decode(String.self, "detail"))
        }
    }

    /// Whose a run is: its source and Platform App.
    struct Place: Sendable {
        let source: Int64
        let platformApp: Int64
    }

    /// Finds the policy's app and source, making the source when it is new.
    func place(of source: String, platformApp: String) async throws -> Place {
        let row = try await postgres.query(
            """
            with app as (select id from platform_apps where name = \(platformApp) and disabled_at is null),
            made as (
                insert into sources (platform_app_id, name) select app.id, \(source) from app
                on conflict (platform_app_id, name) do nothing
                returning id, platform_app_id
            )
            select id, platform_app_id from made
            union all
            select s.id, s.platform_app_id from sources s join app on app.id = s.platform_app_id where s.name = \(source)
            """
        ).first
        guard let row else {
            throw SyncError(
                .noPlatformApp,
                "the policy's Platform App “\(platformApp)” does not exist or is disabled; "
                    + "`muster app create \"\(platformApp)\"` creates it"
            )
        }
        return Place(source: try row.decode(Int64.self, "id"), platformApp: try row.decode(Int64.self, "platform_app_id"))
    }

    /// Begins a run.
    func begin(
        policy: Policy, at place: Place, _ input: RunInput, fileName: String, actor: String, applies: Bool
    ) async throws -> Int64 {
        let rows = try await postgres.query(
            """
            insert into runs (platform_app_id, source_id, policy, file_name, input, actor, applies, policy_digest)
            values (\(place.platformApp), \(place.source), \(policy.name), \(fileName), \(input.name), \(actor), \(applies),
                    sha256(convert_to(\(policy.fingerprint), 'UTF8')))
            returning id
            """)
        return try rows[0].decode(Int64.self, "id")
    }

    /// Moves a run to a state; the end states get their time.
    func finish(_ run: Int64, _ state: RunState, code: String? = nil, reason: String? = nil, counts: RunCounts) async throws {
        _ = try await postgres.execute(
            """
            update runs set state = \(state.rawValue), code = coalesce(\(code), code), reason = coalesce(\(reason), reason),
                counts = counts || \(RunStore.json(counts)), finished_at = clock_timestamp()
            where id = \(run) and state not in ('done', 'unchanged', 'refused', 'stale', 'failed', 'rejected')
            """)
    }

    /// Takes a run for applying: a planned one, a held one that is let through as a whole, or the approved changes of a held one.
    ///
    /// What a person left out is refused before anything is applied: the engine then never sees it.
    func claimForApply(_ run: Int64, release: Bool) async throws -> Bool {
        try await !postgres.query(
            """
            with was as materialized (
                select r.id, r.state, r.planned_at, \(release) or r.released_at is not null as released from runs r
                where r.id = \(run) and (r.state in ('planned', 'applying') or (r.state = 'held' and (\(release)
                    or exists (select from change_decisions d where d.run_id = r.id and d.decision = 'approved'))))
                for update
            ),
            left_out as (
                insert into change_refusals (run_id, seq, code, detail)
                select d.run_id, d.seq, 'rejected', d.reason from was
                join change_decisions d on d.run_id = was.id and d.decision = 'rejected' where was.state in ('planned', 'held')
                union all
                select c.run_id, c.seq, 'not_approved', null from was
                join changes c on c.run_id = was.id and c.planned_at = was.planned_at and c.action <> 'link'
                where was.state = 'held' and not was.released
                  and not exists (select from change_decisions d where d.run_id = c.run_id and d.seq = c.seq)
                on conflict do nothing
            )
            update runs r set state = 'applying', finished_at = null,
                 code = case when was.state <> 'held' then r.code end, reason = case when was.state <> 'held' then r.reason end
             from was where r.id = was.id returning r.id
            """
        ).isEmpty
    }

    /// Whether a person approved single changes of a run.
    func hasApprovals(_ run: Int64) async throws -> Bool {
        try await !postgres.query(
            "select from change_decisions where run_id = \(run) and decision = 'approved' limit 1"
        ).isEmpty
    }

    static func json(_ counts: RunCounts) -> PostgresJSON {
        PostgresJSON(
            "{" + counts.values.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}")
    }

    private static let select = """
        select r.id, r.policy, s.name as source, r.platform_app_id, r.state, r.code, r.reason, r.file_name, r.counts,
               r.created_at, r.planned_at, r.finished_at, r.change_count, r.first_chunk_end,
               r.undoes
        from runs r join sources s on s.id = r.source_id
        """

    private static func decode(_ row: PostgresRow) throws -> Run {
        let id = try row.decode(Int64.self, "id")
        var changes: ChangeSet?
        if let plannedAt = try row.decode(PostgresTimestamp?.self, "planned_at"),
            let count = try row.decode(Int32?.self, "change_count")
        {
            changes = ChangeSet(
                run: id, plannedAt: plannedAt, count: Int(count),
                firstChunkEnd: Int(try row.decode(Int32?.self, "first_chunk_end") ?? 0))
        }
        var counts = RunCounts()
        let json = Data(try row.decode(PostgresJSON.self, "counts").text.utf8)
        counts.values = try JSONDecoder().decode([String: Int].self, from: json)
        return Run(
            id: id, policy: try row.decode(String.self, "policy"), source: try row.decode(String.self, "source"),
            platformAppID: try row.decode(Int64.self, "platform_app_id"),
            state: RunState(rawValue: try row.decode(String.self, "state")) ?? .failed,
            code: try row.decode(String?.self, "code"), reason: try row.decode(String?.self, "reason"),
            fileName: try row.decode(String?.self, "file_name"), counts: counts,
            createdAt: try row.decode(PostgresTimestamp.self, "created_at"),
            finishedAt: try row.decode(PostgresTimestamp?.self, "finished_at"), changes: changes,
            undoes: try row.decode(Int64?.self, "undoes"))
    }
}
