// SPDX-License-Identifier: Apache-2.0

import Postgres
import Secrets

/// A login link at the only moment when its token is known: the database keeps a digest.
package struct LoginLink: Sendable {
    /// The user's address, which the link carries and redeeming asks for.
    package let email: String
    /// 64 lower-case hexadecimal characters.
    package let token: String
    package let expiresAt: Timestamp

    /// How many characters a token has.
    package static let tokenLength = 64

    /// What the database keeps of a token.
    static func digest(_ token: String) -> [UInt8] { Digest.sha256(token) }
}

/// What a login link is worth.
package enum LoginLinkState: Sendable, Equatable {
    /// It signs this user in.
    case ready(userID: Int64, name: String)
    case used
    case revoked
    case expired
    /// Its user is suspended.
    case suspended
    /// There is no such link for this address.
    case unknown
}

/// One-time links that sign a user in (contract section 7), as Platform Apps make them.
///
/// Every call throws ``DirectoryError``; a Platform App's needs the right to impersonate.
package struct LoginLinkStore: Sendable {
    let directory: Directory

    /// Makes a link; any number may stand at once. A suspended user: ``DirectoryError/invalid(_:)``.
    package func mint(user id: Int64, by caller: Caller) async throws -> LoginLink {
        let token = SecureRandom.hex(LoginLink.tokenLength / 2)
        let statement = LoginLinkStatements.mint(id, digest: LoginLink.digest(token), caller: caller)
        guard let row = try await directory.row(statement) else { throw DirectoryError.invalidAccessToken }
        try Verdict(row).require(.impersonate)
        guard let email = try row.decode(String?.self, "email") else { throw DirectoryError.notFound }
        guard try row.decode(Bool.self, "suspended") == false else {
            throw DirectoryError.invalid([FieldProblem("user", "User is suspended")])
        }
        return LoginLink(email: email, token: token, expiresAt: try row.timestamp("expires_at"))
    }

    /// What a link is worth, without redeeming it; needs no right but the link itself.
    package func state(token: String, email: String) async throws -> LoginLinkState {
        let email = UserRules.normalisedEmail(email)
        guard token.utf8.count == LoginLink.tokenLength, !email.utf8.contains(0) else { return .unknown }
        let statement = LoginLinkStatements.state(digest: LoginLink.digest(token), email: email)
        guard let row = try await directory.row(statement.batchable()) else { return .unknown }
        if try row.decode(Bool.self, "used") { return .used }
        if try row.decode(Bool.self, "suspended") { return .suspended }
        if try row.decode(Bool.self, "revoked") { return .revoked }
        if try row.decode(Bool.self, "expired") { return .expired }
        return .ready(userID: try row.decode(Int64.self, "id"), name: try row.decode(String.self, "name"))
    }

    /// Revokes the caller's own links of a user; none to revoke is fine.
    package func revoke(user id: Int64, by caller: Caller) async throws {
        guard let row = try await directory.row(LoginLinkStatements.revoke(id, caller: caller)) else {
            throw DirectoryError.invalidAccessToken
        }
        try Verdict(row).require(.impersonate)
        guard try row.decode(Int64?.self, "id") != nil else { throw DirectoryError.notFound }
    }
}
