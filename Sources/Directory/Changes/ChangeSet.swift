// SPDX-License-Identifier: Apache-2.0

package import Postgres

/// A stored plan that can be applied: the rows of `changes` with this run and time, made on behalf of one app and source.
package struct ChangeSet: Sendable, Equatable {
    package let run: Int64
    /// Partition key of the rows.
    package let plannedAt: PostgresTimestamp
    /// How many changes there are; `seq` runs from 1 to this.
    package let count: Int
    /// The last change that must be in the first chunk: accounts, and everything that moves an existing e-mail address.
    package let firstChunkEnd: Int

    package init(run: Int64, plannedAt: PostgresTimestamp, count: Int, firstChunkEnd: Int) {
        self.run = run
        self.plannedAt = plannedAt
        self.count = count
        self.firstChunkEnd = firstChunkEnd
    }
}

/// A part of a change set that is applied in one transaction.
struct ChangeRange: Sendable, Equatable {
    let set: ChangeSet
    let first: Int
    let last: Int

    var count: Int { last - first + 1 }

    /// The two halves that a failing range is bisected into; nil for a single change.
    var halves: (ChangeRange, ChangeRange)? {
        guard count > 1 else { return nil }
        let middle = first + count / 2 - 1
        return (ChangeRange(set: set, first: first, last: middle), ChangeRange(set: set, first: middle + 1, last: last))
    }
}

/// Which parts of a change set are still to be applied: a pure function of what was applied, so that a restart continues.
struct ChunkPlan {
    /// The most objects that one transaction changes, e-mail moves apart, which must stand together.
    static let chunkSize = 10_000
    /// From so many changes on it is worth while to apply two halves side by side.
    private static let dividedSize = 2_000

    /// What the others build on by itself, the rest in chunks of about one size, an even number where it is worth while. Cut
    /// where every engine cuts, however much is applied already: two of them at work on one set must meet in whole chunks.
    ///
    /// - Parameter applied: ranges already applied, sorted by their first change.
    static func remaining(_ set: ChangeSet, applied: [ClosedRange<Int>]) -> [ChangeRange] {
        chunks(set).flatMap { chunk in
            var ranges: [ChangeRange] = []
            var next = chunk.lowerBound
            for done in applied.filter({ $0.overlaps(chunk) }) + [(chunk.upperBound + 1)...(chunk.upperBound + 1)] {
                if next < done.lowerBound { ranges.append(ChangeRange(set: set, first: next, last: done.lowerBound - 1)) }
                next = max(next, done.upperBound + 1)
            }
            return ranges
        }
    }

    private static func chunks(_ set: ChangeSet) -> [ClosedRange<Int>] {
        guard set.count > set.firstChunkEnd else { return set.count > 0 ? [1...set.count] : [] }
        let size = evenSize(set.count - set.firstChunkEnd)
        let others = stride(from: set.firstChunkEnd + 1, through: set.count, by: size).map { $0...min($0 + size - 1, set.count) }
        return (set.firstChunkEnd > 0 ? [1...set.firstChunkEnd] : []) + others
    }

    private static func evenSize(_ count: Int) -> Int {
        var parts = (count + chunkSize - 1) / chunkSize
        if count >= dividedSize { parts += parts % 2 }
        return parts > 1 ? (count + parts - 1) / parts : chunkSize
    }
}

/// A change that was not made.
struct ChangeRefusal: Sendable, Equatable {
    let seq: Int
    /// `stale`, `gone`, `non_permissible`, `email_taken` ...
    let code: String
    let detail: String?
}

/// What became of a change set.
package struct ApplyReport: Sendable, Equatable {
    /// Changes made, in this call or an earlier one that was cut short.
    package var applied = 0
    /// Changes not made, by code: `stale`, `gone`, `non_permissible`, `email_taken` ...
    package var refused: [String: Int] = [:]

    /// Those of them that a person left out.
    package var leftOutCount: Int { refused["rejected", default: 0] + refused["not_approved", default: 0] }
    /// Changes not made.
    package var refusedCount: Int { refused.values.reduce(0, +) }
}
