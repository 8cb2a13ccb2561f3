// SPDX-License-Identifier: Apache-2.0

import Postgres

/// Custom roles behind ownership: an app's rights on the account are its rights on the account's roles.
///
/// Every call throws ``DirectoryError``. Checks run in this order: token, account, role, body.
package struct CustomRoleStore: Sendable {
    let directory: Directory

    /// The roles of an account, by id; needs the right to read the account.
    ///
    /// - Parameter page: nil for all of them.
    package func list(accountID: Int64, _ page: PageRequest? = nil, by caller: Caller) async throws -> Page<CustomRole> {
        let rows = try await directory.rows(CustomRoleStatements.list(accountID: accountID, page, caller: caller))
        let roles = try rows.compactMap { try Self.role($0, needed: .read) }
        return Page(fetched: roles.map { ($0.id, $0) }, page)
    }

    /// Shows a role; needs the right to read the account.
    package func show(_ id: Int64, accountID: Int64, by caller: Caller) async throws -> CustomRole {
        try await one(
            CustomRoleStatements.show(id, accountID: accountID, caller: caller, needs: .customRolesRead), needed: .read)
    }

    /// Creates a role; needs the right to write the account. The name must be free in it.
    package func create(accountID: Int64, _ draft: CustomRoleDraft, by caller: Caller) async throws -> CustomRole {
        let problems = CustomRoleRules.problems(draft, creating: true)
        guard problems.isEmpty else {
            // Role 0 is none: the answer is about the account.
            let row = try await directory.row(
                CustomRoleStatements.show(0, accountID: accountID, caller: caller, needs: .customRolesWrite))
            _ = try row.map { try Self.role($0, needed: .write) }
            throw DirectoryError.invalid(problems)
        }
        return try await one(CustomRoleStatements.create(accountID: accountID, tidied(draft), caller: caller), needed: .write)
    }

    /// Changes the fields given; needs the right to write the account.
    package func update(
        _ id: Int64, accountID: Int64, _ draft: CustomRoleDraft, by caller: Caller
    ) async throws -> CustomRole {
        let problems = CustomRoleRules.problems(draft, creating: false)
        if !problems.isEmpty || draft.isEmpty {
            let role = try await one(
                CustomRoleStatements.show(id, accountID: accountID, caller: caller, needs: .customRolesWrite), needed: .write)
            guard problems.isEmpty else { throw DirectoryError.invalid(problems) }
            return role
        }
        return try await one(
            CustomRoleStatements.update(id, accountID: accountID, tidied(draft), caller: caller), needed: .write)
    }

    /// Deletes a role; needs the right to write the account. Its members stay members.
    package func delete(_ id: Int64, accountID: Int64, by caller: Caller) async throws {
        _ = try await one(CustomRoleStatements.delete(id, accountID: accountID, caller: caller), needed: .write)
    }

    private func tidied(_ draft: CustomRoleDraft) -> CustomRoleDraft {
        var draft = draft
        draft.permissions = draft.permissions.map(CustomRoleRules.tidied)
        return draft
    }

    private func one(_ statement: PostgresQuery, needed: Rights) async throws -> CustomRole {
        guard let row = try await directory.row(statement) else { throw DirectoryError.invalidAccessToken }
        guard let role = try Self.role(row, needed: needed) else { throw DirectoryError.notFound }
        return role
    }

    private static func role(_ row: PostgresRow, needed: Rights) throws -> CustomRole? {
        try Verdict(row).require(needed)
        guard try row.decode(Bool.self, "account_exists") else { throw DirectoryError.notFound }
        guard let id = try row.decode(Int64?.self, "id") else { return nil }
        return CustomRole(
            id: id, accountID: try row.decode(Int64.self, "account_id"), name: try row.decode(String.self, "name"),
            description: try row.decode(String?.self, "description"),
            permissions: try row.decode([String].self, "permissions"), createdAt: try row.timestamp("created_at"),
            updatedAt: try row.timestamp("updated_at"))
    }
}
