// SPDX-License-Identifier: Apache-2.0

import Directory
import Sync

/// Policies, their runs, and what each run does to whom; a plan that waits is approved or rejected here.
struct SyncPages: Sendable {
    let directory: Directory
    let facts: InstallationFacts
    let policies: PolicyShelf?
    /// Begins runs; nil where nobody does.
    let sync: SyncDesk?

    func addRoutes(to frame: Frame) {
        frame.page("sync", in: .sync, policiesPage)
        frame.page("sync/runs", in: .sync, runsPage)
        for view in RunView.allCases {
            let path = "sync/runs/:id" + (view == .people ? "" : "/\(view.rawValue)")
            frame.page(path, in: .sync) { try await show($0, view) }
            if view != .accounts { frame.act(path, in: .sync) { try await decide($0, view) } }
        }
        frame.page("sync/runs/:id/findings", in: .sync, findingsPage)
        frame.page("sync/runs/:id/progress", in: .sync, progress)
        frame.act("sync/runs/:id/approve", in: .sync, confirmed: true, approve)
        frame.act("sync/runs/:id/reject", in: .sync, reject)
        frame.page("sync/runs/:id/undo", in: .sync, undoPage)
        frame.act("sync/runs/:id/undo", in: .sync, undo)
        frame.page("sync/policies/:name", in: .sync, policyPage)
        frame.act("sync/policies/:name/confirm", in: .sync, confirmed: true, confirm)
        DisputePages(directory: directory).addRoutes(to: frame)
        QuarantinePages(directory: directory).addRoutes(to: frame)
        if let sync { frame.upload("sync/policies/:name/uploads", in: .sync, limit: sync.sizeLimit, upload) }
    }

    private func show(_ visit: ConsoleVisit, _ view: RunView) async throws -> ConsoleAnswer {
        .page(try await runPage(visit, view))
    }

    private func progress(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let run = try await directory.runs.show(try visit.pathID(), by: try visit.caller)
        return .response(visit.desk.part("sync_progress", RunProgressPart(run, visit)))
    }

    static func tabs(_ visit: ConsoleVisit, _ current: String) -> [PageLink] {
        let pages = [
            ("sync", "Policies"), ("sync/runs", "Runs"), ("sync/disputes", "Disputes"), ("sync/quarantine", "Quarantine"),
        ]
        return pages.map { path, label in PageLink(label, visit.href(path), isCurrent: path == current) }
    }

    /// The page of a policy.
    static func address(of policy: String, _ visit: ConsoleVisit) -> String {
        visit.href("sync/policies/" + QueryText.encoded(policy))
    }
}
