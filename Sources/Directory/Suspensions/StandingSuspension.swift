// SPDX-License-Identifier: Apache-2.0

import Postgres

/// A suspension that stands, with who lets it stand.
package struct StandingSuspension: Sendable, Equatable {
    package let by: NamedActor
    /// Empty when none was given.
    package let reason: String
    package let since: Timestamp

    /// Reads `reason`, `since` and the columns of the actor.
    static func decode(_ row: PostgresRow) throws -> StandingSuspension? {
        guard let actor = try NamedActor.decode(row) else { return nil }
        return StandingSuspension(by: actor, reason: try row.decode(String.self, "reason"), since: try row.timestamp("since"))
    }
}

/// Whose suspension is meant: the key under which it stands.
package struct SuspensionAuthor: Sendable, Equatable {
    /// A value of the SQL type `actor_kind`.
    package let kind: String
    /// 0 for commands.
    package let id: Int64

    /// - Returns: nil for a kind that does not exist.
    package init?(kind: String, id: Int64) {
        guard Self.kinds.contains(kind) else { return nil }
        self.kind = kind
        self.id = id
    }

    private static let kinds: Set<String> = ["platform_app", "source", "super_admin", "command", "user"]
}
