// SPDX-License-Identifier: Apache-2.0

import Directory
import Logging
import Postgres

extension Reconciler {
    /// What became of looking for a plan that is to be applied and that nobody is at.
    package enum WaitingRun: Sendable {
        /// There is none.
        case none
        /// One was applied, or turned out to need nothing more.
        case applied(Run)
        /// One could not be applied, for a reason of its own.
        case failed(Run, any Error)
    }

    /// Applies the oldest plan that waits to be applied and that nobody is at: one that a person let through
    /// (``RunJournal/release(_:by:)``), or one that a process which died was to apply, or had begun to.
    ///
    /// A lease that dies with its process says who is at work, so that of several daemons one applies it, and any of them goes
    /// on with what a dead one left. Costs a look into an index that is empty when there is nothing to do.
    ///
    /// - Parameter besides: runs that are left alone, such as those that failed a moment ago.
    /// - Throws: ``PostgresError`` when the database is away.
    package func applyWaiting(besides: Set<Int64> = []) async throws -> WaitingRun {
        for id in try await runs.waiting() where !besides.contains(id) {
            do {
                return .applied(try await apply(id, release: true))
            } catch let error as SyncError where [.busy, .notApplicable].contains(error.code) {
                // Another daemon is at it, or ended it between the look and the lease.
                continue
            } catch  where !(error is CancellationError) && (error as? PostgresError)?.isAway != true {
                return .failed(try await runs.show(id), error)
            }
        }
        return .none
    }

    /// Finishes the plans of a source that are to be applied, before its next export is read: a plan knows the store only as it
    /// is. Under the lease of the source, which the caller holds; a plan that cannot be finished is left to who looks for those.
    func finishOthers(of source: Int64) async throws {
        for id in try await runs.waiting(source: source) {
            do {
                _ = try await applyUnderLease(try await runs.show(id), release: true)
            } catch  where !(error is CancellationError) && (error as? PostgresError)?.isAway != true {
                logger.error("a plan that waits cannot be applied", metadata: ["run": "\(id)", "error": "\(error)"])
            }
        }
    }

    /// Marks runs as broken off whose process died while it read or planned: nothing was changed by them.
    ///
    /// - Returns: those runs.
    package func endAbandoned() async throws -> [Run] {
        var ended: [Run] = []
        for (id, source) in try await runs.reading() {
            do {
                try await lease.hold(source) { _ in
                    // Whoever was reading may have ended meanwhile.
                    guard try await runs.show(id).state == .reading else { return }
                    try await runs.finish(
                        id, .failed, code: "interrupted",
                        reason: "its process died while the export was read; nothing was changed", counts: RunCounts())
                    try await dropStaging(id)
                    ended.append(try await runs.show(id))
                }
            } catch let error as SyncError where error.code == .busy {
                continue
            }
        }
        return ended
    }
}

extension RunStore {
    /// Plans that are to be applied and are not yet, oldest first.
    ///
    /// What a process has just planned is its own to apply, and a call of the API, which holds no lease, has a minute; of one
    /// source nothing is spared, since its lease, which the caller holds then, says that nobody is at it. What seems to come from
    /// the future was planned before the clock was set back, and is not spared.
    func waiting(source: Int64? = nil) async throws -> [Int64] {
        let isWatching = source == nil
        // Each part is one that an index is made for: bulk calls make many runs, and this is asked every second.
        return try await postgres.query(
            """
            select id from (
                select id, source_id from runs
                where state in ('planned', 'applying') and (released_at is not null
                    or (state = 'applying' and not (\(isWatching) and policy = 'provision'
                        and planned_at between clock_timestamp() - interval '1 minute' and clock_timestamp() + interval '1 minute'))
                    or (state = 'planned' and applies
                        and not (\(isWatching) and planned_at between clock_timestamp() - interval '5 seconds' and clock_timestamp() + interval '5 seconds')))
                union all
                select id, source_id from runs where state = 'held' and released_at is not null
            ) w
            where \(isWatching) or source_id = \(source)
            order by id
            """
        ).map { try $0.decode(Int64.self, "id") }
    }

    /// The source of a run.
    func source(of run: Int64) async throws -> Int64 {
        guard let row = try await postgres.query("select source_id from runs where id = \(run)").first else {
            throw SyncError(.noRun, "there is no run \(run); `muster sync runs` lists them")
        }
        return try row.decode(Int64.self, "source_id")
    }

    /// Runs that are being read or planned, with their sources.
    func reading() async throws -> [(run: Int64, source: Int64)] {
        try await postgres.query("select id, source_id from runs where state = 'reading' order by id").map {
            (try $0.decode(Int64.self, "id"), try $0.decode(Int64.self, "source_id"))
        }
    }
}
