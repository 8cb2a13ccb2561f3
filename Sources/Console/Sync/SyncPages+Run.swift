// SPDX-License-Identifier: Apache-2.0

import Directory
import Sync
import WebSurface

extension SyncPages {
    func runPage(_ visit: ConsoleVisit, _ view: RunView, _ problems: [FieldProblem] = []) async throws -> ConsolePage {
        let caller = try visit.caller
        let run = try await directory.runs.show(try visit.pathID(), by: caller)
        let filter = view == .accounts ? RunChangeFilter() : RunChangeFilter(visit)
        let list = ListVisit(visit, "changes|\(run.id)|\(view)|\(filter)", limit: view == .accounts ? 100 : RunDiff.pageSize)
        let diff = try await diff(of: run, view, filter, list)
        let decisions = run.waits ? try await directory.runs.decisionCounts(of: run.id, by: caller) : [:]
        let isUndo = run.undoes != nil && run.plannedAt != nil
        let left = isUndo ? try await directory.runs.findingCounts(of: run.id, by: caller) : []
        let content = RunPage(
            progress: RunProgressPart(run, visit),
            decision: run.waits ? RunDecisionPart(run, decisions, visit, problems) : nil,
            left: left.isEmpty ? nil : FindingCounts(left, run, visit),
            filters: try await filters(run, view, filter, visit),
            choice: run.waits && !diff.groups.isEmpty ? ChangeChoice(visit, problems) : nil, groups: diff.groups,
            accounts: diff.accounts, hasAccounts: !diff.accounts.isEmpty,
            empty: diff.isEmpty ? emptiness(run, filter, visit) : nil, pager: Pager(list, next: diff.next))
        var page = page(of: run, "Run \(run.id)", "sync_run", content, visit, view.rawValue)
        page.notice = problems.notice(besides: ["reason", "why"])
        return page
    }

    func findingsPage(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let caller = try visit.caller
        let run = try await directory.runs.show(try visit.pathID(), by: caller)
        let code = visit.text("code")
        let list = ListVisit(visit, "findings|\(run.id)|\(code ?? "")", limit: 100)
        let counts = try await directory.runs.findingCounts(of: run.id, by: caller)
        let found =
            code?.utf8.contains(0) == true
            ? Page(items: []) : try await directory.runs.findings(of: run.id, code: code, list.page, by: caller)
        let kinds = counts.map { ($0.code, "\(FindingWords.kind($0.code)) (\($0.count.grouped))") }
        let content = FindingsPage(
            filters: counts.count > 1 || code != nil
                ? FilterBar(visit, search: nil, choices: [.choice("code", "Kind", code, [("", "Any kind")] + kinds)]) : nil,
            findings: found.items.map(FindingRow.init), hasFindings: !found.items.isEmpty,
            empty: EmptyState(
                "Nothing found", code == nil ? "Every entry could be read, and nobody is disputed." : "Nothing of this kind."),
            pager: Pager(list, next: found.next))
        return .page(page(of: run, "Findings of run \(run.id)", "sync_findings", content, visit, "findings"))
    }

    /// A page about a run, with its tabs.
    func page(
        of run: RunRecord, _ title: String, _ template: String, _ content: any Sendable, _ visit: ConsoleVisit, _ current: String
    ) -> ConsolePage {
        var page = ConsolePage(title, template, content)
        page.badges = [RunWords.badge(run)]
        page.subtitle = RunWords.title(run)
        page.above = PageLink("Runs", visit.href("sync/runs"))
        var tabs = RunView.allCases.map { (path: $0.rawValue, label: $0.label) } + [("findings", "Findings")]
        if run.canBeUndone { tabs.append(("undo", "Undo")) }
        page.tabs = tabs.map { path, label in
            PageLink(
                label, visit.href("sync/runs/\(run.id)" + (path.isEmpty ? "" : "/\(path)")), isCurrent: path == current)
        }
        return page
    }

    private func filters(
        _ run: RunRecord, _ view: RunView, _ filter: RunChangeFilter, _ visit: ConsoleVisit
    ) async throws -> FilterBar? {
        guard run.plannedAt != nil, view != .accounts else { return nil }
        let refusals = try await directory.runs.refusalCounts(of: run.id, by: try visit.caller)
        var choices: [Field] = [
            .choice("kind", "Kind", filter.kind?.rawValue, [("", "Any kind"), ("user", "Users"), ("account", "Accounts")]),
            .choice("because", "Reason", filter.reason, [("", "Any reason")] + RunReason.all.map { ($0, $0) }),
            .filter("account", "Account id", visit),
        ]
        if view == .people {
            choices.insert(
                .choice("action", "Action", filter.action, [("", "All but memory")] + RunWords.actions), at: 0)
        }
        if run.waits {
            let words = [("", "Decided or not"), ("approved", "Approved"), ("rejected", "Rejected"), ("none", "Not decided")]
            choices.append(.choice("decision", "Decision", filter.decision?.rawValue, words))
        }
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
        case "unchanged" where run.undoes != nil:
            EmptyState("Nothing can be undone", "Everything that the run did was changed since, or is as before already.")
        default: EmptyState("Nothing to change", "The export says what is stored already.")
        }
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
        decision = visit.choice("decision")
        account = visit.filterID("account")
        text = visit.text("q")
    }
}

extension ConsoleVisit {
    /// The parameters of the address, without the word about what was done.
    var queryPairs: [(name: String, value: String)] {
        QueryText.pairs(context.web.query ?? "").filter { $0.name != "flash" }
    }
}
