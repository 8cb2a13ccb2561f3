// SPDX-License-Identifier: Apache-2.0

package import Directory

/// Purges tombstones, what has expired and what was kept long enough, once an hour by whichever daemon comes first.
package struct PurgeHandler: JobHandler {
    private let tombstones: TombstoneStore
    private let retention: RetentionStore
    private let lifetime: Duration
    private let period: Duration

    /// - Parameter lifetime: how long what was deleted is kept.
    package init(
        tombstones: TombstoneStore, retention: RetentionStore, lifetime: Duration, period: Duration = .seconds(3_600)
    ) {
        self.tombstones = tombstones
        self.retention = retention
        self.lifetime = lifetime
        self.period = period
    }

    package var kind: String { "purge" }

    package func due() -> [String] { [""] }

    package func run(_ job: Job) async throws -> JobOutcome {
        try await tombstones.purge(olderThan: lifetime)
        try await retention.purge()
        return .again(after: period)
    }
}
