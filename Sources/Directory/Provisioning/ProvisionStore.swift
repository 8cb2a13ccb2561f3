// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Postgres

/// People with their memberships in one call, one or thousands; only produces changes, which the change engine applies.
///
/// Calls of one app follow each other: two at once could give one external id to two users.
package struct ProvisionStore: Sendable {
    let directory: Directory

    /// The same under an Idempotency-Key: sent again, it is answered again and not carried out. An atomic call that was refused
    /// has done nothing and is not kept; nor is what says of an item that it may be tried again.
    package func provision(
        _ items: [ProvisionItem], atomic: Bool, under call: KeyedCall, by caller: Caller
    ) async throws -> [ProvisionOutcome] {
        try await directory.onceInSteps(
            call, by: caller,
            note: { outcomes in
                atomic && outcomes.contains(where: \.hasFailed) ? nil : ProvisionNote(outcomes)?.text
            },
            replay: { note in
                // Whoever may not do the call is not told what became of it.
                _ = try await prepare(by: caller)
                return try ProvisionNote.outcomes(note)
            },
            execute: { try await provision(items, atomic: atomic, by: caller) })
    }

    /// Makes the items be; each is a person.
    ///
    /// - Parameter atomic: all items in one transaction, or none of them; otherwise each stands by itself.
    /// - Returns: an outcome for each item, in their order.
    /// - Throws: ``DirectoryError`` when the call as a whole is refused.
    package func provision(_ items: [ProvisionItem], atomic: Bool, by caller: Caller) async throws -> [ProvisionOutcome] {
        guard items.count <= ProvisionRules.maximumCount else {
            throw DirectoryError.invalid([
                FieldProblem("base", "At most \(ProvisionRules.maximumCount) items can be sent at once")
            ])
        }
        let source = try await prepare(by: caller)
        var outcomes = ProvisionStore.checked(items)
        let sound = outcomes.indices.filter { outcomes[$0] == nil }
        if atomic, sound.count < items.count { return outcomes.map { $0 ?? .withdrawn } }
        let found: [ProvisionOutcome]
        do {
            found = try await directory.turns.take(source) {
                try await ProvisionStore.whileContended(items, sound) { items, numbers in
                    atomic
                        ? try await applyTogether(items, numbers, source: source, by: caller)
                        : try await applyEach(items, numbers, source: source, by: caller)
                }
            }
        } catch let error as PostgresError {
            throw DirectoryError(error) ?? error
        }
        for (number, outcome) in zip(sound, found) { outcomes[number] = outcome }
        return outcomes.map { $0 ?? .withdrawn }
    }

    // MARK: Before the database

    /// What is wrong with items by themselves, and with those that name a person a second time; nil where nothing is.
    private static func checked(_ items: [ProvisionItem]) -> [ProvisionOutcome?] {
        var emails: Set<String> = []
        var ids: Set<String> = []
        return items.map { item in
            var problems = ProvisionRules.problems(item)
            if problems.isEmpty {
                if !emails.insert(UserRules.normalisedEmail(item.email ?? "")).inserted {
                    problems.append(FieldProblem("email", "Email is in this call already"))
                }
                if let id = item.externalID, !ids.insert(id).inserted {
                    problems.append(FieldProblem("external_id", "External is in this call already"))
                }
            }
            return problems.isEmpty ? nil : .failed(.invalid(problems))
        }
    }

    // MARK: Planning and applying

    private func prepare(by caller: Caller) async throws -> Int64 {
        for _ in 0..<3 {
            guard let row = try await directory.row(ProvisionStatements.prepare(caller: caller)) else {
                throw DirectoryError.invalidAccessToken
            }
            if let source = try row.decode(Int64?.self, "source_id") { return source }
        }
        throw DirectoryError.unavailable
    }

    /// Plans again what somebody else's write made stale, twice.
    private static func whileContended(
        _ items: [ProvisionItem], _ numbers: [Int],
        _ apply: ([ProvisionItem], [Int]) async throws -> [ProvisionOutcome]
    ) async throws -> [ProvisionOutcome] {
        var outcomes = try await apply(numbers.map { items[$0] }, numbers)
        for _ in 0..<2 {
            let stale = outcomes.indices.filter { outcomes[$0] == .failed(.unavailable) }
            if stale.isEmpty { break }
            let again = stale.map { numbers[$0] }
            for (index, outcome) in zip(stale, try await apply(again.map { items[$0] }, again)) { outcomes[index] = outcome }
        }
        return outcomes
    }

    private func applyEach(_ items: [ProvisionItem], _ numbers: [Int], source: Int64, by caller: Caller) async throws
        -> [ProvisionOutcome]
    {
        guard !items.isEmpty else { return [] }
        let statement = ProvisionStatements.plan(items, numbers: numbers, source: source, caller: caller)
        var plan = try ProvisionPlan(try await directory.rows(statement.unprepared()), of: items)
        guard let set = plan.set else { return plan.outcomes }
        let engine = ChangeEngine(directory: directory)
        let report = try await engine.apply(set)
        plan.refuse(try await engine.refusals(of: set))
        _ = try await directory.rows(
            ProvisionStatements.finish(set, applied: report.applied, refused: report.refusedCount))
        return plan.outcomes
    }

    private func applyTogether(_ items: [ProvisionItem], _ numbers: [Int], source: Int64, by caller: Caller) async throws
        -> [ProvisionOutcome]
    {
        let engine = ChangeEngine(directory: directory)
        do {
            return try await directory.postgres.withTransaction { connection in
                let applier = UUID()
                _ = try await connection.execute(ChangeStatements.takeOver(source: source, for: applier))
                let statement = ProvisionStatements.plan(items, numbers: numbers, source: source, caller: caller)
                var plan = try ProvisionPlan(try await connection.query(statement.unprepared()), of: items)
                if let set = plan.set, !plan.hasFailures {
                    plan.refuse(try await engine.applyWhole(set, by: applier, on: connection))
                    _ = try await connection.execute(ProvisionStatements.finish(set, applied: set.count, refused: 0))
                }
                guard !plan.hasFailures else { throw Withdrawn(outcomes: plan.outcomes) }
                return plan.outcomes
            }
        } catch let error as Withdrawn {
            return error.outcomes.map { $0.hasFailed ? $0 : .withdrawn }
        } catch let error as PostgresError {
            // A race that the plan could not see, such as an address taken meanwhile.
            guard let refusal = DirectoryError(error), case .invalid = refusal else { throw error }
            return items.count == 1 ? [.failed(refusal)] : items.map { _ in .failed(.unavailable) }
        }
    }

    /// Rolls an atomic call back.
    private struct Withdrawn: Error {
        let outcomes: [ProvisionOutcome]
    }
}

