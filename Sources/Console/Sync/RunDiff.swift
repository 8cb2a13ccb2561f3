// SPDX-License-Identifier: Apache-2.0

import Directory

/// How the changes of a run are laid out.
enum RunView: String, CaseIterable, Sendable {
    /// In the order of the plan, a person or an account each.
    case people = ""
    case actions
    /// The accounts, each with the way to its changes.
    case accounts

    var label: String {
        switch self {
        case .people: "By person"
        case .actions: "By action"
        case .accounts: "By account"
        }
    }

    /// Below `/super_admin`.
    func path(_ run: Int64) -> String { "sync/runs/\(run)" + (self == .people ? "" : "/\(rawValue)") }
}

/// A part of a run's changes, with where the next one begins.
struct RunDiff: Sendable {
    var groups: [ChangeGroup] = []
    var accounts: [RunAccountRow] = []
    var next: Int64?

    var isEmpty: Bool { groups.isEmpty && accounts.isEmpty }

    /// Changes on a page: of people with several roles it has some 90 KB.
    static let pageSize = 36
}

extension SyncPages {
    /// The part of a run's changes that a visit asks for.
    func diff(of run: RunRecord, _ view: RunView, _ filter: RunChangeFilter, _ list: ListVisit) async throws -> RunDiff {
        guard run.plannedAt != nil else { return RunDiff() }
        switch view {
        case .people:
            let found = try await directory.runs.changes(of: run.id, filter, list.page, by: try list.visit.caller)
            return RunDiff(groups: group(found.items, of: nil, run, list.visit), next: found.next)
        case .actions: return try await diffByAction(of: run, filter, list)
        case .accounts:
            let found = try await directory.runs.accounts(of: run.id, list.page, by: try list.visit.caller)
            let rows = found.items.map { account in
                RunAccountRow(
                    name: account.name.map(\.shownName) ?? "Account \(account.id)",
                    href: list.visit.href("sync/runs/\(run.id)", ["account": "\(account.id)"]),
                    count: account.count.grouped)
            }
            return RunDiff(accounts: rows, next: found.next)
        }
    }

    /// One action after the other. A position is one in the plan below the number of its action, so that each page begins where
    /// the last one ended, and costs the same.
    private func diffByAction(of run: RunRecord, _ filter: RunChangeFilter, _ list: ListVisit) async throws -> RunDiff {
        var diff = RunDiff()
        var (index, after) = (Int(list.page.after >> 32), list.page.after & 0xFFFF_FFFF)
        var room = list.page.limit
        while index < Self.actionOrder.count {
            var filter = filter
            filter.action = Self.actionOrder[index]
            let found = try await directory.runs.changes(
                of: run.id, filter, PageRequest(limit: room, after: after), by: try list.visit.caller)
            diff.groups += group(found.items, of: filter.action, run, list.visit)
            room -= found.items.count
            if let next = found.next {
                diff.next = Int64(index) << 32 | next
                return diff
            }
            (index, after) = (index + 1, 0)
            if room == 0, index < Self.actionOrder.count {
                diff.next = Int64(index) << 32
                return diff
            }
        }
        return diff
    }

    /// The gravest first.
    private static let actionOrder = ["delete", "suspend", "create", "adopt", "update", "restore"]

    private func group(_ changes: [RunChangeRecord], of action: String?, _ run: RunRecord, _ visit: ConsoleVisit)
        -> [ChangeGroup]
    {
        guard !changes.isEmpty else { return [] }
        let count = action.flatMap { RunWords.counts(run)[$0] }
        let label = action.map { name in RunWords.actions.first { $0.value == name }?.label ?? name }
        return [
            ChangeGroup(
                heading: label.map { label in count.map { "\(label): \($0.grouped)" } ?? label },
                action: run.waits ? action : nil, about: label.map { "\($0.lowercased()) of this plan" } ?? "",
                changes: changes.map { ChangeRow($0, isOpen: run.waits, visit) })
        ]
    }
}
