// SPDX-License-Identifier: Apache-2.0

import Postgres

/// What a suspension stands on.
package enum SuspensionSubject: Sendable, Equatable {
    case user(Int64)
    case account(Int64)
    case membership(accountID: Int64, userID: Int64)
}

extension SuspensionStore {
    /// The suspensions that stand on a user or an account, the eldest first; for operators.
    package func standing(on kind: ObjectKind, _ id: Int64, by caller: Caller) async throws -> [StandingSuspension] {
        let rows = try await directory.rows(OperatorSuspensionStatements.standing(kind, id, caller: caller))
        guard try rows.first?.decode(Bool.self, "authenticated") == true else { throw DirectoryError.invalidAccessToken }
        return try rows.compactMap(StandingSuspension.decode)
    }

    /// Lifts one suspension, whoever's it is; for operators.
    ///
    /// - Returns: whether it stood.
    /// - Throws: ``DirectoryError/notFound`` when there is no such user, account or membership.
    @discardableResult
    package func lift(_ subject: SuspensionSubject, of author: SuspensionAuthor, by caller: Caller) async throws -> Bool {
        switch subject {
        case .user(let id):
            try await changed(OperatorSuspensionStatements.lift(user: id, author, caller: caller))
        case .account(let id):
            try await changed(OperatorSuspensionStatements.lift(account: id, author, caller: caller))
        case .membership(let account, let user):
            try await changed(
                OperatorSuspensionStatements.lift(accountID: account, userID: user, author, caller: caller))
        }
    }

    /// Lifts every suspension of a user or an account; for operators.
    ///
    /// - Returns: what was lifted.
    @discardableResult
    package func liftAll(on kind: ObjectKind, _ id: Int64, by caller: Caller) async throws -> [StandingSuspension] {
        var lifted: [StandingSuspension] = []
        for standing in try await self.standing(on: kind, id, by: caller) {
            guard let author = SuspensionAuthor(kind: standing.by.kind, id: standing.by.id ?? 0) else { continue }
            let subject: SuspensionSubject = kind == .account ? .account(id) : .user(id)
            if try await lift(subject, of: author, by: caller) { lifted.append(standing) }
        }
        return lifted
    }

    /// Suspends an account in the operator's own name; again is no change, but for another reason.
    package func suspend(account id: Int64, _ reason: SuspensionReason, by caller: Caller) async throws {
        guard reason.allProblems.isEmpty else {
            try await directory.authenticateOperator(caller)
            throw DirectoryError.invalid(reason.allProblems)
        }
        try await changed(OperatorSuspensionStatements.suspend(account: id, reason: reason.text, caller: caller))
    }

    @discardableResult
    private func changed(_ statement: PostgresQuery) async throws -> Bool {
        guard let row = try await directory.row(statement), try row.decode(Bool.self, "authenticated") else {
            throw DirectoryError.invalidAccessToken
        }
        guard try row.decode(Bool.self, "found") else { throw DirectoryError.notFound }
        return try row.decode(Bool.self, "changed")
    }
}
