// SPDX-License-Identifier: Apache-2.0

import Postgres
import Secrets

/// Users behind ownership: what a Platform App may do with the people that are its own or were granted to it.
///
/// Every call throws ``DirectoryError``; problems with a body are told only to who may reach the object.
package struct UserStore: Sendable {
    let directory: Directory

    /// Creates a user, or gives back the one with that address when the caller is already permitted to it.
    ///
    /// For an address that somebody else holds the answer is `has already been taken` and nothing more (contract section 9).
    package func create(_ draft: UserDraft, by caller: Caller) async throws -> User {
        let email = UserRules.normalisedEmail(draft.email ?? "")
        var draft = draft
        draft.email = email
        let problems = UserRules.problems(draft)
        // Looked up first where the answer may be an existing user: before refusing the body, and before hashing a password.
        if !problems.isEmpty || draft.password != nil {
            // What is no address is nobody's, and may be text that the database does not take.
            let sought = UserRules.isEmail(email) ? email : ""
            if let user = try await findPermitted(email: sought, by: caller) { return user }
            guard problems.isEmpty else { throw DirectoryError.invalid(problems) }
        }
        let hash = try await hash(draft.password)
        do {
            return try await insert(draft, email: email, passwordHash: hash, by: caller)
        } catch let error as DirectoryError where error == .invalid([UserStore.taken]) {
            // The address was taken between our snapshot and our insert, perhaps by ourselves: ask again, now it is visible.
            if let user = try await findPermitted(email: email, by: caller) { return user }
            throw error
        }
    }

    /// Shows a user; needs the right to read.
    package func show(_ id: Int64, by caller: Caller) async throws -> User {
        try await one(UserStatements.show(id, caller: caller).batchable(), needed: .read)
    }

    /// Changes the fields given; e-mail and password need the right to impersonate.
    package func update(_ id: Int64, _ update: UserUpdate, by caller: Caller) async throws -> User {
        var update = update
        update.email = update.email.map(UserRules.normalisedEmail)
        let needed: Rights = update.email == nil && update.password == nil ? .write : [.write, .impersonate]
        let problems = UserRules.problems(update)
        if !problems.isEmpty || update.isEmpty || update.password != nil {
            let user = try await one(
                UserStatements.show(id, caller: caller, needs: UserStatements.scopes(needed)), needed: needed)
            guard update.matching.allows(user.rowVersion) else { throw DirectoryError.stale }
            guard problems.isEmpty else { throw DirectoryError.invalid(problems) }
            if update.isEmpty { return user }
        }
        let hash = try await hash(update.password)
        return try await one(
            UserStatements.update(id, update, email: update.email, passwordHash: hash, needed: needed, caller: caller),
            needed: needed, matching: update.matching)
    }

    /// Gives fields back to the directory that somebody took over by editing them: the next run sets them again.
    ///
    /// - Parameter fields: such as `name` and `custom_attributes.title`; nil is all of them.
    package func handBack(_ id: Int64, fields: [String]? = nil, by caller: Caller) async throws -> User {
        try await one(UserStatements.handBack(id, fields: fields, caller: caller), needed: .write)
    }

    /// Deletes a user for everybody; needs the right to delete. Deleted already: ``DirectoryError/notFound``.
    ///
    /// - Parameter matching: the versions that may be deleted; any other is ``DirectoryError/stale``.
    package func delete(_ id: Int64, matching: VersionMatch = .any, by caller: Caller) async throws {
        guard let row = try await directory.row(UserStatements.delete(id, matching: matching, caller: caller)) else { return }
        try Verdict(row).require(.delete)
        guard try row.decode(Int64?.self, "id") != nil else { throw try Verdict.missing(row, matching) }
    }

    static let taken = FieldProblem("email", "Email has already been taken")

    private func insert(_ draft: UserDraft, email: String, passwordHash: String?, by caller: Caller) async throws -> User {
        let statement = UserStatements.create(
            draft, email: email, passwordHash: passwordHash, keyID: directory.keyring.currentID, caller: caller)
        guard let row = try await directory.row(statement) else { throw DirectoryError.invalidAccessToken }
        let verdict = try Verdict(row)
        guard verdict.authenticated else { throw DirectoryError.invalidAccessToken }
        guard let user = try decode(row, verdict) else { throw DirectoryError.invalid([UserStore.taken]) }
        return user
    }

    private func findPermitted(email: String, by caller: Caller) async throws -> User? {
        guard let row = try await directory.row(UserStatements.findPermitted(email: email, caller: caller)) else { return nil }
        let verdict = try Verdict(row)
        guard verdict.authenticated else { throw DirectoryError.invalidAccessToken }
        return try decode(row, verdict)
    }

    func one(_ statement: PostgresQuery, needed: Rights, matching: VersionMatch = .any) async throws -> User {
        guard let row = try await directory.row(statement) else { throw DirectoryError.invalidAccessToken }
        return try user(row, needed: needed, matching: matching)
    }

    func user(_ row: PostgresRow, needed: Rights, matching: VersionMatch = .any) throws -> User {
        let verdict = try Verdict(row)
        try verdict.require(needed)
        guard let user = try decode(row, verdict) else { throw try Verdict.missing(row, matching) }
        return user
    }

    func decode(_ row: PostgresRow, _ verdict: Verdict) throws -> User? {
        let reveals = try row.decode(Bool?.self, "reveals") ?? false
        let secrets = reveals && verdict.rights?.contains(.impersonate) ?? false
        return try UserRow.decode(row, keyring: directory.keyring, secrets: secrets)
    }

    private func hash(_ password: String?) async throws -> String? {
        guard let password else { return nil }
        return try await directory.hash(password)
    }
}
