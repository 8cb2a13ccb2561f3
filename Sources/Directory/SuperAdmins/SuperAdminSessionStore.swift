// SPDX-License-Identifier: Apache-2.0

import Postgres
package import Secrets

/// Sessions of the console: 30 minutes without use end one, and 12 hours whatever happens.
package struct SuperAdminSessionStore: Sendable {
    let directory: Directory

    // MARK: - Signing in

    /// What the password of this address is compared with; nil for a super admin who may not sign in or is not there.
    package func password(ofEmail email: String) async throws -> StoredPassword? {
        let statement = SuperAdminSessionStatements.passwordHash(email: UserRules.normalisedEmail(email))
        guard let row = try await directory.row(statement.batchable()) else { return nil }
        return StoredPassword(
            userID: try row.decode(Int64.self, "id"), hash: try row.decode(String.self, "password_hash"))
    }

    /// Begins a session for who knew this password.
    ///
    /// - Returns: whether it is signed in; false where it waits ten minutes for a code; nil when it is no longer the password.
    package func begin(
        _ password: StoredPassword, counted limits: [FailureLimit], _ session: NewSuperAdminSession
    ) async throws -> Bool? {
        let statement = SuperAdminSessionStatements.begin(
            password.userID, passwordHash: password.hash, counted: limits.map(\.key), session)
        return try await directory.row(statement)?.decode(Bool.self, "signed_in")
    }

    /// What completes a session that waits for its code; nil when there is no such session (any more).
    package func pending(_ proof: SuperAdminProof) async throws -> SuperAdminChallenge? {
        try await directory.row(SuperAdminSessionStatements.pending(proof).batchable()).map(SuperAdminChallenge.init)
    }

    /// What confirms a session that is signed in; nil when it is over.
    package func signedIn(_ proof: SuperAdminProof) async throws -> SuperAdminChallenge? {
        try await directory.row(SuperAdminSessionStatements.signedIn(proof).batchable()).map(SuperAdminChallenge.init)
    }

    /// The step of the authenticator that shows this code around now, or nil.
    package func step(of code: String, _ claims: TOTPClaims, now: Int64) throws -> Int64? {
        TOTP.step(of: code, try directory.keyring.totpSecret(claims), at: now)
    }

    /// Signs a session in that waits for its code, under a new token; the evidence is spent with it.
    ///
    /// - Returns: false when the evidence was spent before, or the session is over.
    package func complete(
        _ proof: SuperAdminProof, as new: SuperAdminProof, _ evidence: SuperAdminEvidence, counted limits: [FailureLimit],
        requestID: String?
    ) async throws -> Bool {
        try await directory.row(
            SuperAdminSessionStatements.complete(
                proof, as: new, evidence, counted: limits.map(\.key), requestID: requestID)) != nil
    }

    /// Notes that the holder of a session proved to be there; see ``SuperAdminSession/isConfirmed``. The evidence is spent.
    ///
    /// - Returns: false when the evidence was spent before, or the session is over.
    package func confirm(
        _ proof: SuperAdminProof, _ evidence: SuperAdminEvidence, counted limits: [FailureLimit], requestID: String?
    ) async throws -> Bool {
        try await directory.row(
            SuperAdminSessionStatements.confirm(proof, evidence, counted: limits.map(\.key), requestID: requestID)) != nil
    }

    /// Writes down that a session gave wrong evidence.
    ///
    /// - Parameter tries: what the tries of the session count against; when they are used up, a session that waits for its code ends.
    /// - Returns: whether the session is over.
    package func refuse(_ proof: SuperAdminProof, tries: FailureLimit, requestID: String?) async throws -> Bool {
        let statement = SuperAdminSessionStatements.refuse(proof, tries: tries, requestID: requestID)
        return try await directory.row(statement)?.decode(Bool.self, "is_over") ?? true
    }

    // MARK: - While it lasts

    /// The session that is shown; nil when it is not signed in, or over: ended, expired, idle, of another password, or of a super
    /// admin who is disabled.
    package func session(_ proof: SuperAdminProof) async throws -> SuperAdminSession? {
        guard let row = try await directory.row(SuperAdminSessionStatements.session(proof)) else { return nil }
        return SuperAdminSession(
            id: try row.decode(Int64.self, "id"), superAdminID: try row.decode(Int64.self, "super_admin_id"),
            email: try row.decode(String.self, "email"), name: try row.decode(String.self, "name"),
            isConfirmed: try row.decode(Bool.self, "is_confirmed"), hasTOTP: try row.decode(Bool.self, "has_totp"),
            expiresAt: try row.timestamp("expires_at"))
    }

    /// Ends the session that is shown; one that is over already is fine.
    package func signOut(_ proof: SuperAdminProof, requestID: String?) async throws {
        _ = try await directory.rows(SuperAdminSessionStatements.signOut(proof, requestID: requestID))
    }

    // MARK: - By operators

    /// The live sessions of one super admin, or of all, the newest first.
    package func list(of id: Int64?, by caller: Caller) async throws -> [ListedSuperAdminSession] {
        let rows = try await directory.rows(SuperAdminSessionStatements.list(of: id, caller: caller))
        guard rows.first != nil else { throw DirectoryError.invalidAccessToken }
        return try rows.compactMap { row in
            guard let id = try row.decode(Int64?.self, "id") else { return nil }
            return ListedSuperAdminSession(
                id: id, superAdminID: try row.decode(Int64.self, "super_admin_id"), createdAt: try row.timestamp("created_at"),
                seenAt: try row.timestamp("seen_at"), expiresAt: try row.timestamp("expires_at"),
                userAgent: try row.decode(String?.self, "user_agent"), address: try row.decode(String?.self, "address"),
                isCurrent: try row.decode(Bool.self, "is_current"))
        }
    }

    /// Ends a session of a super admin. None of that id: ``DirectoryError/notFound``.
    package func end(_ sessionID: Int64, of id: Int64, by caller: Caller) async throws {
        guard try await ended(sessionID, id, caller) > 0 else { throw DirectoryError.notFound }
    }

    /// Ends every session of a super admin, apart from the one that asks.
    ///
    /// - Returns: how many there were.
    @discardableResult
    package func endOthers(of id: Int64, by caller: Caller) async throws -> Int64 {
        try await ended(nil, id, caller)
    }

    private func ended(_ sessionID: Int64?, _ id: Int64, _ caller: Caller) async throws -> Int64 {
        guard let row = try await directory.row(SuperAdminSessionStatements.end(sessionID, of: id, caller: caller)) else {
            throw DirectoryError.invalidAccessToken
        }
        return try row.decode(Int64.self, "sessions")
    }
}
