// SPDX-License-Identifier: Apache-2.0

import Directory
package import Policy
import Postgres

extension Reconciler {
    /// Plans the reverse of a run that was applied, as a run of its own; nothing of the domain is touched.
    ///
    /// Only what nobody changed since is part of the plan; the rest is listed as the new run's findings: `gone`,
    /// `non_permissible`, `owned_by_person`, `changed_since`, `as_before`, `email_taken`. What the run made is suspended, since
    /// nothing is ever unmade; what it suspended is restored as far as the suspension is the source's own, and the reverse. An
    /// object that it linked stays linked. The plan is applied by ``apply(_:release:progress:)`` like any other, by the same
    /// engine, which judges ownership and staleness once more.
    ///
    /// - Parameters:
    ///   - guards: the limits of the policy; those of one that states none when it is not at hand.
    ///   - actor: who asked for it, for the journal.
    /// - Returns: the run, in one of the states planned, held, and unchanged when nothing can be undone.
    /// - Throws: ``SyncError`` with ``SyncError/Code/notApplicable`` for a run of which nothing was applied,
    ///   ``SyncError/Code/noPlatformApp`` when its app is disabled, ``SyncError/Code/busy``.
    package func undo(_ id: Int64, guards: Guards, actor: String) async throws -> Run {
        try await undo(id, guards) {
            guard let begun = try await runs.beginUndo(of: id, actor: actor) else {
                throw SyncError(
                    .noPlatformApp, "the Platform App of run \(id) is disabled; `muster app set --enable` enables it")
            }
            return begun
        }
    }

    /// The same, begun by `begin` under the lease of the source.
    func undo(_ id: Int64, _ guards: Guards, begin: () async throws -> BegunRun) async throws -> Run {
        let undone = try await runs.show(id)
        guard [.done, .failed].contains(undone.state), let set = undone.changes, set.count > 0 else {
            throw SyncError(
                .notApplicable, "run \(id) is \(undone.state.rawValue): only what was applied can be undone")
        }
        return try await lease.hold(try await runs.source(of: id)) { connection in
            let begun = try await begin()
            let context = UndoContext(
                run: begun.id, undone: set, source: begun.source, platformApp: begun.platformApp, policy: undone.policy)
            do {
                try await planUndo(context, guards, on: connection)
            } catch {
                // The database may be what failed: then whoever looks next marks the run.
                try? await runs.finish(
                    begun.id, .failed, code: "interrupted", reason: "the run broke off: \(error)", counts: RunCounts())
                throw error
            }
            return try await runs.show(begun.id)
        }
    }

    /// The changes of a plan that would do again what a person had undone.
    package func undoneAgain(_ id: Int64) async throws -> [Int] {
        guard let row = try await postgres.query("select source_id from runs where id = \(id)").first else { return [] }
        return try await UndoneAgain(run: id, source: row.decode(Int64.self, "source_id")).changes(postgres)
    }

    private func planUndo(_ context: UndoContext, _ guards: Guards, on connection: PostgresConnection) async throws {
        try await Planner.preparePartition(on: connection)
        try await connection.executeScript("begin; set local parallel_tuple_cost = 0")
        do {
            try await planned(context, guards, on: connection)
            try await connection.executeScript("drop table \(context.parts); commit", timeout: Planner.patience)
            try await connection.analyzeRoughly(
                "changes (run_id, seq, planned_at, kind, action, object_id, external_key)", timeout: Planner.patience)
        } catch {
            try? await connection.executeScript("rollback")
            throw error
        }
    }

    private func planned(_ context: UndoContext, _ guards: Guards, on connection: PostgresConnection) async throws {
        func execute(_ statement: PostgresQuery) async throws -> Int {
            try await connection.execute(statement.unprepared().timeout(Planner.patience))
        }
        _ = try await execute("select ensure_changes_partition()")
        _ = try await execute(UndoStatements.parts(context))
        try await connection.analyzeRoughly("\(context.parts) (seq, code, object_id)", timeout: Planner.patience)
        while try await execute(UndoStatements.leaveTakenEmails(context)) > 0 {}
        _ = try await execute(UndoStatements.changes(context))
        _ = try await execute(UndoStatements.findings(context))
        var counts = RunCounts()
        counts["not_undone"] = Int(
            try await connection.query(UndoStatements.leftCount(context).unprepared()).first?.decode(Int64.self, "n") ?? 0)
        var figures = PlanFigures()
        let summary = PlanStatements.summary(
            run: context.run, source: context.source, policy: context.policy, disputed: "0::bigint")
        guard let row = try await connection.query(summary.unprepared().timeout(Planner.patience)).first else { return }
        try figures.take(row, &counts)
        _ = try await execute(Planner.planned(context.run, row))
        let verdicts = Guard.verdicts(figures, limits: guards, unprovenBecause: nil)
        let state: RunState = !verdicts.isEmpty ? .held : counts.objectChanges > 0 ? .planned : .unchanged
        _ = try await execute(Planner.concluded(context.run, state, verdicts, counts))
    }
}

extension RunStore {
    /// Begins the reverse of a run for the same app, source and policy; nil when the app is disabled.
    func beginUndo(of id: Int64, actor: String) async throws -> BegunRun? {
        try await postgres.query(
            """
            insert into runs (platform_app_id, source_id, policy, policy_version, custom_roles, actor, undoes)
            select r.platform_app_id, r.source_id, r.policy, r.policy_version, r.custom_roles, \(actor), r.id
            from runs r join platform_apps pa on pa.id = r.platform_app_id and pa.disabled_at is null where r.id = \(id)
            returning id, source_id, platform_app_id
            """
        ).first.map { row in
            BegunRun(
                id: try row.decode(Int64.self, "id"), source: try row.decode(Int64.self, "source_id"),
                platformApp: try row.decode(Int64.self, "platform_app_id"))
        }
    }
}
