// SPDX-License-Identifier: Apache-2.0

package import Directory

/// Purges tombstones and what has expired, once an hour by whichever daemon comes first.
package struct PurgeHandler: JobHandler {
    private let tombstones: TombstoneStore
    private let lifetime: Duration
    private let period: Duration

    /// - Parameter lifetime: how long what was deleted is kept.
    package init(tombstones: TombstoneStore, lifetime: Duration, period: Duration = .seconds(3_600)) {
        self.tombstones = tombstones
        self.lifetime = lifetime
        self.period = period
    }

    package var kind: String { "purge" }

    package func due() -> [String] { [""] }

    package func run(_ job: Job) async throws -> JobOutcome {
        try await tombstones.purge(olderThan: lifetime)
        return .again(after: period)
    }
}
