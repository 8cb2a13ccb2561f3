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
    /// Two at once, so that calls find connections and memory beside them.
    let seats = RunSeats(2)

    /// What the runs of this process are at.
    package let board = ProgressBoard()

    let kept: KeptReadStore

    /// The journal.
    package let runs: RunStore

    package init(postgres: PostgresClient, directory: Directory, logger: Logger) {
        self.postgres = postgres
        self.directory = directory
        self.logger = logger
        engine = ChangeEngine(directory: directory)
        lease = SourceLease(postgres: postgres)
        kept = KeptReadStore(postgres: postgres)
        runs = RunStore(postgres: postgres)
    }

    /// Reads and stores the plan; nothing of the domain is touched.
    ///
    /// - Parameters:
    ///   - input: what is read. Where the kept read has it already, an export as the one it was made from, changes as some that it
    ///     took, that is planned.
    ///   - actor: who asked for it, for the journal.
    ///   - applies: whether the plan is to be applied without being asked again: if this process dies first, another one does.
    ///   - holdsChangedPolicy: whether a plan waits for a person by which a changed policy would first be used.
    /// - Returns: the run, in one of the states planned, held, unchanged and refused.
    /// - Throws: ``SyncError`` when no run could begin, ``SyncError/Code/busy`` while another reads for the source,
    ///   ``SyncError/Code/nothingKept``; ``PostgresError`` when the database went away, with nothing left half done.
    package func plan(
        _ policy: Policy, _ input: RunInput, actor: String, applies: Bool = false, holdsChangedPolicy: Bool = false,
        progress: RunProgress = .silent
    ) async throws -> Run {
        let place = try await runs.place(of: policy.source, platformApp: policy.platformApp)
        return try await lease.hold(place.source) { connection in
            try await finishOthers(of: place.source)
            let read = try await kept.latest(source: place.source, policy: policy.name)
            guard let fileName = input.file ?? read?.fileName else {
                throw SyncError(
                    .nothingKept,
                    "nothing is kept of the last read of the source “\(policy.source)”: no run applied an export yet, its time "
                        + "(read.keep) is over, or the policy keeps nothing; name an export")
            }
            let run = try await runs.begin(
                policy: policy, at: place, input, fileName: fileName, actor: actor, applies: applies)
            let context = PlanContext(
                run: run, source: place.source, platformApp: place.platformApp, policy: policy,
                holdsChangedPolicy: holdsChangedPolicy)
            try await plan(context, input, progress: progress, on: connection)
            let planned = try await runs.show(run)
            try await noteStanding(of: planned, policy, file: input.file)
            return planned
        }
    }

    /// ``plan(_:_:actor:applies:holdsChangedPolicy:progress:)`` of an export.
    package func plan(
        _ policy: Policy, file: String, actor: String, applies: Bool = false, progress: RunProgress = .silent
    ) async throws -> Run {
        try await plan(policy, .export(file), actor: actor, applies: applies, progress: progress)
    }

    /// Shows what a policy would make of the last read, be it one that nobody uses yet: nothing is applied by itself.
    package func planKept(_ policy: Policy, actor: String, progress: RunProgress = .silent) async throws -> Run {
        try await plan(policy, .kept, actor: actor, progress: progress)
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
    package func reconcile(
        _ policy: Policy, _ input: RunInput, actor: String, holdsChangedPolicy: Bool = false, progress: RunProgress = .silent
    ) async throws -> Run {
        let run = try await plan(
            policy, input, actor: actor, applies: true, holdsChangedPolicy: holdsChangedPolicy, progress: progress)
        return run.state == .planned ? try await apply(run.id, progress: progress) : run
    }

    /// ``reconcile(_:_:actor:holdsChangedPolicy:progress:)`` of an export.
    package func reconcile(_ policy: Policy, file: String, actor: String, progress: RunProgress = .silent) async throws -> Run {
        try await reconcile(policy, .export(file), actor: actor, progress: progress)
    }

    // MARK: Reading and planning

    /// Reads and plans a run that has begun, under the lease of its source.
    ///
    /// - Parameter name: what the journal calls the file; its path if nil.
    func plan(
        _ context: PlanContext, _ input: RunInput, named name: String? = nil, progress: RunProgress,
        on connection: PostgresConnection
    ) async throws {
        let run = context.run
        let progress = board.telling(progress, of: run)
        defer { board.remove(run) }
        var counts = RunCounts()
        do {
            try await readAndPlan(context, input, counts: &counts, progress: progress, on: connection)
        } catch let error as IntakeError {
            try await refuse(run, code: error.code.rawValue, reason: "\(name ?? input.words): \(error)\(error.hint)", counts)
        } catch let error as SyncError {
            let reason = name.flatMap { name in input.file.map { error.message.replacing($0, with: name) } } ?? error.message
            try await refuse(run, code: error.code.rawValue, reason: reason, counts)
        } catch {
            // The database may be what failed: then whoever looks next marks the run.
            try? await runs.finish(run, .failed, code: "interrupted", reason: "the run broke off: \(error)", counts: counts)
            try? await dropStaging(run)
            throw error
        }
    }

    private func readAndPlan(
        _ context: PlanContext, _ input: RunInput, counts: inout RunCounts, progress: RunProgress,
        on connection: PostgresConnection
    ) async throws {
        try await connection.executeScript(context.area.create)
        let opened = try await open(input, context)
        do {
            let read = try await StageReader(context: context, progress: progress).read(opened.feed, on: connection)
            counts = read.counts
            await progress.report(.planning(people: counts["people"]))
            try check(counts, input, context.policy)
            try await plan(context, read, keeping: opened.kept, counts: &counts, on: connection)
        } catch {
            if let id = opened.kept?.writer.id { try? await kept.discard(id) }
            throw error
        }
    }

    private func plan(
        _ context: PlanContext, _ read: StageReader.Outcome, keeping merged: MergedRead?, counts: inout RunCounts,
        on connection: PostgresConnection
    ) async throws {
        let planner = Planner(
            context: context, listsMembers: read.listsMembers, discovers: read.discovers, unprovenAbsence: read.unprovenAbsence)
        var planned = counts
        // The planner cannot know how few are left of many, and would not work in parallel for what it takes to be many rows.
        try await Planner.preparePartition(on: connection)
        try await TableStatistics.refresh(on: connection)
        try await connection.executeScript("begin; set local parallel_tuple_cost = 0")
        do {
            let (state, _) = try await planner.plan(on: connection, findings: read.findings, counts: &planned)
            // Plan and read are stored together: whatever dies, what the changes said is neither lost nor taken twice.
            if let merged {
                let entries = await merged.feed.recorded
                _ = try await connection.execute(KeptReadStore.finish(merged.writer.id, entries: entries, read.facts))
                _ = try await connection.execute(KeptReadStore.current(context.run))
            }
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
        let progress = board.telling(progress, of: run.id)
        defer { board.remove(run.id) }
        _ = try await postgres.execute(KeptReadStore.current(run.id))
        let report = try await engine.apply(set) { done, of in await progress.report(.applying(done: done, of: of)) }
        try await conclude(run, set, report)
        let concluded = try await runs.show(run.id)
        try await settle(concluded, try await runs.source(of: run.id), report)
        return concluded
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
