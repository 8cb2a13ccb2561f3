// SPDX-License-Identifier: Apache-2.0

import Postgres

/// Accounts behind ownership: what a Platform App may do with the tenants that are its own or were granted to it.
///
/// Every call throws ``DirectoryError``; problems with a body are told only to who may reach the object.
package struct AccountStore: Sendable {
    let directory: Directory

    /// The accounts that the caller may read, by id.
    ///
    /// - Parameter page: nil for all of them.
    package func list(_ page: PageRequest? = nil, by caller: Caller) async throws -> Page<Account> {
        let rows = try await directory.rows(AccountStatements.list(page, caller: caller))
        let accounts = try rows.compactMap { row in
            try Verdict(row).require(.read)
            return try AccountStore.decode(row)
        }
        return Page(fetched: accounts.map { ($0.id, $0) }, page)
    }

    /// Shows an account; needs the right to read.
    package func show(_ id: Int64, by caller: Caller) async throws -> Account {
        try await one(AccountStatements.show(id, caller: caller).batchable(), needed: .read)
    }

    /// Creates an account that belongs to the caller.
    package func create(_ draft: AccountDraft, by caller: Caller) async throws -> Account {
        let problems = AccountRules.problems(draft, creating: true)
        guard problems.isEmpty else {
            // A revoked token learns nothing about its body.
            try await directory.authenticate(caller)
            throw DirectoryError.invalid(problems)
        }
        let features = AccountVocabulary.features.merging(draft.features ?? [:]) { $1 }.filter(\.value)
        return try await one(
            AccountStatements.create(draft, features: AccountVocabulary.json(features), caller: caller), needed: .read)
    }

    /// Changes the fields given; needs the right to write.
    package func update(_ id: Int64, _ draft: AccountDraft, by caller: Caller) async throws -> Account {
        let problems = AccountRules.problems(draft, creating: false)
        if !problems.isEmpty || draft.isEmpty {
            let account = try await one(AccountStatements.show(id, caller: caller, needs: [.accountsWrite]), needed: .write)
            guard draft.matching.allows(account.rowVersion) else { throw DirectoryError.stale }
            guard problems.isEmpty else { throw DirectoryError.invalid(problems) }
            return account
        }
        return try await one(
            AccountStatements.update(id, draft, features: draft.features.map(AccountVocabulary.json), caller: caller),
            needed: .write, matching: draft.matching)
    }

    /// Deletes an account; needs the right to delete. Deleted already: ``DirectoryError/notFound``.
    ///
    /// - Parameter matching: the versions that may be deleted; any other is ``DirectoryError/stale``.
    package func delete(_ id: Int64, matching: VersionMatch = .any, by caller: Caller) async throws {
        guard let row = try await directory.row(AccountStatements.delete(id, matching: matching, caller: caller)) else { return }
        try Verdict(row).require(.delete)
        guard try row.decode(Int64?.self, "id") != nil else { throw try Verdict.missing(row, matching) }
    }

    private func one(_ statement: PostgresQuery, needed: Rights, matching: VersionMatch = .any) async throws -> Account {
        guard let row = try await directory.row(statement) else { throw DirectoryError.invalidAccessToken }
        try Verdict(row).require(needed)
        guard let account = try AccountStore.decode(row) else { throw try Verdict.missing(row, matching) }
        return account
    }

    private static func decode(_ row: PostgresRow) throws -> Account? {
        guard let id = try row.decode(Int64?.self, "id") else { return nil }
        return Account(
            id: id,
            name: try row.decode(String.self, "name"),
            locale: try row.decode(String.self, "locale"),
            domain: try row.decode(String?.self, "domain"),
            supportEmail: try row.decode(String?.self, "support_email"),
            features: try row.decode([String].self, "features"),
            customAttributes: try row.json("custom_attributes"),
            limits: try row.json("limits"),
            status: try row.decode(Bool.self, "suspended") ? .suspended : .active,
            rowVersion: try row.decode(Int64.self, "row_version"))
    }
}
