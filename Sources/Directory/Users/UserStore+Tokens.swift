// SPDX-License-Identifier: Apache-2.0

import Postgres
import Secrets

/// What POST token asks for.
package struct TokenRequest: Sendable {
    /// A hundred years: more is a slip.
    package static let longestExpiry: Int64 = 3_155_760_000

    /// Revokes every token that the user has, and mints a new one.
    package var rotate = false
    /// Seconds from now until the token expires, whether it is new or was there; nil leaves that as it is.
    package var expiresIn: Int64?
    /// What the surface already found wrong.
    package var problems: [FieldProblem] = []

    package init() {}

    var allProblems: [FieldProblem] {
        guard let expiresIn, !(1...Self.longestExpiry).contains(expiresIn) else { return problems }
        let message = expiresIn < 1 ? "must be greater than 0" : "is too long (maximum is \(Self.longestExpiry) seconds)"
        return problems + [FieldProblem("expires_in", "Expires in \(message)")]
    }
}

extension UserStore {
    /// The user with its access token; needs the right to impersonate.
    package func token(_ id: Int64, _ request: TokenRequest = TokenRequest(), by caller: Caller) async throws -> User {
        let problems = request.allProblems
        guard problems.isEmpty else {
            _ = try await one(
                UserStatements.show(id, caller: caller, needs: [.usersImpersonate]), needed: .impersonate)
            throw DirectoryError.invalid(problems)
        }
        let statement = UserTokenStatements.token(id, request, keyID: directory.keyring.currentID, caller: caller)
        guard request.rotate else { return try await one(statement, needed: .impersonate) }
        return try await directory.transaction { connection in
            _ = try await connection.query(UserTokenStatements.lock(id, caller: caller))
            guard let row = try await connection.query(statement).first else { throw DirectoryError.invalidAccessToken }
            return try user(row, needed: .impersonate)
        }
    }
}
