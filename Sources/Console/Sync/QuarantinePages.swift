// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

/// What is left alone for a while because it failed: entries, and policies.
struct QuarantinePages: Sendable {
    let directory: Directory

    func addRoutes(to frame: Frame) {
        frame.page("sync/quarantine", in: .sync, list)
        frame.act("sync/quarantine/retry", in: .sync, retryAll)
        frame.act("sync/quarantine/:id/retry", in: .sync, retry)
        frame.act("sync/policies/:name/retry", in: .sync, retryPolicy)
    }

    private func list(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let filter = QuarantineFilter(policy: visit.text("policy"))
        let list = ListVisit(visit, "quarantine|\(filter)")
        let troubles = try await directory.quarantine.troubles(PageRequest(limit: 100), by: visit.caller).items
        let found = try await directory.quarantine.list(filter, list.page, by: visit.caller)
        let known = try await directory.runs.policies(by: visit.caller)
        let bar = FilterBar(
            visit, search: nil,
            choices: [.choice("policy", "Policy", filter.policy, [("", "All policies")] + known.map { ($0, $0) })])
        var entries = PageSection.table(
            "Entries", Self.table(found.items, visit), none: "No entry is left alone.",
            "Their changes were refused. Each is tried again at its time, later and later, and at once when its content changes.")
        (entries.filters, entries.pager) = (bar, Pager(list, next: found.next))
        if !found.items.isEmpty {
            var all = ActForm(action: visit.href("sync/quarantine/retry"), button: "Try all of them again")
            if let policy = filter.policy { all.hidden = [DangerZone.Hidden(name: "policy", value: policy)] }
            entries.forms = [all]
        }
        let policies = PageSection.table(
            "Policies in trouble", Self.table(troubles, visit), none: "None.",
            troubles.isEmpty ? nil : "Their runs came to nothing again and again.")
        var page = ConsolePage("Quarantine", "object_page", ObjectPage(sections: [policies, entries]))
        page.tabs = SyncPages.tabs(visit, "sync/quarantine")
        return .page(page)
    }

    private static func table(_ entries: [QuarantinedEntry], _ visit: ConsoleVisit) -> DataTable {
        var table = DataTable("Entries", ["Entry", "Change", "Why", "Policy", "#Tries", "Next try", "-Acts"])
        for entry in entries {
            let name = entry.entry ?? entry.externalID
            var next = DataTable.Cell.moment(visit.moment(entry.nextTryAt))
            next.links = [PageLink("Run \(entry.runID)", visit.href("sync/runs/\(entry.runID)", ["refusal": entry.code]))]
            table.append([
                .text(name, faint: entry.entry == nil ? nil : entry.externalID),
                .text(RunWords.actions.first { $0.value == entry.action }?.label ?? entry.action),
                .text(ChangeRow.refusals[entry.code] ?? entry.code.replacing("_", with: " "), faint: entry.detail?.cut(to: 300)),
                .link(entry.policy, SyncPages.address(of: entry.policy, visit)), .text("\(entry.attempts)"), next,
                .acts(
                    [],
                    [RowForm(action: visit.href("sync/quarantine/\(entry.id)/retry"), button: "Try again", about: "with \(name)")]
                ),
            ])
        }
        return table
    }

    private static func table(_ troubles: [PolicyTrouble], _ visit: ConsoleVisit) -> DataTable {
        var table = DataTable("Policies in trouble", ["Policy", "Why", "#Failures", "Since", "What now", "-Acts"])
        for trouble in troubles {
            var since = DataTable.Cell.moment(visit.moment(trouble.since))
            if let run = trouble.runID { since.links = [PageLink("Run \(run)", visit.href("sync/runs/\(run)"))] }
            let address = "sync/policies/" + QueryText.encoded(trouble.policy)
            table.append([
                .link(trouble.policy, visit.href(address)),
                .text(RunWords.sentence(trouble.reason) ?? trouble.code.replacing("_", with: " ")),
                .text(trouble.failures.grouped), since,
                .text(
                    trouble.isPutAside
                        ? "Put aside until its file or its rules change" : "Runs on, whenever its export changes"),
                .acts(
                    [],
                    [RowForm(action: visit.href(address + "/retry"), button: "Run again", about: "the policy \(trouble.policy)")]),
            ])
        }
        return table
    }

    private func retry(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        try await directory.quarantine.retry(try visit.pathID(), by: visit.caller)
        return .to("sync/quarantine", .retried)
    }

    private func retryAll(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        try await directory.quarantine.retry(QuarantineFilter(policy: visit.text("policy")), by: visit.caller)
        return .to("sync/quarantine", .retried)
    }

    private func retryPolicy(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        try await directory.quarantine.retry(policy: try visit.context.pathText("name"), by: visit.caller)
        return .to("sync/quarantine", .retried)
    }
}
