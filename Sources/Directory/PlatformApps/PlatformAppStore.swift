// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Postgres
import Secrets

/// Platform Apps, as the operator of the installation handles them: no token reaches these calls.
package struct PlatformAppStore: Sendable {
    let directory: Directory

    /// Creates an app with one access token; the name must be free.
    package func create(name: String, by caller: Caller) async throws -> IssuedPlatformApp {
        let name = name.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let problems = UserRules.nameProblems(name)
        guard problems.isEmpty else { throw DirectoryError.invalid(problems) }
        let statement: PostgresQuery = """
            with \(operator: caller, needs: [.platformAppsWrite, .accessTokensImpersonate]),
            app as (
                insert into platform_apps (name) select \(name) from caller returning id, name
            ),
            minted as (
                insert into access_tokens (owner_kind, owner_id, key_id)
                select 'platform_app', app.id, \(directory.keyring.currentID) from app
                returning id, nonce, key_id
            ),
            audited as (
                insert into audit_events (actor, actor_id, platform_app_id, action, subject_kind, subject_id, after, request_id)
                select caller.actor, nullif(caller.actor_id, 0), app.id, 'platform_app.create', 'platform_app', app.id,
                       jsonb_build_object('name', app.name), \(caller.requestID)::text from app, caller
            )
            select app.id, app.name, minted.id as token_id, minted.nonce, minted.key_id from app, minted
            """
        guard let row = try await directory.row(statement) else { throw DirectoryError.invalidAccessToken }
        let claims = AccessTokenClaims(
            owner: .platformApp, id: try row.decode(Int64.self, "token_id"), nonce: try row.decode(UUID.self, "nonce"),
            keyID: try row.decode(Int32.self, "key_id"))
        return IssuedPlatformApp(
            id: try row.decode(Int64.self, "id"), name: try row.decode(String.self, "name"),
            accessToken: try directory.keyring.mint(claims))
    }

    /// Every app, by id.
    package func list(by caller: Caller) async throws -> [PlatformApp] {
        try await directory.rows(
            """
            with \(operator: caller, needs: [.platformAppsRead])
            select a.id, a.name, a.disabled_at is not null as disabled, a.created_at,
                   (select count(*) from account_permissibles p join accounts o on o.id = p.object_id and o.deleted_at is null
                    where p.platform_app_id = a.id) as accounts,
                   (select count(*) from user_permissibles p join users o on o.id = p.object_id and o.deleted_at is null
                    where p.platform_app_id = a.id) as users,
                   (select count(*) from agent_bot_permissibles p join agent_bots o on o.id = p.object_id and o.deleted_at is null
                    where p.platform_app_id = a.id) as agent_bots
            from caller, platform_apps a order by a.id
            """
        ).map { row in
            PlatformApp(
                id: try row.decode(Int64.self, "id"), name: try row.decode(String.self, "name"),
                disabled: try row.decode(Bool.self, "disabled"), createdAt: try row.timestamp("created_at"),
                reach: .init(
                    accounts: try row.decode(Int64.self, "accounts"), users: try row.decode(Int64.self, "users"),
                    agentBots: try row.decode(Int64.self, "agent_bots")))
        }
    }
}
