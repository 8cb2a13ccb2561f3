// SPDX-License-Identifier: Apache-2.0

import Directory
import Sync

/// A run: what became of it, what a person may decide, and its changes; the template is `sync_run`.
struct RunPage: Sendable {
    let progress: RunProgressPart
    let decision: RunDecision?
    let filters: FilterBar?
    let changes: [ChangeRow]
    let hasChanges: Bool
    let empty: EmptyState
    let pager: Pager
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
        let counts = RunWords.counts(run)
        let read = ["entries", "people", "groups"].compactMap { name in counts[name].map { "\($0.grouped) \(name)" } }
        var facts: [Fact] = [.badges("State", [state])]
        if let reason = RunWords.sentence(run.reason) { facts.append(.text("Why", reason)) }
        if let changes = RunWords.changes(run) { facts.append(.text("Changes", changes)) }
        if !read.isEmpty { facts.append(.text("Read", read.joined(separator: ", "))) }
        for (name, label) in [("rejected", "Entries left out"), ("disputed", "People disputed")] where counts[name] ?? 0 > 0 {
            facts.append(.text(label, counts[name]?.grouped))
        }
        if let applied = counts["applied"], run.finishedAt != nil { facts.append(.text("Applied", applied.grouped)) }
        facts.append(.links("Platform App", [PageLink(run.platformAppName, visit.href("platform_apps/\(run.platformAppID)"))]))
        facts.append(.text("Source", run.source))
        facts.append(.code("File", run.fileName, none: "none"))
        facts.append(.text("Begun by", Self.actor(run.actor)))
        facts.append(.moment("Begun", Moment(run.createdAt, now: visit.now)))
        if let released = run.releasedAt { facts.append(.moment("Approved", Moment(released, now: visit.now))) }
        if let person = run.decidedBy { facts.append(.text(run.releasedAt == nil ? "Rejected by" : "Approved by", person)) }
        facts.append(.moment("Ended", run.finishedAt.map { Moment($0, now: visit.now) }, none: "not yet"))
        self.facts = facts
    }

    private static func actor(_ actor: String) -> String {
        switch actor {
        case "watch", "daemon": "the daemon, which saw the export"
        case "command": "a command"
        case "api": "a call of the Platform API"
        default: actor
        }
    }
}

/// A plan that waits for a person: what to approve and what to reject.
struct RunDecision: Sendable {
    let heading: String
    let reason: String?
    let effects: [String]
    let approve: String
    let approveButton: String
    let reject: String
    let rejectButton: String
    let why: Field

    init(_ run: RunRecord, _ visit: ConsoleVisit, _ problems: [FieldProblem]) {
        let counts = RunWords.counts(run)
        let total = Int64(run.changeCount ?? 0) - (counts["link"] ?? 0)
        heading = run.state == "held" ? "A guard holds this plan" : "This plan waits"
        reason = run.state == "held" ? RunWords.sentence(run.reason) : "Nothing of it was applied yet."
        effects = [
            ("create", "person or account is created", "people or accounts are created"),
            ("update", "is changed", "are changed"),
            (
                "adopt", "existing user is matched by e-mail and kept in order from now on",
                "existing users are matched by e-mail and kept in order from now on"
            ),
            ("suspend", "is suspended and cannot sign in any more", "are suspended and cannot sign in any more"),
            ("restore", "can sign in again", "can sign in again"),
            ("memberships_removed", "membership ends", "memberships end"),
            ("email_changes", "address changes", "addresses change"),
        ].compactMap { name, one, many in
            guard let count = counts[name], count > 0 else { return nil }
            return "\(count.grouped) \(count == 1 ? one : many)"
        }
        approve = visit.href("sync/runs/\(run.id)/approve")
        approveButton = "Approve and apply \(total.counted("change"))"
        reject = visit.href("sync/runs/\(run.id)/reject")
        rejectButton = "Reject the plan: nothing changes"
        why = .text("reason", "Why it is rejected", visit.text("reason"), hint: "For the journal.", maximumLength: 500, problems)
    }
}

/// One change, readable.
struct ChangeRow: Sendable {
    let seq: Int
    let action: Badge
    let label: String
    let name: String?
    let href: String?
    let kind: String
    let reason: String
    let differences: [ChangeDifference]
    let hasDifferences: Bool
    let refusal: String?

    init(_ change: RunChangeRecord, _ visit: ConsoleVisit) {
        seq = change.seq
        action = RunWords.badge(action: change.action)
        label = change.label ?? "\(change.kind) \(change.objectID)"
        name = change.name == change.label ? nil : change.name
        href = ["user": "users", "account": "accounts"][change.kind].map { visit.href("\($0)/\(change.objectID)") }
        kind = change.kind
        reason = change.reason
        differences = ChangeDifference.all(of: change)
        hasDifferences = !differences.isEmpty
        refusal = change.refusal.map { Self.refusals[$0] ?? $0.replacing("_", with: " ") }
    }

    /// What refusals mean; others are shown by their codes.
    static let refusals: [String: String] = [
        "stale": "it was changed since the plan was made", "gone": "it is gone",
        "non_permissible": "the Platform App may not do this (any more)", "email_taken": "the address is somebody else’s",
        "no_seat": "the account has no seat left", "app_disabled": "the Platform App is disabled",
        "quarantined": "the database cannot hold it",
    ]
}
