// SPDX-License-Identifier: Apache-2.0

import Postgres

/// What a person says of a single change of a plan.
package enum RunDecision: String, Sendable, CaseIterable {
    /// It is let through, though a guard holds the plan.
    case approved
    /// It is left out when the plan is applied.
    case rejected

    /// The action of the audit trail.
    var action: StaticString { self == .approved ? "run.approve_changes" : "run.reject_changes" }
}

/// Which changes of a plan a decision is about: those that every condition given lets through. Refreshed links are never among them.
package struct RunSelection: Sendable, Equatable {
    /// Numbers of changes; empty is any.
    package var changes: [Int] = []
    /// Of ``RunSelection/actions``; empty is any.
    package var actions: [String] = []
    /// Whether only those are meant of which nobody said anything yet.
    package var isRest = false

    package init(changes: [Int] = [], actions: [String] = [], isRest: Bool = false) {
        self.changes = changes
        self.actions = actions
        self.isRest = isRest
    }

    /// The actions that changes have.
    package static let actions = ["create", "update", "adopt", "suspend", "restore", "delete"]
}

extension RunJournal {
    /// Approves or rejects changes of a plan that waits or is held, one by one or by their kind; the last word counts.
    ///
    /// A rejected change is left out when the plan is applied, and is planned again by the next run unless the source changed. Of a
    /// held plan that is not let through as a whole exactly the approved changes are applied.
    ///
    /// - Parameter reason: for the journal.
    /// - Returns: how many changes were decided.
    /// - Throws: ``DirectoryError/notFound`` for no such run; ``DirectoryError/invalid(_:)`` when it does not wait (any more), when
    ///   the plan has no such change, and for a reason that cannot be stored.
    @discardableResult
    package func decide(
        _ decision: RunDecision, _ selection: RunSelection, of id: Int64, reason: String? = nil, policy: String? = nil,
        by caller: Caller
    ) async throws -> Int {
        var problems = StorableText.problems("reason", "Reason", reason, maximum: 500)
        for action in selection.actions where !RunSelection.actions.contains(action) {
            problems.append(FieldProblem("action", "Action must be one of \(RunSelection.actions.joined(separator: ", "))"))
        }
        let numbers = selection.changes.filter { $0 > 0 && $0 <= Int32.max }
        if numbers.count < selection.changes.count { problems.append(FieldProblem("change", "The plan has no such change")) }
        guard problems.isEmpty else {
            _ = try await show(id, policy: policy, by: caller)
            throw DirectoryError.invalid(problems)
        }
        let statement = RunDecisionStatements.decide(decision, of: id, selection, reason: reason, policy: policy, caller: caller)
        guard let row = try await directory.row(statement), try row.decode(Bool.self, "authenticated") else {
            throw DirectoryError.invalidAccessToken
        }
        guard let state = try row.decode(String?.self, "state") else { throw DirectoryError.notFound }
        guard try row.decode(Bool.self, "waits") else {
            let isReleased = ["planned", "held"].contains(state)
            throw DirectoryError.invalid([
                FieldProblem(
                    "base", isReleased ? "The run was released already" : "The run does not wait any more: it is \(state)")
            ])
        }
        let decided = Int(try row.decode(Int64.self, "decided"))
        guard selection.isRest || decided > 0, decided >= Set(numbers).count || !selection.actions.isEmpty else {
            throw DirectoryError.invalid([FieldProblem("change", "The plan has no such change")])
        }
        return decided
    }

    /// How many changes of a plan are decided.
    package func decisionCounts(of id: Int64, by caller: Caller) async throws -> [RunDecision: Int] {
        let rows = try await directory.rows(RunDecisionStatements.counts(of: id, caller: caller))
        guard try rows.first?.decode(Bool.self, "authenticated") == true else { throw DirectoryError.invalidAccessToken }
        return try rows.reduce(into: [:]) { counts, row in
            guard let decision = try row.decode(String?.self, "decision").flatMap(RunDecision.init) else { return }
            counts[decision] = Int(try row.decode(Int64.self, "count"))
        }
    }
}
