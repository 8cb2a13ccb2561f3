// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Postgres
import Secrets

/// Platform Apps, as operators handle them: no token of an app reaches these calls.
///
/// What shows a secret or cannot be undone asks of a session of the console that it was confirmed lately.
package struct PlatformAppStore: Sendable {
    /// Up to how many objects of a kind a list counts.
    package static let reachBound: Int64 = 1_000

    let directory: Directory

    /// Creates an app with one access token; the name must be free.
    package func create(name: String, by caller: Caller) async throws -> IssuedPlatformApp {
        try await create(PlatformAppDraft(name: name), by: caller)
    }

    /// Creates an app with one access token; the name must be free.
    package func create(_ draft: PlatformAppDraft, by caller: Caller) async throws -> IssuedPlatformApp {
        let problems = PlatformAppRules.problems(draft)
        guard problems.isEmpty else { throw DirectoryError.invalid(problems) }
        let statement = PlatformAppStatements.create(draft, keyID: directory.keyring.currentID, by: caller.confirmed)
        guard let row = try await directory.row(statement),
            let claims = try AccessTokenClaims(of: .platformApp, row, id: "token_id")
        else { throw DirectoryError.invalidAccessToken }
        if draft.callsPerMinute != nil { await directory.callLimits.refresh(from: directory) }
        return IssuedPlatformApp(
            id: try row.decode(Int64.self, "id"), name: try row.decode(String.self, "name"), tokenID: claims.id,
            accessToken: try directory.keyring.mint(claims))
    }

    /// Apps, the newest first; what each reaches is counted up to ``reachBound``.
    ///
    /// - Parameter text: part of the name, in any case; nil for all.
    package func list(_ page: PageRequest, text: String? = nil, by caller: Caller) async throws -> Page<PlatformApp> {
        let statement = PlatformAppStatements.list(page, text: text, bound: Self.reachBound, by: caller)
        let apps = try await directory.rows(statement).compactMap { row in
            guard try row.decode(Bool.self, "authenticated") else { throw DirectoryError.invalidAccessToken }
            return try Self.app(row, bound: Self.reachBound)
        }
        return Page(fetched: apps.map { ($0.id, $0) }, page)
    }

    /// Shows an app.
    ///
    /// - Throws: ``DirectoryError/notFound`` when there is none of this id, or none any more.
    package func show(_ id: Int64, by caller: Caller) async throws -> PlatformApp {
        try await show(id, bound: Self.reachBound, by: caller)
    }

    /// What an app's deletion, or a transfer of all that it reaches, concerns; to be told before it is done.
    package func stakes(_ id: Int64, by caller: Caller) async throws -> PlatformAppStakes {
        let bound = PlatformAppStakes.bound
        let app = try await show(id, bound: bound, by: caller)
        let rows = try await directory.rows(PlatformAppStatements.stakes(id, by: caller))
        let sources = try rows.compactMap { row in
            try row.decode(String?.self, "source").map {
                PlatformAppStakes.Source(name: $0, policies: try row.decode([String].self, "policies"))
            }
        }
        guard let first = rows.first, try first.decode(Bool.self, "authenticated") else {
            throw DirectoryError.invalidAccessToken
        }
        guard try first.decode(Int64?.self, "id") != nil else { throw DirectoryError.notFound }
        return PlatformAppStakes(
            reach: app.reach, liveTokens: app.liveTokens, webhooks: try first.decode(Int64.self, "webhooks"), sources: sources)
    }

    /// Changes an app's name or settings. Policies name their app: who renames one has policies to change.
    package func update(_ id: Int64, _ update: PlatformAppUpdate, by caller: Caller) async throws {
        let problems = PlatformAppRules.problems(update)
        guard problems.isEmpty else { throw DirectoryError.invalid(problems) }
        try await found(PlatformAppStatements.update(id, update, by: caller))
        if update.callsPerMinute != nil { await directory.callLimits.refresh(from: directory) }
    }

    /// Refuses the app's tokens from the next call on; what it reaches and its tokens stay.
    package func disable(_ id: Int64, by caller: Caller) async throws {
        try await found(PlatformAppStatements.disable(id, by: caller))
    }

    /// Lets a disabled app in again.
    package func enable(_ id: Int64, by caller: Caller) async throws {
        try await found(PlatformAppStatements.enable(id, by: caller))
        await directory.callLimits.refresh(from: directory)
    }

    private func show(_ id: Int64, bound: Int64, by caller: Caller) async throws -> PlatformApp {
        guard let row = try await directory.row(PlatformAppStatements.show(id, bound: bound, by: caller)),
            try row.decode(Bool.self, "authenticated")
        else { throw DirectoryError.invalidAccessToken }
        guard let app = try Self.app(row, bound: bound) else { throw DirectoryError.notFound }
        return app
    }

    private func found(_ statement: PostgresQuery) async throws {
        guard let row = try await directory.row(statement), try row.decode(Bool.self, "authenticated") else {
            throw DirectoryError.invalidAccessToken
        }
        guard try row.decode(Int64?.self, "id") != nil else { throw DirectoryError.notFound }
    }

    private static func app(_ row: PostgresRow, bound: Int64) throws -> PlatformApp? {
        guard let id = try row.decode(Int64?.self, "id") else { return nil }
        func count(_ kind: ObjectKind) throws -> BoundedCount {
            let counts = try row.decode([Int64].self, kind.table)
            return BoundedCount(counted: counts.first ?? 0, of: counts.last, bound: bound)
        }
        return PlatformApp(
            id: id, name: try row.decode(String.self, "name"), disabledAt: try row.optionalTimestamp("disabled_at"),
            createdAt: try row.timestamp("created_at"), updatedAt: try row.timestamp("updated_at"),
            settings: PlatformAppSettings(
                revealsUserTokens: try row.decode(Bool.self, "reveals_user_tokens"),
                loginLinkSeconds: try row.decode(Int32.self, "login_link_seconds"),
                callsPerMinute: try row.decode(Int32?.self, "calls_per_minute")),
            reach: .init(accounts: try count(.account), users: try count(.user), agentBots: try count(.agentBot)),
            liveTokens: try row.decode(Int64.self, "live_tokens"), lastUsedAt: try row.optionalTimestamp("last_used_at"))
    }
}
