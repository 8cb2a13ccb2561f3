// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Postgres
import Secrets

/// The one writer behind sync, bulk, provision and undo: applies a stored change set, exactly and once.
///
/// The set is applied in chunks, each one transaction that also marks itself applied, so a process killed at any moment
/// leaves a state from which ``apply(_:progress:)`` continues. Inside the transaction every change is checked again against
/// the store as it is: one that is stale or no longer permitted is refused by itself, with its reason kept; the others go on.
/// Changes at fault for a chunk that fails as a whole are found by bisection and refused; the others go on together.
package struct ChangeEngine: Sendable {
    let postgres: PostgresClient
    let keyID: Int32

    package init(directory: Directory) {
        postgres = directory.postgres
        keyID = directory.keyring.currentID
    }

    /// Applies what is not applied yet.
    ///
    /// - Parameter progress: told how many changes are dealt with, of how many, after each chunk.
    /// - Throws: ``PostgresError`` when the database cannot be reached; what was applied until then stays applied.
    package func apply(_ set: ChangeSet, progress: @Sendable (Int, Int) async -> Void = { _, _ in }) async throws -> ApplyReport {
        // Again where another engine had a part of a chunk, which then was left to it: only what is in the store counts.
        while true {
            let done = try await postgres.query(ChangeStatements.appliedRanges(set)).map { row in
                Int(try row.decode(Int32.self, "first_seq"))...Int(try row.decode(Int32.self, "last_seq"))
            }
            let ranges = ChunkPlan.remaining(set, applied: done)
            if ranges.isEmpty { break }
            try await apply(ranges, of: set, progress)
        }
        if set.count >= Self.manyChanges { try await refreshStatistics(after: set) }
        return try await report(set)
    }

    /// What the others build on first, alone; the others in no order, several at once.
    private func apply(_ ranges: [ChangeRange], of set: ChangeSet, _ progress: @Sendable (Int, Int) async -> Void) async throws {
        let applier = UUID()
        var waiting = ranges[...]
        // By itself, so that no chunk waits for the end of another that has just taken the source over.
        _ = try await postgres.query(ChangeStatements.takeOver(set, for: applier))
        var dealtWith = set.count - ranges.reduce(0) { $0 + $1.count }
        while let first = waiting.first, first.first <= set.firstChunkEnd {
            waiting.removeFirst()
            try await applyWithoutFaults(first, by: applier)
            dealtWith += first.count
            await progress(dealtWith, set.count)
        }
        try await withThrowingTaskGroup(of: Int.self) { group in
            var running = 0
            while true {
                while running < Self.connections, let range = waiting.popFirst() {
                    group.addTask {
                        try await applyWithoutFaults(range, by: applier)
                        return range.count
                    }
                    running += 1
                }
                guard let count = try await group.next() else { return }
                running -= 1
                // Autovacuum comes a minute later, or came while the first chunk was written and saw none of it.
                if count >= Self.manyChanges { try await postgres.withConnection { try await TableStatistics.refresh(on: $0) } }
                dealtWith += count
                await progress(dealtWith, set.count)
            }
        }
    }

    /// How many chunks are applied at once: the server computes more than it writes.
    private static let connections = 2

    /// From so many changes on, the planner's idea of the tables may be out of date, and autovacuum comes a minute too late.
    private static let manyChanges = 1_000

    /// Where the set is a tenth of the users or more; of links where it is a tenth of the source's, of which the planner may know nothing.
    private func refreshStatistics(after set: ChangeSet) async throws {
        let tenfold = Int64(set.count) * 10
        try await postgres.withConnection { connection in
            let known = try await connection.query(ChangeStatements.sizes(set, upTo: tenfold + 1))
            guard let users = try known.first?.decode(Int64.self, "users"), tenfold >= users else {
                if let links = try known.first?.decode(Int64.self, "links"), tenfold >= links {
                    try await connection.analyzeRoughly("links", timeout: Self.patience)
                }
                return
            }
            try await connection.analyzeRoughly(
                """
                users, accounts, account_users, user_permissibles, account_permissibles, access_tokens, suspensions, \
                membership_suspensions, links
                """,
                timeout: Self.patience)
        }
    }

    /// Counts what became of a change set so far.
    package func report(_ set: ChangeSet) async throws -> ApplyReport {
        var report = ApplyReport()
        for row in try await postgres.query(ChangeStatements.refusalCounts(set)) {
            report.refused[try row.decode(String.self, "code")] = Int(try row.decode(Int64.self, "n"))
        }
        let dealtWith = try await postgres.query(ChangeStatements.appliedRanges(set)).reduce(0) { sum, row in
            sum + Int(try row.decode(Int32.self, "last_seq") - row.decode(Int32.self, "first_seq")) + 1
        }
        report.applied = dealtWith - report.refusedCount
        return report
    }

    /// The changes that were not made, in their order.
    func refusals(of set: ChangeSet) async throws -> [ChangeRefusal] {
        try Self.refusals(try await postgres.query(ChangeStatements.refusals(set)))
    }

    /// Applies a set of one chunk in the caller's transaction, to be rolled back when any of its changes is refused.
    ///
    /// - Parameter applier: for whom the transaction has taken the source over before it planned.
    /// - Returns: the changes that were not made.
    /// - Throws: ``PostgresError`` for a change that the database cannot hold; the transaction is lost then.
    func applyWhole(
        _ set: ChangeSet, by applier: UUID, on connection: PostgresConnection
    ) async throws -> [ChangeRefusal] {
        precondition(set.count <= ChunkPlan.chunkSize, "a set that is applied whole is one chunk")
        let range = ChangeRange(set: set, first: 1, last: set.count)
        try await apply(range, by: applier, without: [:], on: connection)
        return try Self.refusals(try await connection.query(ChangeStatements.refusals(set)))
    }

    private static func refusals(_ rows: PostgresRows) throws -> [ChangeRefusal] {
        try rows.map { row in
            ChangeRefusal(
                seq: Int(try row.decode(Int32.self, "seq")), code: try row.decode(String.self, "code"),
                detail: try row.decode(String?.self, "detail"))
        }
    }

    /// How many applied changes the store does not show: read back from the objects themselves; 0 is success.
    package func mismatches(_ set: ChangeSet) async throws -> Int {
        try await postgres.query(ReadBackStatements.mismatches(set).unprepared().timeout(Self.patience)).first.map {
            Int(try $0.decode(Int64.self, "n"))
        } ?? 0
    }

    /// Applies a range; changes that fail by themselves are refused, and the others stand together as planned.
    ///
    /// Faults are searched for by halves in transactions that are rolled back, so that a bad change in one half does not part
    /// two people who swap their addresses. Only where no change fails by itself, but some fail together, are the halves
    /// applied one after the other: the first one wins.
    private func applyWithoutFaults(_ range: ChangeRange, by applier: UUID, known: ChangeFaults = [:]) async throws {
        do {
            return try await postgres.withTransaction { try await apply(range, by: applier, without: known, on: $0) }
        } catch let error as PostgresError where error.isFaultOfTheData {
            guard let (left, right) = range.halves else {
                return try await postgres.withTransaction {
                    try await apply(range, by: applier, without: [range.first: error], on: $0)
                }
            }
            let found = try await faults(in: left, by: applier, known: known).merging(
                faults(in: right, by: applier, known: known)
            ) { one, _ in one }
            guard found.isEmpty else {
                return try await applyWithoutFaults(range, by: applier, known: known.merging(found) { one, _ in one })
            }
            try await applyWithoutFaults(left, by: applier, known: known)
            try await applyWithoutFaults(right, by: applier, known: known)
        }
    }

    /// The changes of the range that fail by themselves. Writes nothing.
    private func faults(in range: ChangeRange, by applier: UUID, known: ChangeFaults) async throws -> ChangeFaults {
        do {
            try await postgres.withTransaction { connection in
                try await apply(range, by: applier, without: known, on: connection)
                throw Rehearsed()
            }
        } catch let error as PostgresError where error.isFaultOfTheData {
            guard let (left, right) = range.halves else { return [range.first: error] }
            return try await faults(in: left, by: applier, known: known).merging(faults(in: right, by: applier, known: known)) {
                one, _ in one
            }
        } catch is Rehearsed {}
        return [:]
    }

    private func apply(_ range: ChangeRange, by applier: UUID, without faults: ChangeFaults, on connection: PostgresConnection)
        async throws
    {
        if try await connection.query(ChangeStatements.hold(range.set, for: applier)).isEmpty {
            _ = try await connection.execute(ChangeStatements.takeOver(range.set, for: applier))
        }
        guard try await !connection.query(ChangeStatements.claim(range)).isEmpty else { return }
        for (seq, error) in faults where (range.first...range.last).contains(seq) {
            _ = try await connection.execute(
                RefusalStatements.refuse(
                    range.set, seq: seq, code: error.refusalCode, detail: error.constraint ?? error.sqlState))
        }
        guard let work = try await connection.query(ChangeStatements.work(range)).first.map(ChangeWork.init) else { return }
        // Checks of foreign keys keep their plans, and those made while the tables were nearly empty read through them for each row.
        if range.count >= Self.manyChanges { try await connection.executeScript("discard plans") }
        for statement in ChangeStatements.locks(range, work) { try await run(statement, on: connection) }
        if work.hasAccounts {
            try await run(RefusalStatements.refuse(.account, range), on: connection)
            for statement in ApplyStatements.accounts(range, work) { try await run(statement, on: connection) }
        }
        try await run(RefusalStatements.refuse(.user, range), on: connection)
        try await settle(range, work, on: connection)
        for statement in ApplyStatements.users(range, work, keyID: keyID) { try await run(statement, on: connection) }
        try await run(OutboxStatements.emit(range), on: connection)
    }

    /// Refuses who finds the address taken or no seat. Who is refused for want of a seat keeps the address, and who is refused
    /// for an address the seats.
    private func settle(_ range: ChangeRange, _ work: ChangeWork, on connection: PostgresConnection) async throws {
        let hasLimits = work.hasMemberships ? try await run(SeatStatements.lock(range), on: connection) > 0 : false
        var passes = 0
        repeat {
            try await run(RefusalStatements.refuseTakenEmails(range), on: connection)
            passes += 1
        } while hasLimits
            ? try await run(SeatStatements.refuse(range, decisively: passes > Self.mostPasses), on: connection) > 0 : false
    }

    /// So often seats in doubt are looked at again: the range's objects are locked meanwhile.
    private static let mostPasses = 20

    /// Planned anew each time: a plan made for the first chunk, when the tables were empty, is a bad one for the tenth.
    @discardableResult
    private func run(_ statement: PostgresQuery, on connection: PostgresConnection) async throws -> Int {
        try await connection.execute(statement.unprepared().timeout(Self.patience))
    }

    /// A chunk may take minutes on a slow disk.
    private static let patience = Duration.seconds(900)
}

/// Changes that the database cannot hold, by `seq`, with what it said.
private typealias ChangeFaults = [Int: PostgresError]

/// Ends a transaction that was only tried.
private struct Rehearsed: Error {}

extension PostgresError {
    /// Why the change at fault is refused.
    fileprivate var refusalCode: String {
        guard let error = DirectoryError(self) else { return "quarantined" }
        switch error {
        case .invalid([UserStore.taken]): return "email_taken"
        case .noSeat: return "no_seat"
        default: return error.code
        }
    }

    /// Integrity violations and bad data (SQLSTATE classes 22 and 23): trying again cannot help, leaving a row out can.
    fileprivate var isFaultOfTheData: Bool {
        sqlState.map { $0.hasPrefix("22") || $0.hasPrefix("23") } ?? false
    }
}
