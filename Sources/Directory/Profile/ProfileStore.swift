// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Postgres
import Secrets

/// What a person may change of themselves without anybody else.
package struct ProfileChange: Sendable {
    package var name: String
    /// nil: the name is shown.
    package var displayName: String?

    package init(name: String, displayName: String?) {
        self.name = name
        self.displayName = displayName
    }
}

/// A person's password as it is, for who is to prove that they know it.
package struct OwnPassword: Sendable {
    package let email: String
    /// nil: they have none, and come by login links.
    package let hash: String?
}

/// What people do with their own user: name, password and access token. Sessions are ``SessionStore``.
///
/// Every call throws ``DirectoryError``; ``DirectoryError/invalidAccessToken`` when the credential is not good (any more).
package struct ProfileStore: Sendable {
    let directory: Directory

    /// Changes name and display name; what is so already is no write.
    package func update(_ change: ProfileChange, _ credential: PersonCredential, requestID: String?) async throws {
        let problems =
            UserRules.nameProblems(change.name)
            + StorableText.problems("display_name", "Display name", change.displayName, maximum: 255)
        guard problems.isEmpty else { throw DirectoryError.invalid(problems) }
        _ = try await required(ProfileStatements.update(change, credential, requestID: requestID))
    }

    /// What the person's password is compared with.
    package func password(_ credential: PersonCredential) async throws -> OwnPassword {
        let row = try await required(ProfileStatements.passwordHash(credential).batchable())
        return OwnPassword(email: try row.decode(String.self, "email"), hash: try row.decode(String?.self, "password_hash"))
    }

    /// Sets another password, which ends every other session of the person.
    ///
    /// - Parameter old: what was proved to be known; another password meanwhile is ``DirectoryError/stale``.
    package func setPassword(
        _ password: String, instead old: OwnPassword, _ credential: PersonCredential, requestID: String?
    ) async throws {
        let problems = UserRules.passwordProblems(password)
        guard problems.isEmpty else { throw DirectoryError.invalid(problems) }
        let hash = try await directory.hash(password)
        let row = try await required(
            ProfileStatements.setPassword(hash, instead: old.hash, credential, requestID: requestID))
        guard try row.decode(Bool.self, "changed") else { throw DirectoryError.stale }
    }

    /// The person's access token; nil when none lives.
    package func revealToken(_ credential: PersonCredential, requestID: String?) async throws -> String? {
        try token(try await required(ProfileStatements.revealToken(credential, requestID: requestID)))
    }

    /// Ends every access token of the person and gives a new one.
    package func rotateToken(_ credential: PersonCredential, requestID: String?) async throws -> String {
        let statement = ProfileStatements.rotateToken(
            keyID: directory.keyring.currentID, credential, requestID: requestID)
        guard let token = try token(try await required(statement)) else { throw DirectoryError.invalidAccessToken }
        return token
    }

    private func required(_ statement: PostgresQuery) async throws -> PostgresRow {
        guard let row = try await directory.row(statement) else { throw DirectoryError.invalidAccessToken }
        return row
    }

    private func token(_ row: PostgresRow) throws -> String? {
        try AccessTokenClaims(of: .user, row, id: "token_id").map { try directory.keyring.mint($0) }
    }
}
