// SPDX-License-Identifier: Apache-2.0

import Postgres
import Secrets

/// Sessions: how they begin, whom they authenticate, and who ends them.
package struct SessionStore: Sendable {
    let directory: Directory

    /// An address as it is stored: trimmed, in lower case.
    package static func normalisedEmail(_ email: String) -> String { UserRules.normalisedEmail(email) }

    // MARK: - Beginning

    /// Redeems a login link, once; nil when the token is unknown, used, revoked, expired or another user's, when its app may
    /// not act as the user any more, and when the user is suspended or gone.
    package func redeem(linkToken: String, email: String, _ session: NewSession) async throws -> OpenedSession? {
        guard linkToken.utf8.count == LoginLink.tokenLength else { return nil }
        let email = UserRules.normalisedEmail(email)
        return try await opened(SessionStatements.redeem(digest: LoginLink.digest(linkToken), email: email, session))
    }

    /// What the password of this address is compared with; nil for a user who may not sign in or is not there.
    package func password(ofEmail email: String) async throws -> StoredPassword? {
        let statement = SessionStatements.passwordHash(email: UserRules.normalisedEmail(email)).batchable()
        guard let row = try await directory.row(statement), let hash = try row.decode(String?.self, "password_hash") else {
            return nil
        }
        return StoredPassword(userID: try row.decode(Int64.self, "id"), hash: hash)
    }

    /// Begins a session for who knew this password, and takes back what ``SignInFailureStore/count(_:)`` counted; nil when it
    /// is no longer the user's password.
    package func open(
        _ password: StoredPassword, counted limits: [FailureLimit], _ session: NewSession
    ) async throws -> OpenedSession? {
        try await opened(
            SessionStatements.open(
                userID: password.userID, passwordHash: password.hash, counted: limits.map(\.key), session))
    }

    /// Stores another hash of the password that was just proven, unless it was changed meanwhile.
    package func rehash(_ password: StoredPassword, to hash: String) async throws {
        _ = try await directory.row(SessionStatements.rehash(userID: password.userID, from: password.hash, to: hash))
    }

    private func opened(_ statement: PostgresQuery) async throws -> OpenedSession? {
        guard let row = try await directory.row(statement),
            let user = try SignedInRow.decode(row, keyring: directory.keyring)
        else { return nil }
        return OpenedSession(user: user, expiresAt: try row.timestamp("session_expires"))
    }

    // MARK: - One's own

    /// The credential that a presented access token is, when its signature is right and it is a user's. Costs no query.
    package func credential(token: String) -> PersonCredential? {
        guard let claims = directory.keyring.verify(token), claims.owner == .user else { return nil }
        return .token(claims)
    }

    /// Who the credential's holder is; ``DirectoryError/invalidAccessToken`` when it is not good (any more).
    package func person(_ credential: PersonCredential) async throws -> SignedInUser {
        guard let row = try await directory.row(SessionStatements.person(credential).batchable()),
            let user = try SignedInRow.decode(row, keyring: directory.keyring)
        else { throw DirectoryError.invalidAccessToken }
        return user
    }

    /// The person's own sessions, newest first.
    package func list(_ credential: PersonCredential) async throws -> [Session] {
        let rows = try await directory.rows(SessionStatements.list(credential).batchable())
        guard rows.first != nil else { throw DirectoryError.invalidAccessToken }
        return try rows.compactMap { try $0.decode(Int64?.self, "session_id") == nil ? nil : try $0.session() }
    }

    /// Ends a session of the person: the one named, or the one that asks. None such: ``DirectoryError/notFound``.
    package func end(_ id: Int64?, _ credential: PersonCredential, requestID: String?) async throws {
        guard let row = try await directory.row(SessionStatements.end(id, credential, requestID: requestID)) else {
            throw DirectoryError.invalidAccessToken
        }
        guard try row.decode(Int64?.self, "id") != nil else { throw DirectoryError.notFound }
    }

    // MARK: - As Platform Apps see them

    /// A user's sessions, newest first; needs the right to read.
    package func list(user id: Int64, by caller: Caller) async throws -> [Session] {
        let rows = try await directory.rows(UserSessionStatements.list(id, caller: caller))
        guard let first = rows.first else { throw DirectoryError.invalidAccessToken }
        try Verdict(first).require(.read)
        guard try first.decode(Int64?.self, "id") != nil else { throw DirectoryError.notFound }
        return try rows.compactMap { try $0.decode(Int64?.self, "session_id") == nil ? nil : try $0.session() }
    }

    /// Ends a user's sessions, or the one named; needs the right to write. None of that id: ``DirectoryError/notFound``.
    package func end(user id: Int64, session: Int64?, by caller: Caller) async throws {
        guard let row = try await directory.row(UserSessionStatements.end(id, session: session, caller: caller)) else {
            throw DirectoryError.invalidAccessToken
        }
        try Verdict(row).require(.write)
        let ended = try row.decode(Int64.self, "sessions")
        guard try row.decode(Int64?.self, "id") != nil, session == nil || ended > 0 else { throw DirectoryError.notFound }
    }
}

/// A user with a password to compare with.
package struct StoredPassword: Sendable {
    package let userID: Int64
    package let hash: String
}

/// A session that has begun.
package struct OpenedSession: Sendable {
    package let user: SignedInUser
    package let expiresAt: Timestamp
}
