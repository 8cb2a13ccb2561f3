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
    /// Whether accounts or rules came to light by entries; else nobody need look for any.
    let discovers: Bool
    /// Why absence proves nothing in this read; nil when it does.
    let unprovenAbsence: String?

    /// Makes the partitions of the changes, before the transaction of a plan: others who need one would wait for its end.
    static func preparePartition(on connection: PostgresConnection) async throws {
        try await connection.executeScript("select prepare_changes_partitions()")
    }

    private var absence: Absence { unprovenAbsence == nil ? .proven : .unproven }

    /// Matches and plans on one connection.
    ///
    /// - Parameter counts: what the read counted; grows by what the plan counts.
    /// - Returns: the run's new state, with the guards that hold it.
    func plan(on connection: PostgresConnection, findings: [RunFinding], counts: inout RunCounts) async throws -> (
        RunState, [GuardVerdict]
    ) {
        try await store(findings, on: connection)
        try await match(on: connection, findings: findings.count, counts: &counts)
        let figures = try await difference(on: connection, counts: &counts)
        var verdicts = Guard.verdicts(figures, limits: context.policy.guards, unprovenBecause: unprovenAbsence)
        if let again = try await UndoneAgain(run: context.run, source: context.source).verdict(on: connection) {
            verdicts.append(again)
        }
        if context.policy.operation.enforcement == .report, counts.objectChanges > 0 {
            verdicts.append(GuardVerdict(code: "report", message: "the policy reports, and applies nothing by itself"))
        }
        if context.holdsChangedPolicy, counts.objectChanges > 0,
            let changed = try await ChangedPolicy(context: context).verdict(on: connection)
        {
            verdicts.append(changed)
        }
        let isDivided = context.policy.operation.held == .changes && verdicts.allSatisfy { $0.isOfChanges }
        if isDivided, let held = try await divide(verdicts, counts: &counts, on: connection) { verdicts = [held] }
        // After the division, which numbers the changes anew.
        if figures.administratorsLost > 0 {
            try await execute(GuardStatements.keepLastAdministrators(context.run), on: connection)
        }
        if context.policy.people.authentication?.passwords != nil {
            try await execute(MatchStatements.secrets(context), on: connection)
        }
        let planned = counts.objectChanges + counts["link"] > 0
        let state: RunState = !verdicts.isEmpty && !isDivided ? .held : planned ? .planned : .unchanged
        try await execute(Self.concluded(context.run, state, verdicts, counts), on: connection)
        try await execute(GuardStatements.supersede(context.run), on: connection)
        return (state, verdicts)
    }

    /// Parts what is held from the rest: a run of its own, which waits for a person while this one proceeds.
    ///
    /// - Returns: what this run says of it; nil when no planned change is held.
    private func divide(
        _ verdicts: [GuardVerdict], counts: inout RunCounts, on connection: PostgresConnection
    ) async throws -> GuardVerdict? {
        guard verdicts.contains(where: { $0.kind != nil }) else { return nil }
        let made = try await connection.query(GuardStatements.part(of: context.run, verdicts).unprepared())
        guard let part = try made.first?.decode(Int64.self, "id") else { return nil }
        for statement in GuardStatements.move(verdicts, from: context.run, to: part) {
            try await execute(statement, on: connection)
        }
        for run in [context.run, part] {
            let summary = PlanStatements.summary(
                run: run, source: context.source, policy: context.policy.name, disputed: "\(counts["disputed"])::bigint")
            guard let row = try await connection.query(summary.unprepared().timeout(Self.patience)).first else { continue }
            var figures = PlanFigures()
            var own = run == part ? RunCounts() : counts
            try figures.take(row, &own)
            try await execute(Self.planned(run, row), on: connection)
            if run == part {
                own["disputed"] = 0
                try await execute("update runs set counts = \(RunStore.json(own)) where id = \(run)", on: connection)
            } else {
                counts = own
            }
        }
        let message = "held as run \(part): " + verdicts.map(\.message).joined(separator: "; ")
        return GuardVerdict(code: "partly_held", message: message)
    }

    private func match(on connection: PostgresConnection, findings: Int, counts: inout RunCounts) async throws {
        try await execute(MatchStatements.accounts(context, discovers: discovers), on: connection)
        let foreign = try await connection.query(MatchStatements.foreignAccounts(context).unprepared())
        if let key = try foreign.first?.decode(String.self, "key") {
            throw SyncError(
                .accountNotPermissible,
                "the account “\(key)” of the policy is not permitted to its Platform App any more; grant it again, or rename the key"
            )
        }
        let isNested = listsMembers && context.policy.groups.nested
        try await execute(MatchStatements.reach(context, nested: isNested, discovers: discovers), on: connection)
        try await execute(MatchStatements.policyVersion(context), on: connection)
        if listsMembers { try await execute(MatchStatements.listed(context), on: connection) }
        try await connection.executeScript(
            "create index on \(context.area.reach) (grp); analyze \(context.area.reach); analyze \(context.area.listed)",
            timeout: Self.patience)
        try await compare(MatchStatements.stale(context), counts, on: connection)
        try await connection.analyzeRoughly("\(context.area.stale) (user_id)", timeout: Self.patience)
        try await execute(MatchStatements.pending(context, absence: absence), on: connection)
        try await connection.analyzeRoughly(context.area.joinedOfPending, timeout: Self.patience)
        let standing = try await connection.query(DecisionStatements.standing(context).unprepared()).first.map(Standing.init)
        if standing?.hasDecisions == true {
            for statement in DecisionStatements.heed(context) { try await execute(statement, on: connection) }
        }
        if !context.policy.operation.protected.isEmpty {
            try await execute(MatchStatements.protect(context), on: connection)
        }
        try await execute(MatchStatements.keepLinked(context), on: connection)
        for statement in MatchStatements.disputeDuplicates(context) { try await execute(statement, on: connection) }
        if standing?.hasQuarantine == true {
            counts["quarantined"] = try await execute(QuarantineStatements.leaveOut(context), on: connection)
        }
        while try await execute(MatchStatements.disputeTakenEmails(context), on: connection) > 0 {}
        let disputed = try await execute(MatchStatements.reportDisputes(context, after: findings), on: connection)
        if disputed > 0 || standing?.hasDisputes == true {
            for statement in DisputeStatements.store(context, absence) { try await execute(statement, on: connection) }
        }
        if standing?.hasQuarantine == true {
            for statement in QuarantineStatements.note(context, absence) { try await execute(statement, on: connection) }
        }
    }

    private func difference(on connection: PostgresConnection, counts: inout RunCounts) async throws -> PlanFigures {
        // Already there, but for the first moment of a month.
        try await execute("select ensure_changes_partition()", on: connection)
        try await execute(PlanStatements.accounts(context), on: connection)
        if !context.addsOnly {
            try await execute(PlanStatements.absentAccounts(context, absence), on: connection)
        }
        try await execute(PlanStatements.knownUsers(context, absence), on: connection)
        try await execute(PlanStatements.newUsers(context), on: connection)
        var figures = PlanFigures()
        if context.policy.people.absent == .suspend, !context.addsOnly {
            try await compare(MatchStatements.missing(context), counts, on: connection)
            try await connection.analyzeRoughly(context.area.missing, timeout: Self.patience)
            try await execute(MatchStatements.absent(context), on: connection)
            if unprovenAbsence == nil {
                try await execute(PlanStatements.absentUsers(context), on: connection)
                if let grace = context.policy.people.deleteAfter {
                    try await execute(PlanStatements.overdueUsers(context, after: grace), on: connection)
                }
            } else if let row = try await connection.query(
                PlanStatements.absentUserCount(context).unprepared().timeout(Self.patience)
            ).first {
                figures.absentUnproven = Int(try row.decode(Int64.self, "n"))
            }
        }
        if unprovenAbsence != nil, !context.addsOnly,
            let row = try await connection.query(PlanStatements.keptMemberCount(context).unprepared().timeout(Self.patience))
                .first
        {
            figures.membersUnproven = Int(try row.decode(Int64.self, "n"))
        }
        guard let row = try await connection.query(PlanStatements.summary(context).unprepared().timeout(Self.patience)).first
        else { return figures }
        try figures.take(row, &counts)
        if !context.policy.guards.perAccount.isEmpty {
            figures.accounts = try await connection.query(
                GuardStatements.accounts(context.run).unprepared().timeout(Self.patience)
            ).map(PlanFigures.Account.init)
        }
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
            insert into run_findings (run_id, number, code, entry, line, detail, external_key)
            select \(context.run), row_number() over (), f.code, f.entry, f.line, f.detail, f.external_key
            from unnest(\(findings.map(\.code)), \(findings.map(\.entry)), \(findings.map(\.line)), \(findings.map(\.detail)),
                        \(findings.map(\.externalKey))) as f(code, entry, line, detail, external_key)
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

    /// Compares the people of the export with those who are linked. Where either are many, they are hashed, whatever the planner takes
    /// them for: it knows nothing of a source that nobody has looked at since it grew, and would go through all of one for each
    /// of the other.
    private func compare(_ statement: PostgresQuery, _ counts: RunCounts, on connection: PostgresConnection) async throws {
        let few: Int64 = 5_000
        let linked = try await connection.query(
            """
            select count(*) as n from (
                select from links where source_id = \(context.source) and kind = 'user' limit \(few + 1)
            ) l
            """)
        let isLarge = try Int64(counts["people"]) > few || linked.first.map { try $0.decode(Int64.self, "n") > few } ?? false
        if isLarge { try await connection.executeScript("set local enable_nestloop = off") }
        try await execute(statement, on: connection)
        if isLarge { try await connection.executeScript("set local enable_nestloop = on") }
    }

    @discardableResult
    private func execute(_ statement: PostgresQuery, on connection: PostgresConnection) async throws -> Int {
        try await connection.execute(statement.unprepared().timeout(Self.patience))
    }
}

