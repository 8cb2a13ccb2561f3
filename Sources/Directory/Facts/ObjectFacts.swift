// SPDX-License-Identifier: Apache-2.0

import Postgres

/// What operators see of a user beside what the user's body tells, and what goes with the user when it is deleted.
package struct UserFacts: Sendable {
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
    /// Without one the user signs in by login link only.
    package let hasPassword: Bool
    /// Memberships in accounts that live.
    package let memberships: Int64
    /// Live sessions.
    package let sessions: Int64
    /// Access tokens that work.
    package let tokens: Int64
    /// When any of these was used last, as precise as the interval at which replicas write it down.
    package let tokenUsedAt: Timestamp?
}

/// What operators see of an account beside its body, and what goes with it when it is deleted.
package struct AccountFacts: Sendable {
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
    package let members: Int64
    package let customRoles: Int64
    package let agentBots: Int64
}

extension UserStore {
    /// Facts about a user; for operators.
    package func facts(_ id: Int64, by caller: Caller) async throws -> UserFacts {
        guard let row = try await directory.row(FactStatements.user(id, caller: caller)),
            try row.decode(Bool.self, "authenticated")
        else { throw DirectoryError.invalidAccessToken }
        guard let created = try row.optionalTimestamp("created_at") else { throw DirectoryError.notFound }
        return UserFacts(
            createdAt: created, updatedAt: try row.timestamp("updated_at"),
            hasPassword: try row.decode(Bool.self, "has_password"),
            memberships: try row.decode(Int64.self, "memberships"), sessions: try row.decode(Int64.self, "sessions"),
            tokens: try row.decode(Int64.self, "tokens"), tokenUsedAt: try row.optionalTimestamp("used_at"))
    }
}

extension AccountStore {
    /// Facts about an account; for operators.
    ///
    /// - Parameter limit: to how many its members are counted; all of them where nothing is said, however long that takes.
    package func facts(_ id: Int64, membersUpTo limit: Int64? = nil, by caller: Caller) async throws -> AccountFacts {
        guard let row = try await directory.row(FactStatements.account(id, membersUpTo: limit, caller: caller)),
            try row.decode(Bool.self, "authenticated")
        else { throw DirectoryError.invalidAccessToken }
        guard let created = try row.optionalTimestamp("created_at") else { throw DirectoryError.notFound }
        return AccountFacts(
            createdAt: created, updatedAt: try row.timestamp("updated_at"), members: try row.decode(Int64.self, "members"),
            customRoles: try row.decode(Int64.self, "custom_roles"), agentBots: try row.decode(Int64.self, "agent_bots"))
    }
}
