// SPDX-License-Identifier: Apache-2.0

import Postgres

extension UserStore {
    /// The users that the query means, the newest first; for operators.
    package func list(_ query: UserListQuery, by caller: Caller) async throws -> Page<UserListItem> {
        let problems = query.problems
        guard problems.isEmpty else {
            try await directory.authenticateOperator(caller)
            throw DirectoryError.invalid(problems)
        }
        let walk = try await walk(query, by: caller)
        return try await directory.page(
            walk, of: .user, query.page, by: caller, UserListStatements.list(query, walk, caller: caller)
        ) { row in
            UserListItem(
                id: try row.decode(Int64.self, "id"), name: try row.decode(String.self, "name"),
                displayName: try row.decode(String?.self, "display_name"), email: try row.decode(String.self, "email"),
                isSuspended: try row.decode(Bool.self, "suspended"), memberships: try row.decode(Int64.self, "memberships"),
                firstOwner: try row.decode(String?.self, "first_app"), owners: try row.decode(Int64.self, "apps"),
                createdAt: try row.timestamp("created_at"))
        }
    }

    /// The shortest way to the users: what is looked up by its index first, then the narrowest of what can be walked along.
    private func walk(_ query: UserListQuery, by caller: Caller) async throws -> ListWalk {
        if let found = try await found(query, by: caller) {
            return query.accountID.map { .foundMembers(found, of: $0) } ?? .found(found)
        }
        if let account = query.accountID { return .members(of: account) }
        if query.status == .suspended { return .suspended }
        return query.platformAppID.map { .ofApp($0) } ?? .all
    }

    /// The ids of the users that address, external id and text mean; nil without any of these, and when a text means many.
    private func found(_ query: UserListQuery, by caller: Caller) async throws -> [Int64]? {
        var found: Set<Int64>?
        if query.email != nil || query.externalID != nil {
            let statement = UserListStatements.exact(email: query.email, externalID: query.externalID, caller: caller)
            guard let row = try await directory.row(statement.unprepared()) else { throw DirectoryError.invalidAccessToken }
            if query.email != nil { found = Set(try row.decode([Int64].self, "by_email")) }
            if query.externalID != nil {
                let ids = Set(try row.decode([Int64].self, "by_external_id"))
                found = found?.intersection(ids) ?? ids
            }
        }
        guard let text = query.text else { return found.map(Array.init) }
        guard let hits = try await directory.search(.user, text, by: caller) else { return found.map(Array.init) }
        return Array(found?.intersection(hits) ?? Set(hits))
    }
}
