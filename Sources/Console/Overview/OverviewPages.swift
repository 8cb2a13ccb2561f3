// SPDX-License-Identifier: Apache-2.0

import Directory
import Sync

/// What an operator sees first: what waits for a person, whether all is well, the last runs, how much there is.
struct OverviewPages: Sendable {
    let directory: Directory
    let facts: InstallationFacts
    let policies: PolicyShelf?

    func addRoutes(to frame: Frame) {
        frame.page("", in: .overview, show)
    }

    private func show(_ visit: ConsoleVisit) async throws -> ConsoleAnswer { .page(try await page(visit)) }

    private func page(_ visit: ConsoleVisit) async throws -> ConsolePage {
        let caller = try visit.caller
        async let shown = directory.overview.show(by: caller)
        async let runs = directory.runs.list(RunFilter(), PageRequest(limit: 8), by: caller)
        async let waiting = directory.runs.list(RunFilter(state: "held"), PageRequest(limit: 5), by: caller)
        async let planned = directory.runs.list(RunFilter(state: "planned"), PageRequest(limit: 5), by: caller)
        let cards = try await policies?.cards() ?? []
        let latest = try await directory.runs.latest(of: cards.compactMap(\.name), by: caller)
        let overview = try await shown
        let troubles =
            overview.policiesInTrouble > 0 ? try await directory.quarantine.troubles(PageRequest(limit: 5), by: caller).items : []
        let held = try await (waiting.items + planned.items).filter(\.waits)
        let rows = try await runs.items.map { RunRow($0, visit) }
        let tasks = OverviewTasks(visit).all(overview, held: held, cards: cards, latest: latest, troubles: troubles)
        let content = OverviewPage(
            tasks: tasks, hasTasks: !tasks.isEmpty, sizes: sizes(overview, visit), facts: health(overview, visit), runs: rows,
            hasRuns: !rows.isEmpty, runsPage: visit.href("sync/runs"),
            empty: EmptyState(
                "No run yet", "A run begins when the export of a policy appears or changes.",
                PageLink("See the policies", visit.href("sync"))))
        return ConsolePage("Overview", "overview", content)
    }

    private func sizes(_ overview: Overview, _ visit: ConsoleVisit) -> [SizeFigure] {
        [
            SizeFigure("Users", overview.users, visit.href("users")),
            SizeFigure("Accounts", overview.accounts, visit.href("accounts")),
            SizeFigure("Agent bots", overview.agentBots, visit.href("agent_bots")),
            SizeFigure("Platform Apps", overview.platformApps, visit.href("platform_apps")),
        ]
    }

    private func health(_ overview: Overview, _ visit: ConsoleVisit) -> [Fact] {
        var facts: [Fact] = [.badges("Database", [.good("Answers")])]
        facts.append(
            .text("PostgreSQL", overview.databaseVersion + (self.facts.isEmbedded ? ", the daemon’s own" : ", run by yourself")))
        facts.append(.text("Schema", overview.schema))
        if !self.facts.version.isEmpty { facts.append(.text("Muster", self.facts.version)) }
        if self.facts.startedAt > 0 {
            facts.append(.moment("Running since", Moment(microseconds: self.facts.startedAt, now: visit.now)))
        }
        return facts
    }
}

/// The overview; the template is `overview`.
struct OverviewPage: Sendable {
    let tasks: [OverviewTask]
    let hasTasks: Bool
    let sizes: [SizeFigure]
    /// Whether all is well.
    let facts: [Fact]
    let runs: [RunRow]
    let hasRuns: Bool
    let runsPage: String
    let empty: EmptyState
}

/// How many there are of a kind.
struct SizeFigure: Sendable {
    let label: String
    let figure: String
    let href: String

    init(_ label: String, _ size: Overview.Size, _ href: String) {
        self.label = label
        figure = size.isEstimate ? "about \(Self.rounded(size.count).grouped)" : size.count.grouped
        self.href = href
    }

    /// To two digits: an estimate is no more exact than that.
    static func rounded(_ count: Int64) -> Int64 {
        var unit: Int64 = 1
        while count / unit >= 100 { unit *= 10 }
        return (count + unit / 2) / unit * unit
    }
}
