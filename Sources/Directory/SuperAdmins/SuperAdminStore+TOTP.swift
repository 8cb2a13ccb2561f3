// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Postgres
package import Secrets

/// Authenticators (RFC 6238) and recovery codes. What is one's own is for sessions of the console only, confirmed lately.
extension SuperAdminStore {
    /// Makes a new secret for the caller's authenticator; it is asked for only when ``confirmTOTP(code:by:)`` proved it.
    ///
    /// - Throws: ``DirectoryError/invalid(_:)`` while an authenticator is in use.
    package func beginTOTP(by caller: Caller) async throws -> TOTPEnrolment {
        _ = try caller.requireSession()
        let statement = SuperAdminTOTPStatements.begin(keyID: directory.keyring.currentID, caller: caller)
        guard let row = try await directory.row(statement) else { throw DirectoryError.invalidAccessToken }
        guard let claims = try Self.claims(row) else {
            throw DirectoryError.invalid([FieldProblem("totp", "An authenticator is in use already")])
        }
        return try enrolment(row, claims)
    }

    /// The secret that ``beginTOTP(by:)`` made last, once more; ``DirectoryError/notFound`` when none waits to be proved.
    package func begunTOTP(by caller: Caller) async throws -> TOTPEnrolment {
        let (row, claims) = try await begun(caller)
        return try enrolment(row, claims)
    }

    /// Takes the authenticator into use that shows this code, and ends the super admin's other sessions.
    ///
    /// - Returns: the recovery codes, at the only moment when they are known.
    /// - Throws: ``DirectoryError/invalid(_:)`` when the code is wrong; ``DirectoryError/notFound`` when nothing waits to be proved.
    package func confirmTOTP(code: String, by caller: Caller) async throws -> [RecoveryCode] {
        let session = try caller.requireSession()
        let (row, claims) = try await begun(caller)
        let now = try row.decode(Int64.self, "now")
        let typed = String(code.filter { !$0.isWhitespace })
        guard let step = TOTP.step(of: typed, try directory.keyring.totpSecret(claims), at: now) else {
            throw DirectoryError.invalid([FieldProblem("code", "Code is not the one that the authenticator shows now")])
        }
        let codes = RecoveryCode.set()
        _ = try await id(
            SuperAdminTOTPStatements.confirm(step: step, of: claims, codes: codes.map(\.digest), session, caller: caller))
        return codes
    }

    /// Puts the caller's authenticator and its recovery codes out of use; none in use: ``DirectoryError/notFound``.
    package func disableTOTP(by caller: Caller) async throws {
        _ = try caller.requireSession()
        _ = try await id(SuperAdminTOTPStatements.disable(caller: caller))
    }

    /// Puts ten new recovery codes in the place of the caller's former ones.
    ///
    /// - Throws: ``DirectoryError/stale`` without an authenticator, and when somebody else did it at the same moment.
    package func renewRecoveryCodes(by caller: Caller) async throws -> [RecoveryCode] {
        _ = try caller.requireSession()
        let codes = RecoveryCode.set()
        _ = try await id(SuperAdminTOTPStatements.renewCodes(codes.map(\.digest), caller: caller), or: .stale)
        return codes
    }

    /// Takes the authenticator of a super admin away who lost it; every session of theirs ends, the password stays.
    package func resetTOTP(of id: Int64, by caller: Caller) async throws {
        _ = try await self.id(SuperAdminTOTPStatements.reset(id, caller: caller))
    }

    private func begun(_ caller: Caller) async throws -> (PostgresRow, TOTPClaims) {
        _ = try caller.requireSession()
        guard let row = try await directory.row(SuperAdminTOTPStatements.begun(caller: caller)) else {
            throw DirectoryError.invalidAccessToken
        }
        guard let claims = try Self.claims(row) else { throw DirectoryError.notFound }
        return (row, claims)
    }

    private func enrolment(_ row: PostgresRow, _ claims: TOTPClaims) throws -> TOTPEnrolment {
        TOTPEnrolment(email: try row.decode(String.self, "email"), secret: try directory.keyring.totpSecret(claims))
    }

    private static func claims(_ row: PostgresRow) throws -> TOTPClaims? {
        guard let id = try row.decode(Int64?.self, "id") else { return nil }
        return TOTPClaims(
            superAdminID: id, nonce: try row.decode(UUID.self, "totp_nonce"), keyID: try row.decode(Int32.self, "totp_key_id"))
    }
}
