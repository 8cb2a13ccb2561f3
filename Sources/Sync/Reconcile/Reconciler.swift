// SPDX-License-Identifier: Apache-2.0

package import Directory
import Intake
package import Logging
package import Policy
package import Postgres

/// Turns exports into what the directory holds: read, map, stage, match, plan, guard, apply, read back.
///
/// Produces changes and never writes a domain table itself: ``ChangeEngine`` does, under the rules of ownership.
package struct Reconciler: Sendable {
    let postgres: PostgresClient
    let directory: Directory
    let engine: ChangeEngine
    let logger: Logger

    /// The journal.
    package let runs: RunStore

    package init(postgres: PostgresClient, directory: Directory, logger: Logger) {
        self.postgres = postgres
        self.directory = directory
        self.logger = logger
        engine = ChangeEngine(directory: directory)
        runs = RunStore(postgres: postgres)
    }

    /// Reads an export and stores the plan; nothing of the domain is touched.
    ///
    /// - Parameter actor: who asked for it, for the journal.
    /// - Returns: the run, in one of the states planned, held, unchanged and refused.
    /// - Throws: ``SyncError`` when no run could begin; ``PostgresError`` when the database went away, with nothing left half done.
    package func plan(_ policy: Policy, file: String, actor: String, progress: RunProgress = .silent) async throws -> Run {
        let (run, source, app) = try await runs.begin(
            policy: policy.name, source: policy.source, platformApp: policy.platformApp, fileName: file, actor: actor)
        let context = PlanContext(run: run, source: source, platformApp: app, policy: policy)
        var counts = RunCounts()
        do {
            try await withSourceLock(source) { connection in
                try await readAndPlan(context, file: file, counts: &counts, progress: progress, on: connection)
            }
        } catch let error as IntakeError {
            try await refuse(run, code: error.code.rawValue, reason: "\(file): \(error)", counts)
        } catch let error as SyncError {
            try await refuse(run, code: error.code.rawValue, reason: error.message, counts)
        } catch {
            // The database may be what failed: then the next start marks the run.
            try? await runs.finish(run, .failed, code: "interrupted", reason: "the run broke off: \(error)", counts: counts)
            try? await dropStaging(run)
            throw error
        }
        return try await runs.show(run)
    }

    /// Applies the plan of a run, exactly; continues one that was cut short.
    ///
    /// - Parameter release: lets a plan through that a guard holds.
    /// - Throws: ``SyncError`` with ``SyncError/Code/held`` or ``SyncError/Code/notApplicable``.
    package func apply(_ id: Int64, release: Bool = false, progress: RunProgress = .silent) async throws -> Run {
        let run = try await runs.show(id)
        if run.state == .held, !release {
            throw SyncError(
                .held, "run \(id) is held: \(run.reason ?? ""). `muster sync apply --plan \(id) --release` lets it through")
        }
        guard try await runs.claimForApply(id, release: release), let set = run.changes else {
            throw SyncError(.notApplicable, "run \(id) is \(run.state.rawValue): there is nothing to apply")
        }
        let report = try await engine.apply(set) { done, of in await progress.report(.applying(done: done, of: of)) }
        try await conclude(run, set, report)
        return try await runs.show(id)
    }

    /// Plans and, unless a guard holds it, applies.
    package func reconcile(_ policy: Policy, file: String, actor: String, progress: RunProgress = .silent) async throws -> Run {
        let run = try await plan(policy, file: file, actor: actor, progress: progress)
        return run.state == .planned ? try await apply(run.id, progress: progress) : run
    }

    /// Finishes what a process that died left behind: half-read runs are marked failed, half-applied ones are completed.
    ///
    /// - Parameter failed: told of a run that cannot be finished, for a reason of its own; the others are, and it stays as it is.
    /// - Throws: ``PostgresError`` when the database is away.
    package func recover(failed: (Run, any Error) -> Void) async throws -> [Run] {
        var recovered: [Run] = []
        for run in try await runs.unfinished() {
            do {
                if run.state == .applying {
                    recovered.append(try await apply(run.id))
                } else if try await markIfOrphaned(run) {
                    recovered.append(try await runs.show(run.id))
                }
            } catch  where !(error is CancellationError) && (error as? PostgresError)?.isAway != true {
                failed(run, error)
            }
        }
        return recovered
    }

    // MARK: Reading and planning

    private func readAndPlan(
        _ context: PlanContext, file: String, counts: inout RunCounts, progress: RunProgress, on connection: PostgresConnection
    ) async throws {
        try await connection.executeScript(context.area.create)
        let read = try await StageReader(context: context, file: file, progress: progress).read(on: connection)
        counts = read.counts
        await progress.report(.planning(people: counts["people"]))
        guard counts["people"] > 0 else {
            throw SyncError(
                .empty, "\(file) holds no person that the policy knows: an empty read is a fault, not an empty company")
        }
        let planner = Planner(context: context, listsMembers: read.listsMembers, unprovenAbsence: read.unprovenAbsence)
        var planned = counts
        // The planner cannot know how few are left of many, and would not work in parallel for what it takes to be many rows.
        try await connection.executeScript("begin; set local parallel_tuple_cost = 0")
        do {
            let (state, _) = try await planner.plan(on: connection, findings: read.findings, counts: &planned)
            try await connection.executeScript("\(context.area.drop); commit", timeout: Planner.patience)
            if state != .unchanged {
                try await connection.analyzeRoughly(
                    "changes (run_id, seq, planned_at, kind, action, object_id, external_key)", timeout: Planner.patience)
            }
        } catch {
            try? await connection.executeScript("rollback")
            throw error
        }
        counts = planned
    }

    private func refuse(_ run: Int64, code: String, reason: String, _ counts: RunCounts) async throws {
        try await runs.finish(run, .refused, code: code, reason: reason, counts: counts)
        try await dropStaging(run)
    }

    private func dropStaging(_ run: Int64) async throws {
        let area = StagingArea(run: run)
        try await postgres.withConnection { connection in try await connection.executeScript(area.drop) }
    }

    // MARK: Applying

    private func conclude(_ run: Run, _ set: ChangeSet, _ report: ApplyReport) async throws {
        var counts = RunCounts()
        counts["applied"] = report.applied
        for (code, count) in report.refused { counts["refused.\(code)"] = count }
        let mismatches = try await engine.mismatches(set)
        counts["mismatches"] = mismatches
        if mismatches > 0 {
            try await runs.finish(
                run.id, .failed, code: "read_back", reason: "\(mismatches) changes are not in the store as they were written",
                counts: counts)
        } else if report.applied == 0, report.refusedCount > 0 {
            try await runs.finish(
                run.id, .stale, code: "stale", reason: "nothing of the plan could be applied any more", counts: counts)
        } else {
            let reason = report.refusedCount > 0 ? "\(report.refusedCount) changes were refused" : nil
            try await runs.finish(run.id, .done, code: reason == nil ? nil : "partly_refused", reason: reason, counts: counts)
        }
    }

    // MARK: Locks

    /// Holds the source for the length of a run; the lock dies with its connection, and so with the process.
    private func withSourceLock<T>(_ source: Int64, _ body: (PostgresConnection) async throws -> T) async throws -> T {
        try await postgres.withConnection { connection in
            let row = try await connection.query(
                "select pg_try_advisory_lock(\(Self.lockClass), \(Int32(truncatingIfNeeded: source))) as locked"
            ).first
            guard try row?.decode(Bool.self, "locked") ?? false else {
                throw SyncError(.busy, "another run of this source is at work; try again when it is done")
            }
            do {
                let result = try await body(connection)
                _ = try await connection.query(
                    "select pg_advisory_unlock(\(Self.lockClass), \(Int32(truncatingIfNeeded: source)))")
                return result
            } catch {
                _ = try? await connection.query(
                    "select pg_advisory_unlock(\(Self.lockClass), \(Int32(truncatingIfNeeded: source)))")
                throw error
            }
        }
    }

    private func markIfOrphaned(_ run: Run) async throws -> Bool {
        guard let row = try await postgres.query("select source_id from runs where id = \(run.id)").first else { return false }
        do {
            try await withSourceLock(try row.decode(Int64.self, "source_id")) { _ in
                try await runs.finish(
                    run.id, .failed, code: "interrupted",
                    reason: "its process died while the export was read; nothing was changed",
                    counts: RunCounts())
                try await dropStaging(run.id)
            }
            return true
        } catch let error as SyncError where error.code == .busy {
            return false
        }
    }

    /// Any number, used for nothing else.
    private static let lockClass: Int32 = 0x4d53_5243
}
