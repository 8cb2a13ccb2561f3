// SPDX-License-Identifier: Apache-2.0

package import Directory
import NIOPosix
package import Policy
import Postgres

extension Reconciler {
    private var standings: StandingStore { StandingStore(postgres: postgres) }

    /// Whether the policy is put aside: a run of it over just this file came to nothing by the policy's own limit, and neither the
    /// file nor the rules changed since. For whoever runs policies by themselves; a person who asks for a run gets one.
    package func isPutAside(_ policy: Policy, file: WatchedFile) async throws -> Bool {
        let stamp = try await NIOThreadPool.singleton.runIfActive { policy.stamp(of: file) }
        return try await standings.isPutAside(policy.standingName, stamp: stamp)
    }

    /// The policies that are to be run again though nothing is new at their sources: a person decided a dispute or asked for it,
    /// or what was left alone is to be tried again. One look at tables that are nearly empty.
    package func due() async throws -> Set<StandingStore.PolicyName> { try await standings.due() }

    /// Notes how a run fared that ended without being applied.
    func noteStanding(of run: Run, _ policy: Policy, file: String?) async throws {
        switch run.state {
        case .refused, .failed:
            var stamp: String?
            if let file, run.code == SyncError.Code.unusable.rawValue {
                stamp = try await NIOThreadPool.singleton.runIfActive { WatchedFile(export: file) }.map(policy.stamp)
            }
            try await standings.failed(run.id, stamp: stamp)
        case .held: try await standings.recovered(run.id)
        case .unchanged:
            try await standings.recovered(run.id)
            try await standings.retry(after: run.id, false)
        default: break
        }
    }

    /// After an apply: puts in quarantine what was refused for a reason of its own, lets out what went well, and notes how the
    /// policy fares.
    func settle(_ run: Run, _ source: Int64, _ report: ApplyReport) async throws {
        let passing = QuarantineStatements.passing.contains { report.refused[$0, default: 0] > 0 }
        if report.refusedCount > report.leftOutCount {
            _ = try await postgres.execute(QuarantineStatements.record(run.id).timeout(Planner.patience))
        }
        _ = try await postgres.execute(QuarantineStatements.release(run.id))
        _ = try await postgres.execute(DisputeStatements.settle(source: source))
        switch run.state {
        case .failed: try await standings.failed(run.id, stamp: nil)
        case .done: try await standings.recovered(run.id)
        default: break
        }
        try await standings.retry(after: run.id, passing)
    }
}

extension Policy {
    /// The policy as its standing knows it.
    package var standingName: StandingStore.PolicyName {
        StandingStore.PolicyName(policy: name, source: source, platformApp: platformApp)
    }

    /// What must change for a policy to be run that is put aside: the export, or the file of the policy. Blocks.
    fileprivate func stamp(of export: WatchedFile) -> String {
        let rules = WatchedFile(lookingAt: self.file).map { "\($0.size)|\($0.modified)" } ?? fingerprint
        return "\(export.path)|\(export.size)|\(export.modified)|\(export.manifest)|\(rules)"
    }
}
