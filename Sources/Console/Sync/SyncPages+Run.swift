// SPDX-License-Identifier: Apache-2.0

import Directory
import Sync

extension SyncPages {
    func runPage(_ visit: ConsoleVisit, _ problems: [FieldProblem] = []) async throws -> ConsolePage {
        let caller = try visit.caller
        let run = try await directory.runs.show(try visit.pathID(), by: caller)
        let filter = RunChangeFilter(visit)
        let list = ListVisit(visit, "changes|\(run.id)|\(filter)", limit: 40)
        let found =
            run.plannedAt == nil ? Page(items: []) : try await directory.runs.changes(of: run.id, filter, list.page, by: caller)
        let refusals = run.plannedAt == nil ? [] : try await directory.runs.refusalCounts(of: run.id, by: caller)
        let content = RunPage(
            progress: RunProgressPart(run, visit), decision: run.waits ? RunDecision(run, visit, problems) : nil,
            filters: run.plannedAt == nil ? nil : filters(visit, filter, refusals),
            changes: found.items.map { ChangeRow($0, visit) }, hasChanges: !found.items.isEmpty,
            empty: emptiness(run, filter, visit), pager: Pager(list, next: found.next))
        var page = ConsolePage("Run \(run.id)", "sync_run", content)
        page.badges = [RunWords.badge(run)]
        page.subtitle = run.policy == RunJournal.ofTheAPI ? "A call of the Platform API" : "Policy \(run.policy)"
        page.above = PageLink("Runs", visit.href("sync/runs"))
        page.tabs = runTabs(visit, run.id, "")
        page.notice = problems.notice(besides: ["reason"])
        return page
    }

    func findingsPage(_ visit: ConsoleVisit) async throws -> ConsolePage {
        let caller = try visit.caller
        let run = try await directory.runs.show(try visit.pathID(), by: caller)
        let list = ListVisit(visit, "findings|\(run.id)", limit: 100)
        let found = try await directory.runs.findings(of: run.id, list.page, by: caller)
        let content = FindingsPage(
            findings: found.items.map(FindingRow.init), hasFindings: !found.items.isEmpty,
            empty: EmptyState("Nothing found", "Every entry could be read, and nobody is disputed."),
            pager: Pager(list, next: found.next))
        var page = ConsolePage("Findings of run \(run.id)", "sync_findings", content)
        page.badges = [RunWords.badge(run)]
        page.above = PageLink("Runs", visit.href("sync/runs"))
        page.tabs = runTabs(visit, run.id, "/findings")
        return page
    }

    private func runTabs(_ visit: ConsoleVisit, _ id: Int64, _ current: String) -> [PageLink] {
        [("", "Changes"), ("/findings", "Findings")].map { path, label in
            PageLink(label, visit.href("sync/runs/\(id)\(path)"), isCurrent: path == current)
        }
    }

    private func filters(_ visit: ConsoleVisit, _ filter: RunChangeFilter, _ refusals: [RunRefusalCount]) -> FilterBar {
        var choices: [Field] = [
            .choice("action", "Action", filter.action, [("", "All but memory")] + RunWords.actions),
            .choice("kind", "Kind", filter.kind?.rawValue, [("", "Any kind"), ("user", "Users"), ("account", "Accounts")]),
            .choice("because", "Reason", filter.reason, [("", "Any reason")] + RunReason.all.map { ($0, $0) }),
        ]
        if !refusals.isEmpty {
            let codes = refusals.map { ($0.code, "\(ChangeRow.refusals[$0.code] ?? $0.code) (\($0.count.grouped))") }
            choices.append(
                .choice("refusal", "Refused", visit.text("refusal"), [("", "Refused or not"), ("any", "All refused")] + codes))
        }
        return FilterBar(visit, search: "Person or account", hint: "name, address or id", choices: choices)
    }

    private func emptiness(_ run: RunRecord, _ filter: RunChangeFilter, _ visit: ConsoleVisit) -> EmptyState {
        if filter != RunChangeFilter() {
            return EmptyState(
                "No such change", "No change of this run is like that.", PageLink("Show all", visit.href("sync/runs/\(run.id)")))
        }
        return switch run.state {
        case "reading": EmptyState("Being read", "The changes stand here as soon as the plan is made.")
        case "refused", "failed":
            EmptyState("No plan was made", RunWords.sentence(run.reason) ?? "The findings may say more.")
        default: EmptyState("Nothing to change", "The export says what is stored already.")
        }
    }
}

/// What a run found that a person should know; the template is `sync_findings`.
struct FindingsPage: Sendable {
    let findings: [FindingRow]
    let hasFindings: Bool
    let empty: EmptyState
    let pager: Pager
}

/// One finding.
struct FindingRow: Sendable {
    let code: String
    let place: String?
    let entry: String?
    let detail: String

    init(_ finding: RunFindingRecord) {
        code = finding.code
        place = finding.line.map { "line \($0.grouped)" }
        entry = finding.entry
        detail = finding.detail
    }
}

extension RunChangeFilter {
    /// What was asked for; what is none of the choices narrows nothing.
    fileprivate init(_ visit: ConsoleVisit) {
        self.init()
        action = visit.text("action").flatMap { action in RunWords.actions.contains { $0.value == action } ? action : nil }
        kind = visit.text("kind").flatMap(ObjectKind.init(rawValue:))
        reason = visit.text("because")
        refusal = visit.text("refusal").map { $0 == "any" ? .any : .code($0) }
        text = visit.text("q")
    }
}