/// What of earlier reads and runs the source has standing; nearly always nothing.
private struct Standing {
    let hasDisputes: Bool
    let hasDecisions: Bool
    let hasQuarantine: Bool

    init(_ row: PostgresRow) throws {
        hasDisputes = try row.decode(Bool.self, "disputes")
        hasDecisions = try row.decode(Bool.self, "decisions")
        hasQuarantine = try row.decode(Bool.self, "quarantine")
    }
}

extension PlanFigures {
    /// Takes a row of ``PlanStatements/summary(_:)``.
    mutating func take(_ row: PostgresRow, _ counts: inout RunCounts) throws {
        for (name, column) in [
            ("create", "created"), ("update", "updated"), ("adopt", "adopted"), ("suspend", "suspended"), ("restore", "restored"),
            ("link", "linked"), ("delete", "deleted"), ("disputed", "disputed"), ("email_changes", "email_changes"),
            ("memberships_removed", "memberships_removed"),
        ] {
            counts[name] = Int(try row.decode(Int64.self, column))
        }
        func count(_ column: String) throws -> Int { Int(try row.decode(Int64.self, column)) }
        peopleBefore = try count("people_before")
        administratorsLost = try count("administrators_lost")
        let suspensions = try count("users_suspended")
        let deletions = try count("deleted")
        self.counts = [
            .removals: try suspensions + count("accounts_suspended") + count("memberships_removed") + deletions,
            .suspensions: suspensions, .deletions: deletions, .creations: try count("users_created"),
            .emailChanges: try count("email_changes"), .administrators: try count("administrators"),
            .members: try count("memberships_moved"),
        ]
    }
}

extension PlanFigures.Account {
    /// Reads a row of ``GuardStatements/accounts(_:)``.
    fileprivate init(_ row: PostgresRow) throws {
        func count(_ column: String) throws -> Int { Int(try row.decode(Int64.self, column)) }
        self.init(
            id: try row.decode(Int64.self, "account_id"), name: try row.decode(String.self, "name"),
            members: try count("members"),
            counts: [
                .removals: try count("removed"), .administrators: try count("administrators"), .members: try count("moved"),
            ])
    }
}

extension GuardVerdict {
    /// Whether it holds certain changes, or is about some that were not even planned: then the others can proceed.
    fileprivate var isOfChanges: Bool { kind != nil || code == "absence_unproven" }
}
