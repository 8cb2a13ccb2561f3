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
    let lease: SourceLease
    let logger: Logger

    /// The journal.
    package let runs: RunStore

    package init(postgres: PostgresClient, directory: Directory, logger: Logger) {
        self.postgres = postgres
        self.directory = directory
        self.logger = logger
        engine = ChangeEngine(directory: directory)
        lease = SourceLease(postgres: postgres)
        runs = RunStore(postgres: postgres)
    }

    /// Reads an export and stores the plan; nothing of the domain is touched.
    ///
    /// - Parameters:
    ///   - actor: who asked for it, for the journal.
    ///   - applies: whether the plan is to be applied without being asked again: if this process dies first, another one does.
    /// - Returns: the run, in one of the states planned, held, unchanged and refused.
    /// - Throws: ``SyncError`` when no run could begin, ``SyncError/Code/busy`` while another reads for the source;
    ///   ``PostgresError`` when the database went away, with nothing left half done.
    package func plan(
        _ policy: Policy, file: String, actor: String, applies: Bool = false, progress: RunProgress = .silent
    ) async throws -> Run {
        let place = try await runs.place(of: policy.source, platformApp: policy.platformApp)
        return try await lease.hold(place.source) { connection in
            try await finishOthers(of: place.source)
            let run = try await runs.begin(policy: policy.name, at: place, fileName: file, actor: actor, applies: applies)
            let context = PlanContext(run: run, source: place.source, platformApp: place.platformApp, policy: policy)
            try await plan(context, file: file, progress: progress, on: connection)
            return try await runs.show(run)
        }
    }

    /// Applies the plan of a run, exactly; continues one that was cut short.
    ///
    /// What a person rejected of it is left out. Of a held plan that is not let through, what a person approved is applied.
    ///
    /// - Parameter release: lets a plan through that a guard holds.
    /// - Throws: ``SyncError`` with ``SyncError/Code/held``, ``SyncError/Code/notApplicable``, or ``SyncError/Code/busy``
    ///   while another process is at it.
    package func apply(_ id: Int64, release: Bool = false, progress: RunProgress = .silent) async throws -> Run {
        let run = try await runs.show(id)
        if run.state == .held, !release, try await !runs.hasApprovals(id) {
            throw SyncError(
                .held, "run \(id) is held: \(run.reason ?? ""). `muster sync apply --plan \(id) --release` lets it through")
        }
        return try await lease.hold(try await runs.source(of: id)) { _ in
            try await applyUnderLease(run, release: release, progress: progress)
        }
    }

    /// Plans and, unless a guard holds it, applies.
    package func reconcile(_ policy: Policy, file: String, actor: String, progress: RunProgress = .silent) async throws -> Run {
        let run = try await plan(policy, file: file, actor: actor, applies: true, progress: progress)
        return run.state == .planned ? try await apply(run.id, progress: progress) : run
    }

    // MARK: Reading and planning

    private func plan(_ context: PlanContext, file: String, progress: RunProgress, on connection: PostgresConnection) async throws
    {
        let run = context.run
        var counts = RunCounts()
        do {
            try await readAndPlan(context, file: file, counts: &counts, progress: progress, on: connection)
        } catch let error as IntakeError {
            try await refuse(run, code: error.code.rawValue, reason: "\(file): \(error)", counts)
        } catch let error as SyncError {
            try await refuse(run, code: error.code.rawValue, reason: error.message, counts)
        } catch {
            // The database may be what failed: then whoever looks next marks the run.
            try? await runs.finish(run, .failed, code: "interrupted", reason: "the run broke off: \(error)", counts: counts)
            try? await dropStaging(run)
            throw error
        }
    }

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
        let known = counts["people"] + counts["groups"] + counts["rejected"]
        let share = context.policy.operation.quarantineShare
        guard Double(counts["rejected"]) * 100 <= share * Double(known) else {
            throw SyncError(
                .unusable,
                "\(counts["rejected"]) of \(known) people and groups in \(file) cannot be used, and the policy lets \(share) % pass; "
                    + "is it the right file, and does the policy name the right attributes?")
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

    func refuse(_ run: Int64, code: String, reason: String, _ counts: RunCounts) async throws {
        try await runs.finish(run, .refused, code: code, reason: reason, counts: counts)
        try await dropStaging(run)
    }

    func dropStaging(_ run: Int64) async throws {
        let area = StagingArea(run: run)
        try await postgres.withConnection { connection in try await connection.executeScript(area.drop) }
    }

    // MARK: Applying

    /// Applies a plan under the lease of its source, which the caller holds.
    func applyUnderLease(_ run: Run, release: Bool, progress: RunProgress = .silent) async throws -> Run {
        guard try await runs.claimForApply(run.id, release: release), let set = run.changes else {
            let state = try await runs.show(run.id).state
            throw SyncError(.notApplicable, "run \(run.id) is \(state.rawValue): there is nothing to apply")
        }
        let report = try await engine.apply(set) { done, of in await progress.report(.applying(done: done, of: of)) }
        try await conclude(run, set, report)
        return try await runs.show(run.id)
    }

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
        } else if report.applied == 0, report.leftOutCount > 0, report.leftOutCount == report.refusedCount {
            try await runs.finish(
                run.id, .rejected, code: "rejected", reason: "a person left out every change of it", counts: counts)
        } else if report.applied == 0, report.refusedCount > 0 {
            let codes = report.refused.filter { $0.value > 0 }.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", ")
            try await runs.finish(
                run.id, .stale, code: "stale", reason: "nothing of the plan could be applied: \(codes)", counts: counts)
        } else {
            let refused = report.refusedCount - report.leftOutCount
            let reasons =
                (refused > 0 ? ["\(refused) changes were refused"] : [])
                + (report.leftOutCount > 0 ? ["\(report.leftOutCount) changes were left out by a person"] : [])
            try await runs.finish(
                run.id, .done, code: refused > 0 ? "partly_refused" : reasons.isEmpty ? nil : "partly_rejected",
                reason: reasons.isEmpty ? nil : reasons.joined(separator: "; "), counts: counts)
        }
    }
}
