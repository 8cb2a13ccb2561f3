// SPDX-License-Identifier: Apache-2.0

import Postgres
import Secrets

/// Agent bots behind ownership: a Platform App reaches its own bots, and puts them into its own accounts only.
///
/// Every call throws ``DirectoryError``. Checks run in this order: token, bot, account, body.
package struct AgentBotStore: Sendable {
    let directory: Directory

    /// The bots that the caller may read, by id.
    ///
    /// - Parameter page: nil for all of them.
    package func list(_ page: PageRequest? = nil, by caller: Caller) async throws -> Page<AgentBot> {
        let bots = try await directory.rows(AgentBotStatements.list(page, caller: caller)).compactMap { row in
            try Verdict(row).require(.read)
            return try AgentBotStore.decode(row)
        }
        return Page(fetched: bots.map { ($0.id, $0) }, page)
    }

    /// Shows a bot; needs the right to read.
    package func show(_ id: Int64, by caller: Caller) async throws -> AgentBot {
        try await one(AgentBotStatements.show(id, caller: caller).batchable(), needed: .read)
    }

    /// Creates a bot that belongs to the caller, with its access token; needs the right to write its account.
    package func create(_ draft: AgentBotDraft, by caller: Caller) async throws -> AgentBot {
        let problems = AgentBotRules.problems(draft)
        guard problems.isEmpty else {
            try await check(nil, draft, by: caller)
            throw DirectoryError.invalid(problems)
        }
        return try await one(
            AgentBotStatements.create(draft, keyID: directory.keyring.currentID, caller: caller), needed: .read,
            account: draft.accountID ?? nil)
    }

    /// Changes the fields given; needs the right to write the bot, and the account that it is put into.
    package func update(_ id: Int64, _ draft: AgentBotDraft, by caller: Caller) async throws -> AgentBot {
        let problems = AgentBotRules.problems(draft)
        guard problems.isEmpty else {
            try await check(id, draft, by: caller)
            throw DirectoryError.invalid(problems)
        }
        guard !draft.isEmpty else { return try await one(AgentBotStatements.show(id, caller: caller), needed: .write) }
        if let bot = try await found(AgentBotStatements.update(id, draft, caller: caller), needed: .write) { return bot }
        // The object in the path is spoken of before that in the body.
        try await check(id, draft, by: caller)
        throw draft.matching == .any ? DirectoryError.notFound : .stale
    }

    /// Deletes a bot; needs the right to delete. Deleted already: ``DirectoryError/notFound``.
    ///
    /// - Parameter matching: the versions that may be deleted; any other is ``DirectoryError/stale``.
    package func delete(_ id: Int64, matching: VersionMatch = .any, by caller: Caller) async throws {
        guard let row = try await directory.row(AgentBotStatements.delete(id, matching: matching, caller: caller)) else { return }
        try Verdict(row).require(.delete)
        guard try row.decode(Int64?.self, "id") != nil else { throw try Verdict.missing(row, matching) }
    }

    private func check(_ id: Int64?, _ draft: AgentBotDraft, by caller: Caller) async throws {
        let account = draft.accountID ?? nil
        guard let row = try await directory.row(AgentBotStatements.check(id, account: account, caller: caller)) else { return }
        try Verdict(row).require(.write)
        if id != nil, try row.decode(Int64?.self, "id") == nil { throw DirectoryError.notFound }
        try AgentBotStore.require(account, row)
    }

    private func found(_ statement: PostgresQuery, needed: Rights) async throws -> AgentBot? {
        guard let row = try await directory.row(statement) else { throw DirectoryError.invalidAccessToken }
        try Verdict(row).require(needed)
        return try AgentBotStore.decode(row)
    }

    private func one(_ statement: PostgresQuery, needed: Rights, account: Int64? = nil) async throws -> AgentBot {
        guard let row = try await directory.row(statement) else { throw DirectoryError.invalidAccessToken }
        try Verdict(row).require(needed)
        if let bot = try AgentBotStore.decode(row) { return bot }
        try AgentBotStore.require(account, row)
        throw DirectoryError.notFound
    }

    /// Throws unless the caller may put bots into the account.
    private static func require(_ account: Int64?, _ row: PostgresRow) throws {
        guard account != nil else { return }
        let rights = try row.decode(Int16?.self, "account_rights").map(Rights.init(rawValue:))
        guard rights?.contains(.write) ?? false else { throw DirectoryError.nonPermissible }
        guard try row.decode(Bool.self, "account_exists") else { throw DirectoryError.notFound }
    }

    private static func decode(_ row: PostgresRow) throws -> AgentBot? {
        guard let id = try row.decode(Int64?.self, "id") else { return nil }
        return AgentBot(
            id: id,
            name: try row.decode(String?.self, "name"),
            description: try row.decode(String?.self, "description"),
            outgoingURL: try row.decode(String?.self, "outgoing_url"),
            accountID: try row.decode(Int64?.self, "account_id"),
            avatarURL: try row.decode(String.self, "avatar_url"),
            rowVersion: try row.decode(Int64.self, "row_version"))
    }
}
