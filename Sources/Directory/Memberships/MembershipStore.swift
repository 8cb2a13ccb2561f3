// SPDX-License-Identifier: Apache-2.0

import Postgres

/// Memberships behind ownership: a Platform App joins its own users to its own accounts, and no others.
///
/// Every call throws ``DirectoryError``. Checks run in this order: token, account, user, body.
package struct MembershipStore: Sendable {
    let directory: Directory

    /// The members of an account, by membership id; needs the right to read the account.
    ///
    /// - Parameter page: nil for all of them.
    package func list(accountID: Int64, _ page: PageRequest? = nil, by caller: Caller) async throws -> Page<Membership> {
        let rows = try await directory.rows(MembershipStatements.list(accountID: accountID, page, caller: caller))
        let members = try rows.compactMap { row in
            try Verdict(row).require(.read)
            guard try row.decode(Bool.self, "account_exists") else { throw DirectoryError.notFound }
            return try MembershipStore.decode(row)
        }
        return Page(fetched: members.map { ($0.id, $0) }, page)
    }

    /// Shows a membership by its own id; needs the right to read the account.
    package func show(accountID: Int64, _ id: Int64, by caller: Caller) async throws -> Membership {
        let row = try await directory.row(MembershipStatements.list(accountID: accountID, nil, only: id, caller: caller))
        guard let row else { throw DirectoryError.invalidAccessToken }
        try Verdict(row).require(.read)
        guard let membership = try MembershipStore.decode(row) else { throw DirectoryError.notFound }
        return membership
    }

    /// Makes the user a member, or changes what one is; needs the right to write both.
    ///
    /// A new member takes a seat where the account has a limit of them.
    package func upsert(accountID: Int64, _ draft: MembershipDraft, by caller: Caller) async throws -> Membership {
        guard let userID = draft.userID else {
            try await requireAccount(accountID, by: caller, needs: .accountUsersWrite)
            throw DirectoryError.invalid([FieldProblem("user", "User must exist")] + draft.problems)
        }
        guard draft.problems.isEmpty else {
            try await verify(
                MembershipStatements.check(accountID: accountID, userID: userID, caller: caller, needs: .accountUsersWrite))
            throw DirectoryError.invalid(draft.problems)
        }
        // A membership that somebody else made while we waited for the user's lock is seen by the next statement only.
        for _ in 0..<3 {
            let row = try await verify(
                MembershipStatements.upsert(accountID: accountID, userID: userID, draft, caller: caller))
            if let membership = try MembershipStore.decode(row) { return membership }
        }
        throw DirectoryError.notFound
    }

    /// Ends a membership; without a user, or without a membership, nothing happens (contract section 4).
    package func delete(accountID: Int64, userID: Int64?, problems: [FieldProblem] = [], by caller: Caller) async throws {
        guard problems.isEmpty, let userID else {
            try await requireAccount(accountID, by: caller, needs: .accountUsersDelete)
            if !problems.isEmpty { throw DirectoryError.invalid(problems) }
            return
        }
        try await verify(MembershipStatements.delete(accountID: accountID, userID: userID, caller: caller))
    }

    private func requireAccount(_ id: Int64, by caller: Caller, needs scope: Scope) async throws {
        guard let row = try await directory.row(AccountStatements.show(id, caller: caller, needs: [scope])) else { return }
        try Verdict(row).require(.write)
        guard try row.decode(Int64?.self, "id") != nil else { throw DirectoryError.notFound }
    }

    @discardableResult
    func verify(_ statement: PostgresQuery) async throws -> PostgresRow {
        guard let row = try await directory.row(statement) else { throw DirectoryError.invalidAccessToken }
        try Verdict(row).require(.write)
        guard try row.decode(Bool.self, "account_exists") else { throw DirectoryError.notFound }
        let userRights = try row.decode(Int16?.self, "user_rights").map(Rights.init(rawValue:))
        guard userRights?.contains(.write) ?? false else { throw DirectoryError.nonPermissible }
        guard try row.decode(Bool.self, "user_exists") else { throw DirectoryError.notFound }
        return row
    }

    static func decode(_ row: PostgresRow) throws -> Membership? {
        guard let id = try row.decode(Int64?.self, "id") else { return nil }
        return Membership(
            id: id,
            accountID: try row.decode(Int64.self, "account_id"),
            userID: try row.decode(Int64.self, "user_id"),
            role: try row.decode(String.self, "role"),
            inviterID: try row.decode(Int64?.self, "inviter_id"),
            createdAt: try row.timestamp("created_at"),
            updatedAt: try row.timestamp("updated_at"),
            activeAt: try row.optionalTimestamp("active_at"),
            availability: try row.decode(String.self, "availability"),
            autoOffline: try row.decode(Bool.self, "auto_offline"),
            customRoleID: try row.decode(Int64?.self, "custom_role_id"),
            agentCapacityPolicyID: try row.decode(Int64?.self, "agent_capacity_policy_id"))
    }
}
