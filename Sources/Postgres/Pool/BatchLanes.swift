// SPDX-License-Identifier: Apache-2.0

/// A read that waits for its batch.
struct BatchItem: Sendable {
    let query: PostgresQuery
    let operation: Operation<PostgresRows>
}

/// Reads that wait to be sent together, and how many lanes send them.
///
/// A lane is a borrowed connection that sends batch after batch until nothing waits. Few lanes make big batches.
struct BatchLanes {
    /// Lanes at most: more would only make the batches smaller.
    static let limit = 2
    /// Reads in one batch at most: libpq keeps all their results, and the first answer waits for the last.
    static let largest = 32

    private var pending: [BatchItem] = []
    private var lanes = 0

    /// Adds a read; true when a lane must be started for it.
    mutating func add(_ item: BatchItem) -> Bool {
        pending.append(item)
        guard lanes < Self.limit else { return false }
        lanes += 1
        return true
    }

    /// The next batch of a lane; an empty one ends the lane.
    mutating func next() -> [BatchItem] {
        if pending.isEmpty {
            lanes -= 1
            return []
        }
        if pending.count <= Self.largest {
            defer { pending = [] }
            return pending
        }
        defer { pending.removeFirst(Self.largest) }
        return Array(pending.prefix(Self.largest))
    }

    /// A lane has ended without a connection; with no other lane, nobody will send what waits.
    mutating func laneFailed() -> [BatchItem] {
        lanes -= 1
        guard lanes == 0 else { return [] }
        defer { pending = [] }
        return pending
    }
}

/// The job that makes a connection a lane.
final class BatchLane: Job {
    private let pool: PoolCore

    init(pool: PoolCore) {
        self.pool = pool
    }

    func perform(on session: Session) {
        while !session.isBroken {
            let items = pool.nextBatch()
            if items.isEmpty { return pool.release(session) }
            session.runBatch(items)
        }
        for item in pool.laneFailed() { item.operation.refuse(ConnectionThread.gone) }
    }

    func refuse(_ error: PostgresError) {
        for item in pool.laneFailed() { item.operation.refuse(error) }
    }
}
