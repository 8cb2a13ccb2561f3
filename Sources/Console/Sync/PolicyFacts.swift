// SPDX-License-Identifier: Apache-2.0

import Directory
import Intake
import Policy
import Sync

/// What a policy reads and does, for its page.
struct PolicyFacts: Sendable {
    private let sheet: PolicySheet
    private let row: PolicyRow
    private let visit: ConsoleVisit

    init(_ sheet: PolicySheet, _ row: PolicyRow, _ visit: ConsoleVisit) {
        (self.sheet, self.row, self.visit) = (sheet, row, visit)
    }

    var all: [Fact] { reading + (sheet.policy.map(doing) ?? []) + times }

    private var reading: [Fact] {
        var facts: [Fact] = []
        if let app = sheet.card.platformApp {
            facts.append(.links("Platform App", [PageLink(app, visit.href("platform_apps", ["q": app]))]))
        }
        if let source = sheet.card.source { facts.append(.text("Source", source)) }
        if let policy = sheet.policy {
            let patterns = policy.read.files.map(\.text).joined(separator: ", ")
            facts.append(.code("Reads", patterns, none: "what is uploaded, or named on the command line"))
            facts.append(.text("Format", policy.read.format == .detect ? "told by the content" : policy.read.format.rawValue))
            let manifests: [ReadRule.Manifest: String] = [
                .required: "must lie beside each export", .signed: "must lie beside each export, signed",
            ]
            if let manifest = manifests[policy.read.manifest] { facts.append(.text("Manifest", manifest)) }
        }
        if let newest = sheet.card.newest {
            facts.append(.code("Newest export", newest.path))
            facts.append(.text("Its size", "\(newest.size.grouped) bytes"))
            facts.append(.moment("Written", Moment(microseconds: newest.modified, now: visit.now)))
        } else {
            facts.append(.text("Newest export", nil, none: "none"))
        }
        return facts
    }

    private func doing(_ policy: Policy) -> [Fact] {
        let rules = policy.operation
        let accounts = policy.accounts.count.counted("account") + (policy.eachAccounts.isEmpty ? "" : ", and one for each group")
        var facts: [Fact] = [
            .code("People are", policy.people.filter.text),
            .code("Known by", policy.people.id.map(\.description).joined(separator: ", ")),
            .text("Accounts", accounts), .text("Who is absent", absence(policy.people)),
            .text("Goes", Self.enforcement[rules.enforcement]),
            .text(
                "When a guard holds", rules.held == .all ? "the whole plan waits" : "what it is about waits, the rest proceeds"),
        ]
        if policy.precedence != 0 { facts.append(.text("Precedence", "\(policy.precedence)")) }
        if !rules.protected.isEmpty {
            let people = rules.protected
            let count = people.emails.count + people.externalKeys.count
            let parts = [
                count > 0 ? count.counted("person", "people") : nil,
                people.groups.isEmpty ? nil : people.groups.count.counted("group"),
            ].compactMap(\.self)
            facts.append(.text("Never changes", parts.joined(separator: " and ")))
        }
        return facts
    }

    private func absence(_ people: PeopleRule) -> String {
        let first = people.absent == .suspend ? "is suspended" : "stays as they are"
        guard let after = people.deleteAfter else { return first }
        return first + ", and deleted after " + Self.span(after.components.seconds)
    }

    private static let enforcement: [OperationRules.Enforcement: String] = [
        .report: "no further than its plan: nothing is applied by itself", .addOnly: "as far as making what is new",
        .full: "all the way",
    ]

    private var times: [Fact] {
        var facts: [Fact] = []
        let now = visit.now / 1_000_000
        if let schedule = sheet.policy?.operation.schedule {
            var random = SystemRandomNumberGenerator()
            // Without its random delay, which is drawn when the time comes.
            let next = Schedule(schedule.rhythm).next(after: now, using: &random)
            facts.append(.moment("Next by schedule", next.map { Moment(microseconds: $0 * 1_000_000, now: visit.now) }))
            if schedule.jitterSeconds > 0 { facts.append(.text("And up to", "\(Self.span(schedule.jitterSeconds)) later")) }
        }
        if let drift = sheet.policy?.operation.drift {
            let deed = drift.action == .mend ? "set back" : "told"
            facts.append(.text("Drift", "looked for every \(Self.span(drift.every.components.seconds)), and \(deed)"))
        }
        facts.append(.text("Next run", row.next))
        return facts
    }

    private static func span(_ seconds: Int64) -> String {
        for (size, unit) in [(86_400, "day"), (3_600, "hour"), (60, "minute")] as [(Int64, String)]
        where seconds >= size && seconds % size == 0 {
            return (seconds / size).counted(unit)
        }
        return seconds.counted("second")
    }
}
