// SPDX-License-Identifier: Apache-2.0

import Directory
import Postgres

extension Reconciler {
    /// What became of looking for a plan that a person let through.
    package enum ReleasedRun: Sendable {
        /// There is none that nobody is at work on.
        case none
        /// One was applied, or turned out to need nothing more.
        case applied(Run)
        /// One could not be applied, for a reason of its own.
        case failed(Run, any Error)
    }

    /// Applies the oldest plan that a person let through in the console or by the API (``RunJournal/release(_:by:)``).
    ///
    /// A lock that dies with its connection says who is at work, so that of several daemons one applies it, and another goes
    /// on with what a dead one left. Costs a look into an index that is empty when there is nothing to do.
    ///
    /// - Parameter besides: runs that are left alone, such as those that failed a moment ago.
    /// - Throws: ``PostgresError`` when the database is away.
    package func applyReleased(besides: Set<Int64> = []) async throws -> ReleasedRun {
        let ids = try await runs.released().filter { !besides.contains($0) }
        for id in ids {
            let found = try await withReleaseLock(id) { try await applyReleased(id) } ?? .none
            if case .none = found { continue }
            return found
        }
        return .none
    }

    /// Does what one at a time may do with a plan that was let through; nil when somebody else is at it.
    func withReleaseLock<T>(_ id: Int64, _ work: () async throws -> T) async throws -> T? {
        try await postgres.withConnection { connection -> T? in
            guard try await lock(id, connection) else { return nil }
            let result: Result<T, any Error>
            do { result = .success(try await work()) } catch { result = .failure(error) }
            _ = try? await connection.query(
                "select pg_advisory_unlock(\(Self.releaseLock), \(Int32(truncatingIfNeeded: id)))")
            return try result.get()
        }
    }

    private func applyReleased(_ id: Int64) async throws -> ReleasedRun {
        // Another daemon may have ended it between the look and the lock.
        guard try await runs.released().contains(id) else { return .none }
        do {
            return .applied(try await apply(id, release: true))
        } catch  where !(error is CancellationError) && (error as? PostgresError)?.isAway != true {
            return .failed(try await runs.show(id), error)
        }
    }

    private func lock(_ id: Int64, _ connection: PostgresConnection) async throws -> Bool {
        let row = try await connection.query(
            "select pg_try_advisory_lock(\(Self.releaseLock), \(Int32(truncatingIfNeeded: id))) as locked"
        ).first
        return try row?.decode(Bool.self, "locked") ?? false
    }

    /// Any number, used for nothing else.
    private static let releaseLock: Int32 = 0x4d53_524c
}

extension RunStore {
    /// Plans that a person let through and that are not applied to their end, oldest first.
    func released() async throws -> [Int64] {
        try await postgres.query(
            "select id from runs where released_at is not null and state in ('planned', 'held', 'applying') order by id"
        ).map { try $0.decode(Int64.self, "id") }
    }
}
