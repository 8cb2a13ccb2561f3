// SPDX-License-Identifier: Apache-2.0

import Directory
import Logging
import Policy
import Postgres

/// A run broke off that had begun: it is not begun a second time.
struct BrokenRun: Error, CustomStringConvertible {
    let run: Int64
    let cause: any Error

    var description: String { "run \(run) broke off: \(cause)" }
}

extension Reconciler {
    /// Reads an upload as somebody asked, plans it and, where that was asked for and no guard holds it, applies it.
    ///
    /// - Parameters:
    ///   - file: where the upload lies; removed by whoever put it there.
    ///   - name: what the journal calls it.
    /// - Throws: why it could not begin: `DirectoryError`, ``SyncError``; `BrokenRun` once it had begun.
    func carryOut(
        _ asked: AskedRun, _ policy: Policy, file: String, named name: String, applies: Bool, by caller: Caller,
        patience: Patience
    ) async throws -> Run {
        try await inTurn(policy.seat, patience) {
            let place = try await runs.place(of: policy.source, platformApp: policy.platformApp)
            return try await lease.hold(place.source) { connection in
                try await finishOthers(of: place.source)
                let begun = try await asked.begin(\.id) {
                    try await directory.runs.begin(
                        policy: policy.name, fingerprint: policy.fingerprint, source: place.source, fileName: name,
                        applies: applies, by: caller)
                }
                do {
                    let context = PlanContext(
                        run: begun.id, source: begun.source, platformApp: begun.platformApp, policy: policy)
                    try await plan(context, .export(file), named: name, progress: .silent, on: connection)
                    return try await runs.show(begun.id)
                } catch {
                    throw BrokenRun(run: begun.id, cause: error)
                }
            }
        } then: { run in
            let ended = applies && run.state == .planned ? try await apply(run.id, patience: patience) : run
            try await keep(ended, of: policy, upload: file, named: name)
            return ended
        }
    }

    /// Nobody has the upload later: what the run read is kept while it is there.
    private func keep(_ run: Run, of policy: Policy, upload file: String, named name: String) async throws {
        do {
            guard case .skipped(let reason) = try await keep(run, of: policy, file: file, named: name) else { return }
            logger.warning("the read was not kept", metadata: ["run": "\(run.id)", "reason": "\(reason)"])
        } catch  where !(error is CancellationError) {
            logger.warning("the read was not kept", metadata: ["run": "\(run.id)", "error": "\(error)"])
        }
    }

    /// Plans the reverse of a run as somebody asked and, where that was asked for and no guard holds it, applies it.
    func carryOutUndo(
        _ asked: AskedRun, of id: Int64, seat: String, guards: Guards, applies: Bool, by caller: Caller, patience: Patience
    ) async throws -> Run {
        try await inTurn(seat, patience) {
            do {
                return try await undo(id, guards) {
                    try await asked.begin(\.id) {
                        try await directory.runs.beginUndo(of: id, applies: applies, by: caller)
                    }
                }
            } catch  where asked.hasBegun {
                throw BrokenRun(run: id, cause: error)
            }
        } then: { run in
            applies && run.state == .planned ? try await apply(run.id, patience: patience) : run
        }
    }
}
