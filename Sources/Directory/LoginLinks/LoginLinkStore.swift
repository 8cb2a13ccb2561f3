// SPDX-License-Identifier: Apache-2.0

import Postgres
import Secrets

/// A login link at the only moment when its token is known: the database keeps a digest.
package struct LoginLink: Sendable {
    /// The user's address, which the link carries and redeeming asks for.
    package let email: String
    /// 64 lower-case hexadecimal characters.
    package let token: String

    /// How many characters a token has.
    package static let tokenLength = 64

    /// What the database keeps of a token.
    static func digest(_ token: String) -> [UInt8] { Digest.sha256(token) }
}

/// One-time links that sign a user in (contract section 7), as Platform Apps make them.
///
/// Every call throws ``DirectoryError`` and needs the right to impersonate.
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
        return LoginLink(email: email, token: token)
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
