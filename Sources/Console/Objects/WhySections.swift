// SPDX-License-Identifier: Apache-2.0

import Directory
import Policy
import Sync
import WebSurface

/// Why an object is as it is: each value with its owner, who set it, and the rule that says so.
struct WhySections: Sendable {
    private let explanation: Explanation
    private let places: [String: RulePlaces]
    private let visit: ConsoleVisit

    /// - Parameter policies: where the rules of policies stand; nil where there are none.
    static func all(
        of kind: ObjectKind, _ id: Int64, _ visit: ConsoleVisit, _ directory: Directory, _ policies: PolicyShelf?
    ) async throws -> [PageSection] {
        let explanation = try await directory.explanations.explain(kind, id, by: visit.caller)
        let said = explanation.fields.map(\.provenance) + explanation.memberships.map(\.provenance)
        let places = try await policies?.places(of: Set(said.filter { $0.rule != nil }.compactMap(\.policy))) ?? [:]
        let sections = WhySections(explanation: explanation, places: places, visit: visit)
        var all = [sections.fields]
        if kind == .user { all.append(sections.memberships) }
        if !explanation.suspensions.isEmpty { all.append(sections.suspensions) }
        return all + sections.reads
    }

    private var fields: PageSection {
        var table = DataTable("Fields", ["Field", "Value", "Owner", "Set by", "Rule"])
        for field in explanation.fields {
            let value = JSONDisplay.value(field.value.text).flatMap(JSONWords.text)
            let account = explanation.kind == .account ? field.provenance.externalID : nil
            table.append([
                .text(field.name), .text(value?.cut(to: 500), none: "empty"), owner(field.provenance, takenBy: field.takenBy),
                author(field.provenance), rule(field.provenance, account: account),
            ])
        }
        return PageSection.table(
            "Fields", table, none: "It has none.",
            "Whose each value is, who set it last, and which line of which policy says so.")
    }

    private var memberships: PageSection {
        var table = DataTable("Memberships", ["Account", "Role", "Owner", "Set by", "Rule"])
        for membership in explanation.memberships {
            table.append([
                .link(membership.accountName, visit.href("accounts/\(membership.accountID)")), .text(membership.role),
                owner(membership.provenance, takenBy: nil), author(membership.provenance),
                rule(membership.provenance, account: membership.accountKey),
            ])
        }
        return PageSection.table("Memberships", table, none: "A member of no account.")
    }

    private var suspensions: PageSection {
        var table = DataTable("Suspensions", ["By", "Reason", "Since", "Run"])
        for suspension in explanation.suspensions {
            var run = DataTable.Cell.text(nil, none: "not by a run")
            if let id = suspension.runID { run = .link("Run \(id)", visit.href("sync/runs/\(id)")) }
            table.append([
                .text(visit.words(suspension.standing.by)), .text(suspension.standing.reason, none: "none given"),
                .moment(visit.moment(suspension.standing.since)), run,
            ])
        }
        return PageSection.table("Suspensions", table, none: "None stands.")
    }

    // MARK: - Provenance

    private func owner(_ provenance: Provenance, takenBy: JSONText?) -> DataTable.Cell {
        if let takenBy {
            let owner = JSONDisplay.object(takenBy)
            var by = "somebody"
            if case .string(let kind)? = owner["by"] { by = Self.owners[kind] ?? kind }
            return .text("A person", faint: "taken over from the policy by \(by)")
        }
        guard let policy = provenance.policy else { return .text(nil, none: "no policy") }
        return .link(policy, SyncPages.address(of: policy, visit), faint: provenance.source.map { "of the source \($0)" })
    }

    private static let owners = [
        "super_admin": "a super admin", "platform_app": "another Platform App", "user": "the user", "command": "a command",
    ]

    private func author(_ provenance: Provenance) -> DataTable.Cell {
        var cell: DataTable.Cell
        switch provenance.author {
        case .run(let run, let policy, let file, let undoes)?:
            let what =
                undoes.map { "undoing run \($0)" }
                ?? [policy, RunWords.fileName(file)].compactMap(\.self).joined(separator: ", ")
            cell = .link("Run \(run)", visit.href("sync/runs/\(run)"), faint: what)
        case .actor(let actor, let action)?:
            cell = .text(visit.words(actor), faint: action.replacing("_", with: " ").replacing(".", with: " "))
        case nil: return .text(nil, none: "before the journal begins")
        }
        cell.moment = visit.moment(provenance.at)
        return cell
    }

    private func rule(_ provenance: Provenance, account: String?) -> DataTable.Cell {
        guard let rule = provenance.rule else { return .text(nil, none: "none") }
        var cell = DataTable.Cell.code(rule)
        // Where there is one entry only, it stands below.
        if explanation.reads.count != 1 || explanation.reads[0].externalID != provenance.externalID {
            cell.faint = provenance.externalID.map { "entry \($0)" }
        }
        if let policy = provenance.policy, let place = places[policy]?.place(of: rule, account: account),
            let line = place.split(separator: ":").last
        {
            let file = RunWords.fileName(String(place.dropLast(line.count + 1))) ?? policy
            cell.links.append(PageLink("\(file), line \(line)", SyncPages.address(of: policy, visit) + "#L\(line)"))
        }
        return cell
    }

    // MARK: - Reads

    private var reads: [PageSection] {
        guard !explanation.reads.isEmpty else {
            var none = PageSection("What the last read says")
            none.none = "No source knows it."
            return [none]
        }
        return explanation.reads.map { read in
            var section = PageSection.facts("What the last read of \(read.source) says", facts(read))
            if let change = read.change {
                var table = DataTable("Changes", ["Change", "Values"])
                table.append([
                    .text(RunWords.actions.first { $0.value == change.action }?.label ?? change.action, faint: change.reason),
                    .differences(HistoryTable.differences(change.fields, change.memberships)),
                ])
                section.table = table
            }
            return section
        }
    }

    private func facts(_ read: ExplainedRead) -> [Fact] {
        var facts: [Fact] = [
            .badges("The entry", [Self.badge(read)]), .code("Its id", read.externalID),
            .links("Policy", [PageLink(read.policy, SyncPages.address(of: read.policy, visit))]),
        ]
        if let run = read.runID {
            facts.append(.links("Run", [PageLink("Run \(run)", visit.href("sync/runs/\(run)"))]))
            facts.append(.moment("Read", visit.moment(read.at)))
            facts.append(.code("File", read.file))
        } else {
            facts.append(.text("Run", nil, none: "the journal has forgotten it"))
        }
        if let refusal = read.change?.refusal { facts.append(.text("Refused", ChangeRow.refusals[refusal] ?? refusal)) }
        if let finding = read.finding {
            let place = finding.line.map { "line \($0.grouped): " } ?? ""
            facts.append(.text("Found", place + finding.detail))
        }
        return facts
    }

    private static func badge(_ read: ExplainedRead) -> Badge {
        if read.runID == nil { return .plain("Not known any more") }
        switch read.situation {
        case "unchanged": return .good("As it is stored")
        case "changed": return .good("Changed it")
        case "would_change": return .warning("Would change it")
        case "refused": return .bad("Was refused")
        default: return .warning(FindingWords.kind(read.situation))
        }
    }
}
