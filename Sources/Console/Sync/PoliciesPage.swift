// SPDX-License-Identifier: Apache-2.0

import Directory
import Sync

/// The policies with their last and next run; the template is `sync_policies`.
struct PoliciesPage: Sendable {
    let policies: [PolicyRow]
    let hasPolicies: Bool
    let empty: EmptyState
}

/// A policy.
struct PolicyRow: Sendable {
    let name: String
    /// Its page.
    let href: String
    let file: String
    let state: Badge
    let platformApp: String?
    let platformAppText: String?
    let source: String?
    let mistakes: [MistakeRow]
    let hasMistakes: Bool
    let last: RunRow?
    let next: String
    let export: String?
    let exported: Moment?
    let runs: String?

    /// A mistake, where it stands.
    struct MistakeRow: Sendable {
        let line: Int
        let place: String
        let message: String
    }

    init(_ card: PolicyCard, _ last: RunRecord?, _ visit: ConsoleVisit) {
        let fileName = RunWords.fileName(card.file) ?? card.file
        name = card.name ?? fileName
        href = SyncPages.address(of: name, visit)
        file = card.file
        platformApp = card.platformApp
        platformAppText = card.platformApp.map { "for \($0)" }
        source = card.source
        mistakes = card.mistakes.map {
            MistakeRow(line: $0.line, place: "\(fileName):\($0.line):\($0.column)", message: $0.message)
        }
        hasMistakes = !card.mistakes.isEmpty
        self.last = last.map { RunRow($0, visit) }
        export = RunWords.fileName(card.newest?.path)
        exported = card.newest.map { Moment(microseconds: $0.modified, now: visit.now) }
        runs = card.name.map { visit.href("sync/runs", ["policy": $0]) }
        if hasMistakes {
            state = card.name == nil ? .bad("Has mistakes") : .warning("Has mistakes")
            next = card.name == nil ? "When its mistakes are mended." : "By its last sound version, when its export changes."
        } else if card.patterns.isEmpty {
            state = .plain("By command")
            next = "When somebody runs “muster sync apply \(name) FILE”."
        } else {
            state = .good("Watched")
            let patterns = card.patterns.joined(separator: ", ")
            next = card.newest == nil ? "When a file appears that matches \(patterns)." : "When \(patterns) changes."
        }
    }
}

extension SyncPages {
    func policiesPage(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let cards = try await policies?.cards() ?? []
        let last = try await directory.runs.latest(of: cards.compactMap(\.name), by: try visit.caller)
        let rows = cards.map { card in PolicyRow(card, card.name.flatMap { last[$0] }, visit) }
        let folder = facts.policies.isEmpty ? "the folder of policies" : facts.policies
        let content = PoliciesPage(
            policies: rows, hasPolicies: !rows.isEmpty,
            empty: EmptyState(
                "No policy yet",
                "A policy says how one directory becomes users, accounts and roles. Put one into \(folder): it is read at once. "
                    + "Ready-made ones are in Policies/ beside the program’s source; “muster policy check FILE” finds mistakes."))
        var page = ConsolePage("Sync", "sync_policies", content)
        page.tabs = Self.tabs(visit, "sync")
        page.subtitle = facts.policies.isEmpty ? nil : "Policies in \(facts.policies)"
        return .page(page)
    }
}
