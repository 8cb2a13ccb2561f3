// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Postgres
import Secrets

/// Access tokens with which a super admin's own programs operate the installation.
extension SuperAdminStore {
    /// Issues a token to a super admin: to the caller itself, or by command to anybody who is enabled.
    ///
    /// - Parameters:
    ///   - scopes: nil for whatever a super admin may do; an empty list is refused.
    ///   - expiresIn: seconds from now; nil: does not expire.
    /// - Throws: ``DirectoryError/notFound`` when that is not the caller, or nobody.
    package func issueToken(
        to id: Int64, scopes: [Scope]?, expiresIn: Int64?, by caller: Caller
    ) async throws -> IssuedToken {
        if let scopes, scopes.isEmpty { throw DirectoryError.invalid([FieldProblem("scopes", "Scopes can't be blank")]) }
        if let expiresIn, !(1...TokenRequest.longestExpiry).contains(expiresIn) {
            throw DirectoryError.invalid([FieldProblem("expires_in", "Expires in is out of range")])
        }
        let statement = SuperAdminTokenStatements.issue(
            to: id, scopes: scopes?.map(\.description), expiresIn: expiresIn, keyID: directory.keyring.currentID, caller: caller)
        guard let row = try await directory.row(statement) else { throw DirectoryError.invalidAccessToken }
        guard let claims = try AccessTokenClaims(of: .superAdmin, row, id: "id") else { throw DirectoryError.notFound }
        return IssuedToken(id: claims.id, accessToken: try directory.keyring.mint(claims))
    }

    /// Every token that a super admin, or any, ever had; the newest first.
    package func tokens(of id: Int64?, by caller: Caller) async throws -> [SuperAdminToken] {
        let rows = try await directory.rows(SuperAdminTokenStatements.list(of: id, caller: caller))
        guard rows.first != nil else { throw DirectoryError.invalidAccessToken }
        return try rows.compactMap { row in
            guard let tokenID = try row.decode(Int64?.self, "id") else { return nil }
            return SuperAdminToken(
                id: tokenID, superAdminID: try row.decode(Int64.self, "owner_id"),
                scopes: try row.decode([String]?.self, "scopes"), createdAt: try row.timestamp("created_at"),
                expiresAt: try row.optionalTimestamp("expires_at"), revokedAt: try row.optionalTimestamp("revoked_at"),
                lastUsedAt: try row.optionalTimestamp("last_used_at"),
                lastUsedAddress: try row.decode(String?.self, "last_used_address"))
        }
    }

    /// Revokes a token of a super admin: the next call with it is refused, on every replica.
    ///
    /// - Throws: ``DirectoryError/notFound`` when there is no such token that was not revoked before.
    package func revokeToken(_ tokenID: Int64, of id: Int64, by caller: Caller) async throws {
        _ = try await self.id(SuperAdminTokenStatements.revoke(tokenID, of: id, caller: caller))
    }
}
