// SPDX-License-Identifier: Apache-2.0

import Postgres

extension UserStore {
    /// The users that the caller may read and that the query means, by id, or in the order of joining with an account given.
    package func find(_ query: UserQuery, by caller: Caller) async throws -> Page<User> {
        let problems = query.allProblems
        var asked = query
        // Nobody is looked for, and the answer is about token and account.
        if !problems.isEmpty {
            asked = UserQuery(page: PageRequest(limit: 1, after: .max))
            asked.accountID = query.accountID
        }
        // Planned with its values: what a search finds differs by orders of magnitude.
        let rows = try await directory.rows(UserFindStatements.find(asked, caller: caller).unprepared())
        let found = try rows.compactMap { row -> (position: Int64, item: User)? in
            guard try row.decode(Bool.self, "authenticated") else { throw DirectoryError.invalidAccessToken }
            let rights = try row.decode(Int16?.self, "account_rights").map(Rights.init(rawValue:))
            guard rights?.contains(.read) ?? false else { throw DirectoryError.nonPermissible }
            guard try row.decode(Bool.self, "account_exists") else { throw DirectoryError.notFound }
            guard let user = try decode(row, Verdict(row)) else { return nil }
            return (try row.decode(Int64.self, "position"), user)
        }
        guard problems.isEmpty else { throw DirectoryError.invalid(problems) }
        return Page(fetched: found, query.page)
    }
}
