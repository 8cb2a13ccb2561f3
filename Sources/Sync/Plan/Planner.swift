// SPDX-License-Identifier: Apache-2.0

import Directory
import Intake
import Policy
import Postgres

/// Makes the plan of a staged export: match, difference, guard; stored in one transaction, or nothing of it.
struct Planner: Sendable {
    /// A plan looks at everybody; minutes are fine where a request has seconds.
    static let patience = Duration.seconds(3_600)

    let context: PlanContext
    /// Whether groups of the export list their members.
    let listsMembers: Bool
    /// Why absence proves nothing in this read; nil when it does.
    let unprovenAbsence: String?

    /// Matches and plans on one connection.
    ///
    /// - Parameter counts: what the read counted; grows by what the plan counts.
    /// - Returns: the run's new state, with the guards that hold it.
    func plan(on connection: PostgresConnection, findings: [RunFinding], counts: inout RunCounts) async throws -> (
        RunState, [GuardVerdict]
    ) {
        try await store(findings, on: connection)
        try await match(on: connection, findings: findings.count)
        let figures = try await difference(on: connection, counts: &counts)
        var verdicts = Guard.verdicts(figures, limits: context.policy.guards, unprovenBecause: unprovenAbsence)
        if let again = try await UndoneAgain(run: context.run, source: context.source).verdict(on: connection) {
            verdicts.append(again)
        }
        let planned = counts.objectChanges + counts["link"] > 0
        let state: RunState = !verdicts.isEmpty ? .held : planned ? .planned : .unchanged
        try await execute(Self.concluded(context.run, state, verdicts, counts), on: connection)
        return (state, verdicts)
    }

    private func match(on connection: PostgresConnection, findings: Int) async throws {
        try await execute(MatchStatements.accounts(context), on: connection)
        let foreign = try await connection.query(MatchStatements.foreignAccounts(context).unprepared())
        if let key = try foreign.first?.decode(String.self, "key") {
            throw SyncError(
                .accountNotPermissible,
                "the account “\(key)” of the policy is not permitted to its Platform App any more; grant it again, or rename the key"
            )
        }
        try await execute(MatchStatements.reach(context, nested: listsMembers && context.policy.groups.nested), on: connection)
        try await execute(MatchStatements.policyVersion(context), on: connection)
        if listsMembers { try await execute(MatchStatements.listed(context), on: connection) }
        try await connection.executeScript(
            "create index on \(context.area.reach) (grp); analyze \(context.area.reach); analyze \(context.area.listed)",
            timeout: Self.patience)
        try await execute(MatchStatements.pending(context, absence: unprovenAbsence == nil ? .proven : .unproven), on: connection)
        try await connection.analyzeRoughly(context.area.joinedOfPending, timeout: Self.patience)
        for statement in MatchStatements.disputeDuplicates(context) { try await execute(statement, on: connection) }
        while try await execute(MatchStatements.disputeTakenEmails(context), on: connection) > 0 {}
        try await execute(MatchStatements.reportDisputes(context, after: findings), on: connection)
    }

    private func difference(on connection: PostgresConnection, counts: inout RunCounts) async throws -> PlanFigures {
        try await execute("select ensure_changes_partition()", on: connection)
        try await execute(PlanStatements.accounts(context), on: connection)
        try await execute(PlanStatements.absentAccounts(context), on: connection)
        try await execute(PlanStatements.knownUsers(context), on: connection)
        try await execute(PlanStatements.newUsers(context), on: connection)
        var figures = PlanFigures()
        if context.policy.people.absent == .suspend {
            try await execute(MatchStatements.absent(context), on: connection)
            if unprovenAbsence == nil {
                try await execute(PlanStatements.absentUsers(context), on: connection)
            } else if let row = try await connection.query(
                PlanStatements.absentUserCount(context).unprepared().timeout(Self.patience)
            ).first {
                figures.absentUnproven = Int(try row.decode(Int64.self, "n"))
            }
        }
        guard let row = try await connection.query(PlanStatements.summary(context).unprepared().timeout(Self.patience)).first
        else { return figures }
        try figures.take(row, &counts)
        try await execute(Self.planned(context.run, row), on: connection)
        return figures
    }

    /// Notes when the plan was made and how large it is.
    static func planned(_ run: Int64, _ summary: PostgresRow) throws -> PostgresQuery {
        """
        update runs set planned_at = now(), change_count = \(Int32(try summary.decode(Int64.self, "total"))),
            first_chunk_end = \(try summary.decode(Int32.self, "first_chunk_end"))
        where id = \(run)
        """
    }

    private func store(_ findings: [RunFinding], on connection: PostgresConnection) async throws {
        guard !findings.isEmpty else { return }
        try await execute(
            """
            insert into run_findings (run_id, number, code, entry, line, detail)
            select \(context.run), row_number() over (), f.code, f.entry, f.line, f.detail
            from unnest(\(findings.map(\.code)), \(findings.map(\.entry)), \(findings.map(\.line)), \(findings.map(\.detail)))
                as f(code, entry, line, detail)
            """, on: connection)
    }

    /// The run's state, with the guards that hold it.
    static func concluded(_ run: Int64, _ state: RunState, _ verdicts: [GuardVerdict], _ counts: RunCounts) -> PostgresQuery {
        let reason = verdicts.isEmpty ? nil : verdicts.map(\.message).joined(separator: "; ")
        return """
            update runs set state = \(state.rawValue), code = \(verdicts.first?.code), reason = \(reason),
                counts = \(RunStore.json(counts)),
                finished_at = case when \(state == .unchanged) then clock_timestamp() end
            where id = \(run)
            """
    }

    @discardableResult
    private func execute(_ statement: PostgresQuery, on connection: PostgresConnection) async throws -> Int {
        try await connection.execute(statement.unprepared().timeout(Self.patience))
    }
}

extension PlanFigures {
    /// Takes a row of ``PlanStatements/summary(_:)``.
    mutating func take(_ row: PostgresRow, _ counts: inout RunCounts) throws {
        for (name, column) in [
            ("create", "created"), ("update", "updated"), ("adopt", "adopted"), ("suspend", "suspended"), ("restore", "restored"),
            ("link", "linked"), ("disputed", "disputed"), ("email_changes", "email_changes"),
            ("memberships_removed", "memberships_removed"),
        ] {
            counts[name] = Int(try row.decode(Int64.self, column))
        }
        peopleBefore = Int(try row.decode(Int64.self, "people_before"))
        usersSuspended = Int(try row.decode(Int64.self, "users_suspended"))
        accountsSuspended = Int(try row.decode(Int64.self, "accounts_suspended"))
        membershipsRemoved = Int(try row.decode(Int64.self, "memberships_removed"))
        emailChanges = Int(try row.decode(Int64.self, "email_changes"))
        administratorsGranted = Int(try row.decode(Int64.self, "administrators"))
    }
}
