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
        if let found = try await exact(query, by: caller) {
            return try await list(query, query.accountID.map { .foundMembers(found, of: $0) } ?? .found(found), by: caller)
        }
        guard let text = query.text else { return try await list(query, walk(query), by: caller) }
        return try await directory.page(
            of: .user, finding: text, along: walk(query),
            narrowed: { ids in query.accountID.map { .foundMembers(ids, of: $0) } ?? .found(ids) }, query.page, by: caller,
            { UserListStatements.list(query, $0, caller: caller) }, Self.item)
    }

    private func list(_ query: UserListQuery, _ walk: ListWalk, by caller: Caller) async throws -> Page<UserListItem> {
        try await directory.page(
            walk, of: .user, query.page, by: caller, UserListStatements.list(query, walk, caller: caller), Self.item)
    }

    /// The narrowest of what can be walked along.
    private func walk(_ query: UserListQuery) -> ListWalk {
        if let account = query.accountID { return .members(of: account) }
        if query.status == .suspended { return .suspended }
        return query.platformAppID.map { .ofApp($0) } ?? .all
    }

    /// The ids of the users that address, external id and text mean; nil without address and external id.
    private func exact(_ query: UserListQuery, by caller: Caller) async throws -> [Int64]? {
        guard query.email != nil || query.externalID != nil else { return nil }
        let statement = UserListStatements.exact(email: query.email, externalID: query.externalID, caller: caller)
        guard let row = try await directory.row(statement.unprepared()) else { throw DirectoryError.invalidAccessToken }
        let byEmail = Set(try row.decode([Int64].self, "by_email"))
        let byExternalID = Set(try row.decode([Int64].self, "by_external_id"))
        let found = query.email == nil ? byExternalID : query.externalID == nil ? byEmail : byEmail.intersection(byExternalID)
        guard let text = query.text, let hits = try await directory.search(.user, text, by: caller) else { return Array(found) }
        return Array(found.intersection(hits))
    }

    private static func item(_ row: PostgresRow) throws -> UserListItem {
        UserListItem(
            id: try row.decode(Int64.self, "id"), name: try row.decode(String.self, "name"),
            displayName: try row.decode(String?.self, "display_name"), email: try row.decode(String.self, "email"),
            isSuspended: try row.decode(Bool.self, "suspended"), memberships: try row.decode(Int64.self, "memberships"),
            firstOwner: try row.decode(String?.self, "first_app"), owners: try row.decode(Int64.self, "apps"),
            createdAt: try row.timestamp("created_at"))
    }
}
