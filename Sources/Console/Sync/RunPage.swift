// SPDX-License-Identifier: Apache-2.0

import Directory
import Sync

/// A run: what became of it, what a person may decide, and its changes; the template is `sync_run`.
struct RunPage: Sendable {
    let progress: RunProgressPart
    let decision: RunDecisionPart?
    /// Of a run that undoes another one: what it leaves as it is, and why.
    let left: FindingCounts?
    let filters: FilterBar?
    /// The forms around the changes of a plan that waits.
    let choice: ChangeChoice?
    let groups: [ChangeGroup]
    let accounts: [RunAccountRow]
    let hasAccounts: Bool
    let empty: EmptyState?
    let pager: Pager?
}

/// What is known of a run, and fetched anew while it is under way; the template is `sync_progress`.
struct RunProgressPart: Sendable {
    /// Where a script finds this part anew; nil when the run is over.
    let refresh: String?
    let state: Badge
    let bar: Bar?
    let facts: [Fact]

    /// How far the run is.
    struct Bar: Sendable {
        let label: String
        let value: Int
        let maximum: Int
    }

    init(_ run: RunRecord, _ visit: ConsoleVisit) {
        refresh = run.isUnderWay ? visit.href("sync/runs/\(run.id)/progress") : nil
        state = RunWords.badge(run)
        bar =
            run.state == "applying"
            ? Bar(
                label: "\(run.appliedCount.grouped) of \((run.changeCount ?? 0).counted("change")) dealt with",
                value: run.appliedCount, maximum: max(1, run.changeCount ?? 0))
            : nil
        facts = Self.outcome(run, state) + Self.origin(run, visit) + Self.life(run, visit)
    }

    private static func outcome(_ run: RunRecord, _ state: Badge) -> [Fact] {
        let counts = RunWords.counts(run)
        let read = ["entries", "people", "groups"].compactMap { name in counts[name].map { "\($0.grouped) \(name)" } }
        var facts: [Fact] = [.badges("State", [state])]
        if let reason = RunWords.sentence(run.reason) { facts.append(.text("Why", reason)) }
        if let changes = RunWords.changes(run) { facts.append(.text("Changes", changes)) }
        if !read.isEmpty { facts.append(.text("Read", read.joined(separator: ", "))) }
        let findings = [
            ("rejected", "Entries left out"), ("disputed", "People disputed"), ("not_undone", "Values not undone"),
        ]
        for (name, label) in findings where counts[name] ?? 0 > 0 { facts.append(.text(label, counts[name]?.grouped)) }
        if let applied = counts["applied"], run.finishedAt != nil { facts.append(.text("Applied", applied.grouped)) }
        return facts
    }

    private static func origin(_ run: RunRecord, _ visit: ConsoleVisit) -> [Fact] {
        var facts: [Fact] = []
        for (label, other) in [("Undoes", run.undoes), ("Undone by", run.undoneBy), ("Held back from", run.partOf)] {
            if let other { facts.append(.links(label, [PageLink("Run \(other)", visit.href("sync/runs/\(other)"))])) }
        }
        facts.append(.links("Platform App", [PageLink(run.platformAppName, visit.href("platform_apps/\(run.platformAppID)"))]))
        if run.policy != RunJournal.ofTheAPI {
            facts.append(.links("Policy", [PageLink(run.policy, SyncPages.address(of: run.policy, visit))]))
        }
        facts.append(.text("Source", run.source))
        if run.undoes == nil { facts.append(.code("File", run.fileName, none: "none")) }
        return facts
    }

    private static func life(_ run: RunRecord, _ visit: ConsoleVisit) -> [Fact] {
        var facts: [Fact] = [
            .text("Begun by", RunWords.actor(run.actor)), .moment("Begun", Moment(run.createdAt, now: visit.now)),
        ]
        if let released = run.releasedAt { facts.append(.moment("Approved", Moment(released, now: visit.now))) }
        if let person = run.decidedBy { facts.append(.text(run.releasedAt == nil ? "Rejected by" : "Approved by", person)) }
        facts.append(.moment("Ended", run.finishedAt.map { Moment($0, now: visit.now) }, none: "not yet"))
        return facts
    }
}

/// One change, readable.
struct ChangeRow: Sendable {
    let seq: Int
    let action: Badge
    let label: String
    let name: String?
    let href: String?
    let reason: String
    let differences: [ChangeDifference]
    let hasDifferences: Bool
    let refusal: String?
    let decision: DecisionRow?
    /// The name of its box; nil where nothing can be decided.
    let box: String?

    /// Who said what of it.
    struct DecisionRow: Sendable {
        let badge: Badge
        let by: String
        let moment: Moment
        let reason: String?
    }

    /// - Parameter isOpen: whether a person may still decide it.
    init(_ change: RunChangeRecord, isOpen: Bool, _ visit: ConsoleVisit) {
        seq = change.seq
        action = RunWords.badge(action: change.action)
        label = change.label ?? "\(change.kind) \(change.objectID)"
        name = change.name == change.label ? nil : change.name
        href = ["user": "users", "account": "accounts"][change.kind].map { visit.href("\($0)/\(change.objectID)") }
        reason = change.reason
        differences = ChangeDifference.all(of: change)
        hasDifferences = !differences.isEmpty
        refusal = change.refusal.map { Self.refusals[$0] ?? $0.replacing("_", with: " ") }
        decision = change.decision.map { decision in
            DecisionRow(
                badge: decision.decision == .approved ? .good("Approved") : .bad("Rejected"), by: visit.words(decision.by),
                moment: Moment(decision.at, now: visit.now), reason: decision.reason)
        }
        box = isOpen ? "Choose change \(change.seq), \(action.text.lowercased()) \(label)" : nil
    }

    /// What refusals mean; others are shown by their codes.
    static let refusals: [String: String] = [
        "stale": "it was changed since the plan was made", "gone": "it is gone",
        "non_permissible": "the Platform App may not do this (any more)", "email_taken": "the address is somebody else’s",
        "no_seat": "the account has no seat left", "app_disabled": "the Platform App is disabled",
        "quarantined": "the database cannot hold it", "rejected": "a person rejected it", "not_approved": "nobody approved it",
    ]
}

/// Changes under a heading of their own.
struct ChangeGroup: Sendable {
    /// nil where there is only one group.
    let heading: String?
    /// The action that the buttons beside the heading decide as a whole; nil where nothing can be decided.
    let action: String?
    /// Says what the buttons alone do not.
    let about: String
    let changes: [ChangeRow]
}

/// An account that a run is about; the way to its changes.
struct RunAccountRow: Sendable {
    let name: String
    let href: String
    let count: String
}
