// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The first look of an operator. Every call throws ``DirectoryError``.
package struct OverviewStore: Sendable {
    let directory: Directory

    /// How much there is and what waits for a person; no scan of anything that grows with the number of users.
    package func show(by caller: Caller) async throws -> Overview {
        guard let row = try await directory.row(OverviewStatements.figures(caller: caller)),
            try row.decode(Bool.self, "authenticated")
        else { throw DirectoryError.invalidAccessToken }
        async let waiting = directory.row(OverviewStatements.waitingRuns(caller: caller))
        async let webhooks = directory.rows(OverviewStatements.failingWebhooks(caller: caller))
        async let tokens = directory.rows(OverviewStatements.tokens(caller: caller))
        async let jobs = directory.rows(OverviewStatements.stalledJobs(caller: caller))
        let inSyncs = try await waiting
        func count(_ column: String) throws -> Int { Int(try inSyncs?.decode(Int64.self, column) ?? 0) }
        return Overview(
            databaseVersion: try row.decode(String.self, "database_version"), schema: try row.decode(String.self, "schema"),
            users: try size(row, "users"), accounts: try size(row, "accounts"), agentBots: try size(row, "agent_bots"),
            platformApps: Overview.Size(count: try row.decode(Int64.self, "platform_apps"), isEstimate: false),
            waitingRuns: try count("count"), openDisputes: try count("disputes"),
            quarantinedEntries: try count("quarantined"), policiesInTrouble: try count("troubled"),
            superAdminsWithoutTOTP: try row.decode([String]?.self, "unproven") ?? [],
            failingWebhooks: try await webhooks.map(Overview.FailingWebhook.init),
            tokens: try await tokens.map(Overview.Token.init), stalledJobs: try await jobs.map(Overview.StalledJob.init))
    }

    private func size(_ row: PostgresRow, _ column: String) throws -> Overview.Size {
        let count = try row.decode(Int64.self, column)
        return Overview.Size(count: count, isEstimate: count > OverviewStatements.fewCounted)
    }
}

extension Overview.FailingWebhook {
    init(_ row: PostgresRow) throws {
        self.init(
            id: try row.decode(Int64.self, "id"), url: try row.decode(String.self, "url"),
            platformAppID: try row.decode(Int64.self, "platform_app_id"),
            platformAppName: try row.decode(String.self, "platform_app"),
            retrying: Int(try row.decode(Int64.self, "retrying")), givenUp: Int(try row.decode(Int64.self, "given_up")))
    }
}

extension Overview.Token {
    init(_ row: PostgresRow) throws {
        self.init(
            id: try row.decode(Int64.self, "id"), ownerKind: try row.decode(String.self, "owner_kind"),
            ownerID: try row.decode(Int64.self, "owner_id"), ownerName: try row.decode(String.self, "owner"),
            expiresAt: try row.optionalTimestamp("expires_at"), lastUsedAt: try row.optionalTimestamp("last_used_at"),
            createdAt: try row.timestamp("created_at"), isExpiring: try row.decode(Bool.self, "is_expiring"))
    }
}

extension Overview.StalledJob {
    init(_ row: PostgresRow) throws {
        self.init(
            kind: try row.decode(String.self, "kind"), attempts: Int(try row.decode(Int32.self, "attempts")),
            runAt: try row.timestamp("run_at"), error: try row.decode(String?.self, "last_error"))
    }
}
