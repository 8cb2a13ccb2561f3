// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Sync
import WebSurface

/// How the changes of a plan are grouped for a person.
enum PlanGrouping: String, CaseIterable, ExpressibleByArgument {
    case person, account, action
}

/// Writes a whole plan page by page: no more than a page is in memory, however long the plan.
struct PlanOutput: Sendable {
    let run: Run
    let runs: RunStore
    let style: Style

    /// For people: each change with its reason, and each value before and after with its rule.
    func write(by grouping: PlanGrouping) async throws {
        switch grouping {
        case .person: try await write(.all)
        case .action:
            for (action, title) in Self.titles where run.counts[action] > 0 {
                Console.out(style.bold("\(title): \(run.counts[action])"))
                try await write(.action(action))
            }
        case .account:
            let accounts = try await runs.accounts(of: run)
            for id in accounts {
                let name = try await runs.accountNames(of: run, ids: [id])[id]
                Console.out(style.bold("Account \(id)\(name.map { " \(Style.plain($0))" } ?? "")"))
                try await write(.account(id), only: id)
            }
            Console.out(style.bold("In no account"))
            try await write(.noAccount)
        }
    }

    /// One array, or an object a line.
    func writeJSON(asLines: Bool) async throws {
        var isFirst = true
        if !asLines { Console.out("[") }
        try await runs.forEachPage(of: run) { page in
            for change in page {
                let text = Console.jsonText { writer in writer.object { RunJSON.fields(change, to: &$0) } }
                Console.out(asLines || isFirst ? text : ",\(text)")
                isFirst = false
            }
        }
        if !asLines { Console.out("]") }
    }

    private func write(_ walk: RunWalk, only account: Int64? = nil) async throws {
        try await runs.forEachPage(of: run, walk) { page in
            let changes = page.map(ChangeText.init)
            let ids = Set(changes.flatMap { $0.memberships.map(\.account) })
            let names = try await runs.accountNames(of: run, ids: ids.sorted())
            Console.out(changes.flatMap { $0.difference(names, only: account, style) }.joined(separator: "\n"))
        }
    }

    private static let titles = [
        ("create", "To be made"), ("adopt", "To be matched"), ("update", "To be changed"), ("restore", "To be restored"),
        ("suspend", "To be suspended"),
    ]
}

extension ChangeText {
    /// The change with a line for each value: `name "a" → "b"`, and where it comes from.
    ///
    /// - Parameter only: the roles in this account only, of those in which the change moves any.
    func difference(_ accounts: [Int64: String], only: Int64?, _ style: Style) -> [String] {
        let refusal =
            change.refusal.map { style.red(" (refused: \($0))") } ?? change.decision.map { style.yellow(" (\($0))") } ?? ""
        let name = Style.plain(change.label ?? "\(change.objectID)")
        var lines = [
            colour(style, "\(symbol) \(verb) \(change.kind) \(name)")
                + style.dim("  #\(change.seq), \(Style.plain(change.reason))") + refusal
        ]
        for (field, before, after, rule) in Self.rules(change.fields).sorted(by: { $0.0 < $1.0 }) where before != after {
            lines.append(line(field, before, after, rule, style))
        }
        for (account, before, after, rule) in Self.rules(change.memberships).sorted(by: { $0.0 < $1.0 }) where before != after {
            let id = Int64(account)
            if let only, change.kind == "user", id != only { continue }
            let name = id.flatMap { accounts[$0] } ?? "account \(account)"
            lines.append(line("role in \(name)", before, after, rule, style))
        }
        return lines
    }

    private func line(_ what: String, _ before: String?, _ after: String?, _ rule: String?, _ style: Style) -> String {
        let value = before == nil ? Self.value(after) : "\(Self.value(before)) → \(Self.value(after))"
        return Style.plain("    \(what): \(value)") + style.dim(rule.map { "  [\(Style.plain($0))]" } ?? "")
    }
}
