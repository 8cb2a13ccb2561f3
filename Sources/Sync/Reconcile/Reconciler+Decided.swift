// SPDX-License-Identifier: Apache-2.0

package import Directory

extension Reconciler {
    /// Lets a plan through that waits or is held, as whoever decides so, and applies it; the decision is recorded and audited
    /// by the statement that the console uses.
    ///
    /// A daemon that sees the decision first applies the plan in our place. Called again after a crash, it goes on with the
    /// decision there is.
    ///
    /// - Throws: ``SyncError`` with ``SyncError/Code/notApplicable`` for a run that has no such plan.
    package func release(
        _ id: Int64, by caller: Caller, progress: RunProgress = .silent, patience: Patience
    ) async throws -> Run {
        let record = try await directory.runs.show(id, by: caller)
        guard record.waits || record.isUnderWay else {
            // Says why not.
            return try await apply(id, release: true, progress: progress, patience: patience)
        }
        if record.waits { try await directory.runs.release(id, by: caller) }
        do {
            return try await apply(id, release: true, progress: progress, patience: patience)
        } catch let error as SyncError where error.code == .notApplicable {
            let run = try await runs.show(id)
            guard run.state.isApplied else { throw error }
            return run
        }
    }

    /// Rejects a plan that waits or is held, as whoever decides so, so that it can not be applied any more.
    ///
    /// - Throws: ``SyncError`` with ``SyncError/Code/notApplicable`` for a run that has no such plan.
    package func reject(_ id: Int64, reason: String? = nil, by caller: Caller) async throws -> Run {
        let run = try await directory.runs.show(id, by: caller)
        guard run.waits else {
            throw SyncError(.notApplicable, "run \(id) is \(run.state): there is no plan to reject")
        }
        try await directory.runs.reject(id, reason: reason, by: caller)
        return try await runs.show(id)
    }
}
