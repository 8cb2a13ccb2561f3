// SPDX-License-Identifier: Apache-2.0

import Directory
import Hummingbird
import WebSurface

extension SyncRunAPI {
    /// A plan that waits is approved or rejected, as a whole or change by change.
    func addDecisionRoutes(to api: RouterGroup<WebContext>) {
        for decision in RunDecision.allCases {
            api.post(decision == .approved ? ":id/approve" : ":id/reject") { request, context in
                let (caller, policy) = try asked(context)
                let id = try await pathID("id", context, caller)
                return try await decide(decision, id, request, context, policy, by: caller)
            }
        }
    }

    private func decide(
        _ decision: RunDecision, _ id: Int64, _ request: Request, _ context: WebContext, _ policy: String, by caller: Caller
    ) async throws -> Response {
        var reader = try await parameters(request, context) { try await directory.authenticate(caller) }
        let reason = reader.string("reason").value
        let selection = reader.selection()
        let isOnly = decision == .approved && reader.bool("only").value == true
        do {
            try reader.finish()
        } catch {
            try await directory.authenticate(caller)
            throw error
        }
        let call = try KeyedCall(request, context, caller, body: context.web.body.readableBytesView)
        guard let call else {
            try await decide(decision, selection, isOnly, id, reason, policy, by: caller)
            return try await show(id, policy, by: caller)
        }
        let run = try await directory.once(call, by: caller, reference: { $0 }, replay: { _, _ in id }) {
            try await decide(decision, selection, isOnly, id, reason, policy, by: caller)
            return id
        }
        return try await show(run, policy, by: caller)
    }

    private func decide(
        _ decision: RunDecision, _ selection: RunSelection, _ isOnly: Bool, _ id: Int64, _ reason: String?, _ policy: String,
        by caller: Caller
    ) async throws {
        let runs = directory.runs
        if selection != RunSelection() {
            try await runs.decide(decision, selection, of: id, reason: reason, policy: policy, by: caller)
        }
        if isOnly {
            try await runs.releaseApproved(id, policy: policy, by: caller)
        } else if selection != RunSelection() {
            return
        } else if decision == .approved {
            try await runs.release(id, policy: policy, by: caller)
        } else {
            try await runs.reject(id, reason: reason, policy: policy, by: caller)
        }
    }
}

extension ParameterReader {
    /// `changes` by their numbers and `actions`; the whole plan where neither is given.
    fileprivate mutating func selection() -> RunSelection {
        var selection = RunSelection()
        if case .value(let value) = value("changes") {
            guard case .array(let elements) = value, !elements.isEmpty else {
                complain("changes", "must be a list of numbers")
                return selection
            }
            for element in elements {
                guard case .integer(let number) = element, let seq = Int(exactly: number) else {
                    complain("changes", "must be a list of numbers")
                    break
                }
                selection.changes.append(seq)
            }
        }
        if case .value(let value) = value("actions") {
            guard case .array(let elements) = value, !elements.isEmpty else {
                complain("actions", "is not included in the list")
                return selection
            }
            for element in elements {
                guard case .string(let action) = element, RunSelection.actions.contains(action) else {
                    complain("actions", "is not included in the list")
                    break
                }
                selection.actions.append(action)
            }
        }
        return selection
    }
}