/// What the plan found for each item.
private struct ProvisionPlan {
    private(set) var outcomes: [ProvisionOutcome]
    /// nil: there is nothing to apply.
    private(set) var set: ChangeSet?
    /// The item of each change.
    private var items: [Int: Int] = [:]

    var hasFailures: Bool { outcomes.contains(where: \.hasFailed) }

    /// - Throws: ``DirectoryError/invalidAccessToken`` when the token died meanwhile.
    init(_ rows: PostgresRows, of asked: [ProvisionItem]) throws {
        guard rows.count == asked.count else { throw DirectoryError.invalidAccessToken }
        outcomes = []
        for (index, row) in rows.enumerated() {
            outcomes.append(try ProvisionPlan.outcome(row))
            if let seq = try row.decode(Int64?.self, "seq") { items[Int(seq)] = index }
            guard set == nil, let run = try row.decode(Int64?.self, "run") else { continue }
            let count = Int(try row.decode(Int64.self, "planned"))
            set = ChangeSet(
                run: run, plannedAt: try row.decode(PostgresTimestamp.self, "planned_at"), count: count,
                firstChunkEnd: Int(try row.decode(Int64.self, "moves")))
        }
    }

    mutating func refuse(_ refusals: [ChangeRefusal]) {
        for refusal in refusals {
            guard let item = items[refusal.seq] else { continue }
            outcomes[item] = .failed(ProvisionPlan.error(refusal.code, refusal.detail))
        }
    }

    private static func outcome(_ row: PostgresRow) throws -> ProvisionOutcome {
        let id = try row.decode(Int64?.self, "user_id") ?? 0
        switch try row.decode(String.self, "situation") {
        case "create": return .created(id)
        case "update": return .updated(id)
        case "unchanged": return .unchanged(id)
        case "taken": return .failed(.invalid([UserStore.taken]))
        case "not_found": return .failed(.notFound)
        case "nameless": return .failed(.invalid([FieldProblem("name", "Name can't be blank")]))
        case "linked_elsewhere":
            return .failed(.invalid([FieldProblem("external_id", "External is not the one this user is known by")]))
        default: return .failed(.nonPermissible)
        }
    }

    private static func error(_ code: String, _ detail: String?) -> DirectoryError {
        switch code {
        case "email_taken": .invalid([UserStore.taken])
        case "no_seat": .noSeat
        case "non_permissible", "app_disabled": .nonPermissible
        // Changed between plan and apply: planned again.
        case "stale", "gone": .unavailable
        default: .invalid([FieldProblem("base", "The item cannot be stored (\(detail ?? code))")])
        }
    }
}
