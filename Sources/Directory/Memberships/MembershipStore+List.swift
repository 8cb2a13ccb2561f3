// SPDX-License-Identifier: Apache-2.0

import Postgres

extension MembershipStore {
    /// The memberships of a user, the latest first, suspended ones too; for operators.
    ///
    /// - Parameter account: the one account that is wanted; nil for all.
    /// - Throws: ``DirectoryError/notFound`` when there is no such user.
    package func list(
        userID: Int64, account: Int64? = nil, _ page: PageRequest, by caller: Caller
    ) async throws -> Page<MembershipListItem> {
        try await listed(MembershipListStatements.ofUser(userID, only: account, page, caller: caller), page, caller)
    }

    /// The members of an account, the latest first, suspended ones too; for operators.
    ///
    /// - Throws: ``DirectoryError/notFound`` when there is no such account.
    package func members(of accountID: Int64, _ page: PageRequest, by caller: Caller) async throws -> Page<MembershipListItem> {
        try await listed(MembershipListStatements.ofAccount(accountID, page, caller: caller), page, caller)
    }

    private func listed(
        _ statement: PostgresQuery, _ page: PageRequest, _ caller: Caller
    ) async throws -> Page<MembershipListItem> {
        let rows = try await directory.rows(statement)
        guard let first = rows.first, try first.decode(Bool.self, "authenticated") else {
            throw DirectoryError.invalidAccessToken
        }
        guard try first.decode(Bool.self, "subject_exists") else { throw DirectoryError.notFound }
        let ids = try rows.compactMap { try $0.decode(Int64?.self, "id") }
        var suspensions: [Int64: [StandingSuspension]] = [:]
        if !ids.isEmpty {
            for row in try await directory.rows(MembershipListStatements.suspensions(ids, caller: caller)) {
                guard let standing = try StandingSuspension.decode(row) else { continue }
                suspensions[try row.decode(Int64.self, "id"), default: []].append(standing)
            }
        }
        let items = try rows.compactMap { row -> MembershipListItem? in
            guard let id = try row.decode(Int64?.self, "id") else { return nil }
            return try Self.item(row, id, suspensions[id] ?? [])
        }
        return Page(fetched: items.map { ($0.id, $0) }, page)
    }

    private static func item(
        _ row: PostgresRow, _ id: Int64, _ suspensions: [StandingSuspension]
    ) throws -> MembershipListItem {
        MembershipListItem(
            id: id, accountID: try row.decode(Int64.self, "account_id"),
            accountName: try row.decode(String.self, "account_name"),
            isAccountSuspended: try row.decode(Bool.self, "account_suspended"),
            userID: try row.decode(Int64.self, "user_id"), userName: try row.decode(String.self, "user_name"),
            userEmail: try row.decode(String.self, "user_email"), isUserSuspended: try row.decode(Bool.self, "user_suspended"),
            role: try row.decode(String.self, "role"), customRoleID: try row.decode(Int64?.self, "custom_role_id"),
            customRoleName: try row.decode(String?.self, "custom_role_name"),
            availability: try row.decode(String.self, "availability"), autoOffline: try row.decode(Bool.self, "auto_offline"),
            createdAt: try row.timestamp("created_at"), activeAt: try row.optionalTimestamp("active_at"),
            suspensions: suspensions)
    }
}
