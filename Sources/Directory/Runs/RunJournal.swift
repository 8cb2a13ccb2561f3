// SPDX-License-Identifier: Apache-2.0

import Postgres

/// Runs as who may reads and decides them: a Platform App those of its own, an operator all of them. A run of another app is none.
/// Where a policy is named, a run of another policy is none as well. Every call throws ``DirectoryError``.
package struct RunJournal: Sendable {
    /// What stands in place of a policy where a run is a call of the Platform API.
    package static let ofTheAPI = "provision"

    let directory: Directory

    /// A page of runs, the newest first.
    package func list(_ filter: RunFilter = RunFilter(), _ page: PageRequest, by caller: Caller) async throws -> Page<RunRecord> {
        let runs = try await records(RunStatements.list(filter, page, caller: caller))
        return Page(fetched: runs.map { ($0.id, $0) }, page)
    }

    /// One run.
    package func show(_ id: Int64, policy: String? = nil, by caller: Caller) async throws -> RunRecord {
        guard let run = try await records(RunStatements.show(id, policy: policy, caller: caller)).first else {
            throw DirectoryError.notFound
        }
        return run
    }

    /// The last run of each of these policies that ever ran.
    package func latest(of policies: [String], by caller: Caller) async throws -> [String: RunRecord] {
        let runs = try await records(RunStatements.latest(policies, caller: caller))
        return Dictionary(runs.map { ($0.policy, $0) }) { first, _ in first }
    }

    /// The names of policies that ever ran.
    package func policies(by caller: Caller) async throws -> [String] {
        try await authenticated(RunStatements.policies(caller: caller)).compactMap { try $0.decode(String?.self, "policy") }
    }

    /// A page of a run's changes in their order.
    package func changes(
        of run: Int64, policy: String? = nil, _ filter: RunChangeFilter = RunChangeFilter(), _ page: PageRequest,
        by caller: Caller
    ) async throws -> Page<RunChangeRecord> {
        // What cannot be stored is found nowhere.
        if [filter.text, filter.reason, filter.action].contains(where: { $0?.utf8.contains(0) == true }) {
            return Page(items: [])
        }
        let statement = RunChangeStatements.list(of: run, policy: policy, filter, page, caller: caller)
        let changes = try await authenticated(statement).compactMap { row in
            guard try row.decode(Bool.self, "found") else { throw DirectoryError.notFound }
            return try RunChangeRecord(row)
        }
        return Page(fetched: changes.map { (Int64($0.seq), $0) }, page)
    }

    /// What was refused, the most frequent reason first.
    package func refusalCounts(of run: Int64, by caller: Caller) async throws -> [RunRefusalCount] {
        try await authenticated(RunChangeStatements.refusalCounts(of: run, caller: caller)).compactMap { row in
            guard let code = try row.decode(String?.self, "code") else { return nil }
            return RunRefusalCount(code: code, count: try row.decode(Int64.self, "count"))
        }
    }

    /// What a run found, the most frequent kind first.
    package func findingCounts(of run: Int64, by caller: Caller) async throws -> [RunRefusalCount] {
        try await authenticated(RunChangeStatements.findingCounts(of: run, caller: caller)).compactMap { row in
            guard let code = try row.decode(String?.self, "code") else { return nil }
            return RunRefusalCount(code: code, count: try row.decode(Int64.self, "count"))
        }
    }

    /// A page of the accounts that a run's changes are about. Looks through the whole plan.
    package func accounts(of run: Int64, _ page: PageRequest, by caller: Caller) async throws -> Page<RunAccount> {
        let rows = try await authenticated(RunChangeStatements.accounts(of: run, page, caller: caller))
        let accounts: [RunAccount] = try rows.compactMap { row in
            guard try row.decode(Bool.self, "found") else { throw DirectoryError.notFound }
            guard let id = try row.decode(Int64?.self, "id") else { return nil }
            return RunAccount(
                id: id, name: try row.decode(String?.self, "name"), count: try row.decode(Int64.self, "count"))
        }
        return Page(fetched: accounts.map { ($0.id, $0) }, page)
    }

    /// A page of what a run found: entries left out, disputes.
    ///
    /// - Parameter code: only what has it.
    package func findings(
        of run: Int64, policy: String? = nil, code: String? = nil, _ page: PageRequest, by caller: Caller
    ) async throws -> Page<RunFindingRecord> {
        let rows = try await authenticated(
            RunChangeStatements.findings(of: run, policy: policy, code: code, page, caller: caller))
        let findings: [RunFindingRecord] = try rows.compactMap { row in
            guard try row.decode(Bool.self, "found") else { throw DirectoryError.notFound }
            guard let number = try row.decode(Int64?.self, "number") else { return nil }
            return RunFindingRecord(
                number: number, code: try row.decode(String.self, "code"), entry: try row.decode(String?.self, "entry"),
                line: try row.decode(Int64?.self, "line"), detail: try row.decode(String.self, "detail"))
        }
        return Page(fetched: findings.map { ($0.number, $0) }, page)
    }

    /// Lets a plan through that waits or is held. A daemon applies it within seconds; see `Reconciler.applyWaiting`.
    ///
    /// - Throws: ``DirectoryError/notFound``; ``DirectoryError/invalid(_:)`` when it does not wait (any more).
    package func release(_ id: Int64, policy: String? = nil, by caller: Caller) async throws {
        try await decide(RunStatements.release(id, policy: policy, caller: caller))
    }

    /// Lets through what was approved change by change, and leaves out all that nobody decided. Who dies between the two leaves a plan
    /// that still waits.
    ///
    /// - Throws: as ``release(_:policy:by:)``.
    package func releaseApproved(_ id: Int64, policy: String? = nil, by caller: Caller) async throws {
        let reason = "only what was approved is applied"
        try await decide(.rejected, RunSelection(isRest: true), of: id, reason: reason, policy: policy, by: caller)
        try await release(id, policy: policy, by: caller)
    }

    /// Ends a plan that waits or is held, so that it can not be applied any more.
    ///
    /// - Parameter reason: for the journal.
    /// - Throws: as ``release(_:by:)``.
    package func reject(_ id: Int64, reason: String? = nil, policy: String? = nil, by caller: Caller) async throws {
        let reason = reason ?? "a person rejected it"
        let problems = StorableText.problems("reason", "Reason", reason, maximum: 500)
        guard problems.isEmpty else {
            _ = try await show(id, policy: policy, by: caller)
            throw DirectoryError.invalid(problems)
        }
        try await decide(RunStatements.reject(id, reason: reason, policy: policy, caller: caller))
    }

    private func decide(_ statement: PostgresQuery) async throws {
        guard let row = try await authenticated(statement).first else { throw DirectoryError.invalidAccessToken }
        if try row.decode(Int64?.self, "id") != nil { return }
        guard let state = try row.decode(String?.self, "state") else { throw DirectoryError.notFound }
        let isDecided = ["planned", "held"].contains(state)
        throw DirectoryError.invalid([
            FieldProblem("base", isDecided ? "The run was released already" : "The run does not wait any more: it is \(state)")
        ])
    }

    private func records(_ statement: PostgresQuery) async throws -> [RunRecord] {
        try await authenticated(statement).compactMap(RunRecord.init)
    }

    private func authenticated(_ statement: PostgresQuery) async throws -> PostgresRows {
        let rows = try await directory.rows(statement)
        guard let first = rows.first, try first.decode(Bool.self, "authenticated") else {
            throw DirectoryError.invalidAccessToken
        }
        return rows
    }
}

