// SPDX-License-Identifier: Apache-2.0

import Postgres
import Secrets

/// Super admins: they operate the installation through the console, and are kept apart from users.
///
/// Every call is an operator's. It throws ``DirectoryError/invalidAccessToken`` for any other caller, and for a session that must
/// have been confirmed lately and was not.
package struct SuperAdminStore: Sendable {
    let directory: Directory

    /// Creates a super admin with a password; the address must be free among super admins.
    ///
    /// - Returns: the new super admin's id.
    package func create(email: String, name: String, password: String, by caller: Caller) async throws -> Int64 {
        let email = UserRules.normalisedEmail(email)
        let name = StorableText.tidied(name)
        let problems = UserRules.emailProblems(email) + UserRules.nameProblems(name) + Self.passwordProblems(password)
        guard problems.isEmpty else { throw DirectoryError.invalid(problems) }
        let hash = try await directory.hash(password)
        return try await id(SuperAdminStatements.create(email: email, name: name, passwordHash: hash, caller: caller.confirmed))
    }

    /// Every super admin, by id.
    package func list(by caller: Caller) async throws -> [SuperAdmin] {
        try await listed(nil, caller)
    }

    /// One super admin; ``DirectoryError/notFound`` when there is none of that id.
    package func show(_ id: Int64, by caller: Caller) async throws -> SuperAdmin {
        guard let found = try await listed(id, caller).first else { throw DirectoryError.notFound }
        return found
    }

    /// Gives a super admin another name.
    package func rename(_ id: Int64, name: String, by caller: Caller) async throws {
        let name = StorableText.tidied(name)
        let problems = UserRules.nameProblems(name)
        guard problems.isEmpty else { throw DirectoryError.invalid(problems) }
        _ = try await self.id(SuperAdminStatements.rename(id, name: name, caller: caller))
    }

    /// Keeps a super admin out: sessions end, tokens are dead while it lasts. Disabled already is fine.
    ///
    /// - Throws: ``DirectoryError/invalid(_:)`` for the last one who is enabled.
    package func disable(_ id: Int64, by caller: Caller) async throws {
        guard let row = try await directory.row(SuperAdminStatements.disable(id, caller: caller.confirmed)) else {
            throw DirectoryError.invalidAccessToken
        }
        guard try row.decode(Bool.self, "is_known") else { throw DirectoryError.notFound }
        if try row.decode(Int64?.self, "id") != nil { return }
        guard try row.decode(Bool.self, "was_enabled") else { return }
        guard try row.decode(Int64.self, "enabled") > 1 else {
            throw DirectoryError.invalid([FieldProblem("base", "The last super admin who is enabled cannot be disabled")])
        }
        // Whoever asked was disabled a moment ago.
        throw DirectoryError.invalidAccessToken
    }

    /// Lets a super admin in again; enabled already is fine.
    package func enable(_ id: Int64, by caller: Caller) async throws {
        guard let row = try await directory.row(SuperAdminStatements.enable(id, caller: caller.confirmed)) else {
            throw DirectoryError.invalidAccessToken
        }
        guard try row.decode(Bool.self, "is_known") else { throw DirectoryError.notFound }
    }

    /// Gives a super admin another password, for one who forgot it; every session of theirs ends.
    package func resetPassword(of id: Int64, to password: String, by caller: Caller) async throws {
        let problems = Self.passwordProblems(password)
        guard problems.isEmpty else { throw DirectoryError.invalid(problems) }
        let hash = try await directory.hash(password)
        _ = try await self.id(SuperAdminStatements.setPassword(id, hash: hash, caller: caller.confirmed))
    }

    /// Changes the password of the session's own super admin; their other sessions end.
    ///
    /// - Parameter old: the hash of the former password, which was given and is right.
    /// - Throws: ``DirectoryError/stale`` when it is no longer the password.
    package func changePassword(from old: String, to password: String, by caller: Caller) async throws {
        let session = try caller.requireSession()
        let problems = Self.passwordProblems(password)
        guard problems.isEmpty else { throw DirectoryError.invalid(problems) }
        let new = try await directory.hash(password)
        _ = try await id(SuperAdminStatements.changePassword(from: old, to: new, session, caller: caller), or: .stale)
    }

    /// Whether there is any super admin yet.
    package func isEmpty() async throws -> Bool {
        try await directory.rows("select from super_admins limit 1").isEmpty
    }

    /// What is wrong with a password that somebody chooses.
    package static func passwordProblems(_ password: String) -> [FieldProblem] {
        PasswordPolicy().violations(of: password).map { FieldProblem("password", $0) }
    }

    private func listed(_ id: Int64?, _ caller: Caller) async throws -> [SuperAdmin] {
        let rows = try await directory.rows(SuperAdminStatements.list(id, caller: caller))
        guard rows.first != nil else { throw DirectoryError.invalidAccessToken }
        return try rows.compactMap { row in
            guard let id = try row.decode(Int64?.self, "id") else { return nil }
            return SuperAdmin(
                id: id, email: try row.decode(String.self, "email"), name: try row.decode(String.self, "name"),
                isDisabled: try row.decode(Bool.self, "is_disabled"), hasTOTP: try row.decode(Bool.self, "has_totp"),
                recoveryCodesLeft: try row.decode(Int64.self, "codes"), sessions: try row.decode(Int64.self, "live"),
                createdAt: try row.timestamp("created_at"), seenAt: try row.optionalTimestamp("seen_at"))
        }
    }

    /// The id that a statement answers with: no row is no operator, NULL is nobody there.
    func id(_ statement: PostgresQuery, or error: DirectoryError = .notFound) async throws -> Int64 {
        guard let row = try await directory.row(statement) else { throw DirectoryError.invalidAccessToken }
        guard let id = try row.decode(Int64?.self, "id") else { throw error }
        return id
    }
}
