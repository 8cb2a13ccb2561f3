// SPDX-License-Identifier: Apache-2.0

import Directory

/// A plan that waits for a person: what to approve and what to reject; the template is `sync_decision`.
struct RunDecisionPart: Sendable {
    let heading: String
    let reason: String?
    let effects: [String]
    /// What was decided change by change; nil where nothing was.
    let decided: Decided?
    let approve: String
    let approveButton: String
    /// Applies what was approved change by change, and nothing else; nil where that is nothing or everything.
    let onlyButton: String?
    let reject: String
    let rejectButton: String
    let why: Field

    /// How much was decided change by change.
    struct Decided: Sendable {
        let links: [PageLink]
    }

    init(_ run: RunRecord, _ decisions: [RunDecision: Int], _ visit: ConsoleVisit, _ problems: [FieldProblem]) {
        let counts = RunWords.counts(run)
        let total = max(0, (run.changeCount ?? 0) - Int(counts["link"] ?? 0))
        let (approved, rejected) = (decisions[.approved] ?? 0, decisions[.rejected] ?? 0)
        let open = max(0, total - approved - rejected)
        heading = run.state == "held" ? "A guard holds this plan" : "This plan waits"
        reason = run.state == "held" ? RunWords.sentence(run.reason) : "Nothing of it was applied yet."
        effects = Self.effects(counts)
        decided =
            approved + rejected == 0
            ? nil
            : Decided(
                links: [(approved, "approved"), (rejected, "rejected"), (open, "none")].compactMap { count, decision in
                    count == 0
                        ? nil
                        : PageLink(
                            "\(count.counted("change")) \(decision == "none" ? "not decided" : decision)",
                            visit.href("sync/runs/\(run.id)", ["decision": decision]))
                })
        approve = visit.href("sync/runs/\(run.id)/approve")
        let rest = total - rejected
        approveButton = "Approve and apply \(rest.counted("change"))" + (rejected > 0 ? ", all but the rejected" : "")
        onlyButton = approved > 0 && open > 0 ? "Apply the \(approved.counted("approved change")) only" : nil
        reject = visit.href("sync/runs/\(run.id)/reject")
        rejectButton = "Reject the plan: nothing changes"
        why = .text("reason", "Why it is rejected", visit.text("reason"), hint: "For the journal.", maximumLength: 500, problems)
    }

    private static func effects(_ counts: [String: Int64]) -> [String] {
        [
            ("create", "person or account is created", "people or accounts are created"),
            ("update", "is changed", "are changed"),
            (
                "adopt", "existing user is matched by e-mail and kept in order from now on",
                "existing users are matched by e-mail and kept in order from now on"
            ),
            ("suspend", "is suspended and cannot sign in any more", "are suspended and cannot sign in any more"),
            ("restore", "can sign in again", "can sign in again"), ("delete", "is deleted", "are deleted"),
            ("memberships_removed", "membership ends", "memberships end"),
            ("email_changes", "address changes", "addresses change"),
        ].compactMap { name, one, many in
            guard let count = counts[name], count > 0 else { return nil }
            return "\(count.grouped) \(count == 1 ? one : many)"
        }
    }
}

/// The forms around the changes of a plan that waits.
struct ChangeChoice: Sendable {
    /// The page itself, with its filters.
    let action: String
    let why: Field

    init(_ visit: ConsoleVisit, _ problems: [FieldProblem]) {
        action = visit.hrefHere([:])
        var why = Field.text(
            "why", "Reason", visit.text("why"), hint: "For the journal; of every change that is chosen.", maximumLength: 500,
            problems)
        why.isOptional = true
        self.why = why
    }
}

extension SyncPages {
    /// Decides single changes: those that are ticked, or all of one action.
    func decide(_ visit: ConsoleVisit, _ view: RunView) async throws -> ConsoleAnswer {
        let id = try visit.pathID()
        return try await visit.saving {
            var selection = RunSelection(changes: visit.texts("change").map { Int($0) ?? 0 })
            var decision = visit.choice("verdict", RunDecision.self)
            for all in RunDecision.allCases {
                guard let action = visit.text("all_\(all.rawValue)") else { continue }
                (decision, selection) = (all, RunSelection(actions: [action]))
            }
            guard let decision else { throw DirectoryError.invalid([FieldProblem("base", "Say what becomes of the changes")]) }
            guard selection != RunSelection() else {
                throw DirectoryError.invalid([FieldProblem("base", "Tick the changes that you mean first")])
            }
            do {
                try await directory.runs.decide(decision, selection, of: id, reason: visit.text("why"), by: try visit.caller)
            } catch DirectoryError.invalid(let problems) {
                // The field here has a name of its own, since the page has another reason.
                throw DirectoryError.invalid(
                    problems.map { $0.attribute == "reason" ? FieldProblem("why", $0.message) : $0 })
            }
            return .to(view.path(id) + QueryText.encoded(visit.queryPairs), .decided)
        } otherwise: {
            try await runPage(visit, view, $0)
        }
    }

    /// Lets a plan through: as a whole but for what was rejected, or what was approved change by change.
    func approve(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let id = try visit.pathID()
        return try await visit.saving {
            let caller = try visit.caller
            if visit.flag("only") {
                try await directory.runs.releaseApproved(id, by: caller)
            } else {
                try await directory.runs.release(id, by: caller)
            }
            return .to("sync/runs/\(id)", .approved)
        } otherwise: {
            try await runPage(visit, .people, $0)
        }
    }

    func reject(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let id = try visit.pathID()
        return try await visit.saving {
            try await directory.runs.reject(id, reason: visit.text("reason"), by: try visit.caller)
            return .to("sync/runs/\(id)", .rejected)
        } otherwise: {
            try await runPage(visit, .people, $0)
        }
    }
}