extension RunRecord {
    /// nil when the row holds none.
    init?(_ row: PostgresRow) throws {
        guard let id = try row.decode(Int64?.self, "id") else { return nil }
        self.init(
            id: id, policy: try row.decode(String.self, "policy"), source: try row.decode(String.self, "source"),
            platformAppID: try row.decode(Int64.self, "platform_app_id"),
            platformAppName: try row.decode(String.self, "platform_app"), state: try row.decode(String.self, "state"),
            code: try row.decode(String?.self, "code"), reason: try row.decode(String?.self, "reason"),
            fileName: try row.decode(String?.self, "file_name"), counts: try row.json("counts"),
            changeCount: try row.decode(Int32?.self, "change_count").map { Int($0) },
            appliedCount: Int(try row.decode(Int64.self, "applied")), actor: try row.decode(String.self, "actor"),
            createdAt: try row.timestamp("created_at"), plannedAt: try row.optionalTimestamp("planned_at"),
            finishedAt: try row.optionalTimestamp("finished_at"), releasedAt: try row.optionalTimestamp("released_at"),
            decidedBy: try row.decode(String?.self, "decided_by"), undoes: try row.decode(Int64?.self, "undoes"),
            undoneBy: try row.decode(Int64?.self, "undone_by"), partOf: try row.decode(Int64?.self, "part_of"))
    }
}

extension RunChangeRecord {
    /// nil when the row holds none.
    init?(_ row: PostgresRow) throws {
        guard let seq = try row.decode(Int32?.self, "seq") else { return nil }
        self.init(
            seq: Int(seq), kind: try row.decode(String.self, "kind"), action: try row.decode(String.self, "action"),
            objectID: try row.decode(Int64.self, "object_id"), label: try row.decode(String?.self, "label"),
            name: try row.decode(String?.self, "name"), reason: try row.decode(String.self, "reason"),
            suspends: try row.decode(Bool?.self, "suspends"), fields: try row.json("fields"),
            memberships: try row.json("memberships"),
            accountNames: JSONText(try row.decode(PostgresJSON?.self, "names")?.text ?? "{}"),
            refusal: try row.decode(String?.self, "refusal"), refusalDetail: try row.decode(String?.self, "refusal_detail"),
            decision: try Decision(row))
    }
}

extension RunChangeRecord.Decision {
    /// nil where nobody said anything.
    fileprivate init?(_ row: PostgresRow) throws {
        guard let decision = try row.decode(String?.self, "decision").flatMap(RunDecision.init),
            let actor = try NamedActor.decode(row)
        else { return nil }
        self.init(
            decision: decision, by: actor, reason: try row.decode(String?.self, "decision_reason"),
            at: try row.timestamp("decided_at"))
    }
}
