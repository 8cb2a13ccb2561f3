// SPDX-License-Identifier: Apache-2.0

import Postgres

/// Suspending and restoring: a suspended user's tokens and sessions stop at once, a suspended membership closes one account.
///
/// Every call throws ``DirectoryError``. An app lifts its own suspension only; what others have suspended stays so.
package struct SuspensionStore: Sendable {
    let directory: Directory

    /// Suspends a user; needs the right to write. Again is no change, but for another reason.
    package func suspend(user id: Int64, _ reason: SuspensionReason, by caller: Caller) async throws -> User {
        let problems = reason.allProblems
        guard problems.isEmpty else {
            try await require(user: id, by: caller)
            throw DirectoryError.invalid(problems)
        }
        return try await directory.users.one(
            SuspensionStatements.suspend(user: id, reason: reason.text, caller: caller), needed: .write)
    }

    /// Lifts the caller's own suspension of a user; needs the right to write.
    package func restore(user id: Int64, by caller: Caller) async throws -> User {
        try await directory.users.one(SuspensionStatements.restore(user: id, caller: caller), needed: .write)
    }

    /// Throws what a call on the user would throw.
    package func require(user id: Int64, by caller: Caller) async throws {
        _ = try await directory.users.one(UserStatements.show(id, caller: caller, needs: [.usersWrite]), needed: .write)
    }

    /// Suspends a membership; needs the right to write account and user. No membership: ``DirectoryError/notFound``.
    package func suspend(
        accountID: Int64, userID: Int64?, _ reason: SuspensionReason, by caller: Caller
    ) async throws -> Membership {
        try await membership(accountID, userID, reason.allProblems, caller) {
            SuspensionStatements.suspend(accountID: accountID, userID: $0, reason: reason.text, caller: caller)
        }
    }

    /// Lifts the caller's own suspension of a membership; needs the right to write account and user.
    package func restore(
        accountID: Int64, userID: Int64?, problems: [FieldProblem] = [], by caller: Caller
    ) async throws -> Membership {
        try await membership(accountID, userID, problems, caller) {
            SuspensionStatements.restore(accountID: accountID, userID: $0, caller: caller)
        }
    }

    private func membership(
        _ accountID: Int64, _ userID: Int64?, _ problems: [FieldProblem], _ caller: Caller,
        _ statement: (Int64) -> PostgresQuery
    ) async throws -> Membership {
        let store = directory.memberships
        guard let userID, problems.isEmpty else {
            var draft = MembershipDraft()
            draft.userID = userID
            draft.problems = problems
            return try await store.upsert(accountID: accountID, draft, by: caller)
        }
        guard let membership = try MembershipStore.decode(try await store.verify(statement(userID))) else {
            throw DirectoryError.notFound
        }
        return membership
    }

    /// The suspensions that stand on users, by user; of users that the caller may read.
    ///
    /// - Parameter scope: what the call needs that shows them.
    package func ofUsers(
        _ ids: [Int64], by caller: Caller, needs scope: Scope = .usersRead
    ) async throws -> [Int64: [Suspension]] {
        ids.isEmpty ? [:] : try await grouped(SuspensionStatements.ofUsers(ids, caller: caller, needs: scope))
    }

    /// The suspensions that stand on memberships of an account, by membership; needs the right to read the account.
    ///
    /// - Parameter scope: what the call needs that shows them.
    package func ofMemberships(
        _ ids: [Int64], accountID: Int64, by caller: Caller, needs scope: Scope = .accountUsersRead
    ) async throws -> [Int64: [Suspension]] {
        if ids.isEmpty { return [:] }
        return try await grouped(
            SuspensionStatements.ofMemberships(ids, accountID: accountID, caller: caller, needs: scope))
    }

    private func grouped(_ statement: PostgresQuery) async throws -> [Int64: [Suspension]] {
        var suspensions: [Int64: [Suspension]] = [:]
        for row in try await directory.rows(statement) {
            suspensions[try row.decode(Int64.self, "id"), default: []].append(
                Suspension(
                    byKind: try row.decode(String.self, "by_kind"), byID: try row.decode(Int64.self, "by_id"),
                    reason: try row.decode(String.self, "reason"), since: try row.timestamp("since")))
        }
        return suspensions
    }
}
