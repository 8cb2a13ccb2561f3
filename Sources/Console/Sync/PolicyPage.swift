// SPDX-License-Identifier: Apache-2.0

import Directory
import Policy
import Sync
import WebSurface

/// A policy: its file with what is wrong in it, what it reads and does, its limits and its last runs; the template is
/// `sync_policy`.
struct PolicyPage: Sendable {
    let upload: UploadPart?
    let facts: [Fact]
    let guards: [GuardRow]
    let hasGuards: Bool
    let runs: [RunRow]
    let hasRuns: Bool
    /// All of its runs.
    let allRuns: String
    let mistakes: [PolicyRow.MistakeRow]
    let hasMistakes: Bool
    let file: String
    let lines: [SourceLine]
    let hasLines: Bool
    /// Said below the text where it has no end.
    let cut: String?
}

/// A limit of a policy.
struct GuardRow: Sendable {
    let what: String
    let limit: String
}

/// A line of a policy's file.
struct SourceLine: Sendable {
    let number: Int
    let text: String
    /// What is wrong in it.
    let mistakes: [String]
    let isWrong: Bool

    init(_ number: Int, _ text: String, _ mistakes: [PolicyCard.Mistake]) {
        self.number = number
        self.text = text
        self.mistakes = mistakes.map { "Column \($0.column): \($0.message)" }
        isWrong = !mistakes.isEmpty
    }

    /// The lines of a file; a mistake behind its end stands at its last line.
    static func all(_ lines: [String], _ mistakes: [PolicyCard.Mistake]) -> [SourceLine] {
        let wrong = Dictionary(grouping: mistakes) { min(max(1, $0.line), max(1, lines.count)) }
        return lines.enumerated().map { SourceLine($0 + 1, $1, wrong[$0 + 1] ?? []) }
    }
}

extension SyncPages {
    func policyPage(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let name = try visit.context.pathText("name")
        if let sheet = try await policies?.sheet(name) { return .page(try await policyPage(visit, sheet)) }
        // Of one that is gone there are its runs.
        guard !name.utf8.contains(0),
            try await !directory.runs.list(RunFilter(policy: name), PageRequest(limit: 1), by: try visit.caller).items.isEmpty
        else { throw DirectoryError.notFound }
        return .to("sync/runs" + QueryText.encoded([("policy", name)]))
    }

    func policyPage(_ visit: ConsoleVisit, _ sheet: PolicySheet, _ problems: [FieldProblem] = []) async throws -> ConsolePage {
        let name = sheet.card.name
        let runs =
            name == nil
            ? [] : try await directory.runs.list(RunFilter(policy: name), PageRequest(limit: 6), by: try visit.caller).items
        let row = PolicyRow(sheet.card, runs.first, visit)
        let guards = sheet.policy.map { GuardRow.all($0.guards) } ?? []
        let lines = SourceLine.all(sheet.lines ?? [], sheet.card.mistakes)
        let content = PolicyPage(
            upload: UploadPart(sheet, sync, visit, problems),
            facts: PolicyFacts(sheet, row, visit).all, guards: guards, hasGuards: !guards.isEmpty,
            runs: runs.map { RunRow($0, visit) }, hasRuns: !runs.isEmpty,
            allRuns: visit.href("sync/runs", ["policy": name ?? ""]), mistakes: row.mistakes, hasMistakes: row.hasMistakes,
            file: sheet.card.fileName, lines: lines, hasLines: !lines.isEmpty,
            cut: sheet.isCut
                ? "The file goes on; this is its beginning." : sheet.lines == nil ? "The file cannot be read as text." : nil)
        var page = ConsolePage(name ?? sheet.card.fileName, "sync_policy", content)
        page.badges = [row.state]
        page.subtitle = "Policy in \(sheet.card.file)"
        page.above = PageLink("Policies", visit.href("sync"))
        page.notice = problems.notice(besides: ["file"])
        return page
    }
}

extension GuardRow {
    static func all(_ guards: Guards) -> [GuardRow] {
        let whole = Guards.Kind.allCases.compactMap { kind in
            guards.limits[kind].map { GuardRow(what: words[kind] ?? kind.rawValue, limit: text($0)) }
        }
        let each = Guards.Kind.ofAccounts.compactMap { kind in
            guards.perAccount[kind].map {
                GuardRow(what: "\(words[kind] ?? kind.rawValue), in each account", limit: text($0))
            }
        }
        return whole + each
    }

    private static let words: [Guards.Kind: String] = [
        .removals: "Users suspended or deleted, memberships taken away", .suspensions: "Users suspended",
        .deletions: "Users deleted", .creations: "Users created", .emailChanges: "E-mail changes",
        .administrators: "Administrators made", .members: "Memberships given and taken away",
    ]

    private static func text(_ limit: Guards.Limit) -> String {
        var parts: [String] = []
        if let count = limit.count { parts.append("at most \(count.grouped)") }
        if let percent = limit.percent {
            let number = percent == percent.rounded() ? Int(percent).grouped : "\(percent)"
            parts.append("at most \(number) % (from \(limit.floor.grouped) on)")
        }
        return parts.isEmpty ? "no limit" : parts.joined(separator: ", ")
    }
}
