// SPDX-License-Identifier: Apache-2.0

import Postgres

extension AccountStore {
    /// The accounts that the query means, the newest first; for operators.
    package func list(_ query: AccountListQuery, by caller: Caller) async throws -> Page<AccountListItem> {
        let problems = query.problems
        guard problems.isEmpty else {
            try await directory.authenticateOperator(caller)
            throw DirectoryError.invalid(problems)
        }
        let walk: ListWalk =
            query.status == .suspended ? .suspended : query.platformAppID.map { .ofApp($0) } ?? .all
        guard let text = query.text else {
            return try await directory.page(
                walk, of: .account, query.page, by: caller, AccountListStatements.list(query, walk, caller: caller), Self.item)
        }
        return try await directory.page(
            of: .account, finding: text, along: walk, narrowed: { .found($0) }, query.page, by: caller,
            { AccountListStatements.list(query, $0, caller: caller) }, Self.item)
    }

    private static func item(_ row: PostgresRow) throws -> AccountListItem {
        AccountListItem(
            id: try row.decode(Int64.self, "id"), name: try row.decode(String.self, "name"),
            domain: try row.decode(String?.self, "domain"), locale: try row.decode(String.self, "locale"),
            isSuspended: try row.decode(Bool.self, "suspended"), members: try row.decode(Int64.self, "members"),
            firstOwner: try row.decode(String?.self, "first_app"), owners: try row.decode(Int64.self, "apps"),
            createdAt: try row.timestamp("created_at"))
    }
}
