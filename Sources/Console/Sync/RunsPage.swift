// SPDX-License-Identifier: Apache-2.0

import Directory
import Sync

/// The runs, the newest first; the template is `sync_runs`.
struct RunsPage: Sendable {
    let filters: FilterBar
    let runs: [RunRow]
    let hasRuns: Bool
    let empty: EmptyState
    let pager: Pager
}

extension SyncPages {
    func runsPage(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let caller = try visit.caller
        let (policy, state) = (visit.text("policy"), visit.text("state"))
        let list = ListVisit(visit, "runs|\(policy ?? "")|\(state ?? "")")
        let known = try await directory.runs.policies(by: caller)
        let found = try await directory.runs.list(RunFilter(policy: policy, state: state), list.page, by: caller)
        let names = [("", "All policies")] + known.map { ($0, $0) } + [(RunJournal.ofTheAPI, "Calls of the Platform API")]
        let isFiltered = policy != nil || state != nil
        let content = RunsPage(
            filters: FilterBar(
                visit, search: nil,
                choices: [
                    .choice("policy", "Policy", policy, names),
                    .choice("state", "State", state, [("", "Any state")] + RunWords.states),
                ]),
            runs: found.items.map { RunRow($0, visit) }, hasRuns: !found.items.isEmpty,
            empty: isFiltered
                ? EmptyState(
                    "No such run", "No run is of this policy and in this state.", PageLink("Show all", visit.href("sync/runs")))
                : EmptyState(
                    "No run yet",
                    "A run begins when the export of a policy appears or changes, or by “muster sync plan POLICY FILE”.",
                    PageLink("See the policies", visit.href("sync"))),
            pager: Pager(list, next: found.next, newestFirst: true))
        var page = ConsolePage("Runs", "sync_runs", content)
        page.tabs = Self.tabs(visit, "sync/runs")
        return .page(page)
    }
}
