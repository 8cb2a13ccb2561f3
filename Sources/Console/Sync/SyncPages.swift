// SPDX-License-Identifier: Apache-2.0

import Directory
import Sync

/// Policies, their runs, and what each run does to whom; a plan that waits is approved or rejected here.
struct SyncPages: Sendable {
    let directory: Directory
    let facts: InstallationFacts
    let policies: PolicyShelf?

    func addRoutes(to frame: Frame) {
        frame.page("sync", in: .sync) { .page(try await policiesPage($0)) }
        frame.page("sync/runs", in: .sync) { .page(try await runsPage($0)) }
        frame.page("sync/runs/:id", in: .sync) { .page(try await runPage($0)) }
        frame.page("sync/runs/:id/findings", in: .sync) { .page(try await findingsPage($0)) }
        frame.page("sync/runs/:id/progress", in: .sync) { visit in
            let run = try await directory.runs.show(try visit.pathID(), by: try visit.caller)
            return .response(visit.desk.part("sync_progress", RunProgressPart(run, visit)))
        }
        frame.act("sync/runs/:id/approve", in: .sync) { visit in
            let id = try visit.pathID()
            return try await visit.saving {
                try await directory.runs.release(id, by: try visit.caller)
                return .to("sync/runs/\(id)", .approved)
            } otherwise: {
                try await runPage(visit, $0)
            }
        }
        frame.act("sync/runs/:id/reject", in: .sync) { visit in
            let id = try visit.pathID()
            return try await visit.saving {
                try await directory.runs.reject(id, reason: visit.text("reason"), by: try visit.caller)
                return .to("sync/runs/\(id)", .rejected)
            } otherwise: {
                try await runPage(visit, $0)
            }
        }
    }

    func tabs(_ visit: ConsoleVisit, _ current: String) -> [PageLink] {
        [("sync", "Policies"), ("sync/runs", "Runs")].map { path, label in
            PageLink(label, visit.href(path), isCurrent: path == current)
        }
    }
}
