// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Postgres
import Secrets

/// An access token of a Platform App, as its operator sees it: without the token.
package struct PlatformAppToken: Sendable {
    package let id: Int64
    /// nil: whatever the app may do.
    package let scopes: [String]?
    package let createdAt: Timestamp
    package let expiresAt: Timestamp?
    package let revokedAt: Timestamp?
    /// The token that took its place.
    package let replacedBy: Int64?
    /// As precise as the interval at which replicas write it down.
    package let lastUsedAt: Timestamp?
    package let lastUsedAddress: String?
}

/// A token just minted: the only moment at which it is shown without being asked for.
package struct IssuedToken: Sendable {
    package let id: Int64
    package let accessToken: String
}

extension PlatformAppStore {
    /// Every token that the app ever had, the newest first.
    package func tokens(of appID: Int64, by caller: Caller) async throws -> [PlatformAppToken] {
        try await directory.rows(
            """
            with \(operator: caller, needs: [.accessTokensRead])
            select t.id, t.scopes, t.created_at, t.expires_at, t.revoked_at, t.replaced_by, t.last_used_at, t.last_used_address
            from caller, access_tokens t where owner_kind = 'platform_app' and owner_id = \(appID) order by t.id desc
            """
        ).map { row in
            PlatformAppToken(
                id: try row.decode(Int64.self, "id"), scopes: try row.decode([String]?.self, "scopes"),
                createdAt: try row.timestamp("created_at"), expiresAt: try row.optionalTimestamp("expires_at"),
                revokedAt: try row.optionalTimestamp("revoked_at"), replacedBy: try row.decode(Int64?.self, "replaced_by"),
                lastUsedAt: try row.optionalTimestamp("last_used_at"),
                lastUsedAddress: try row.decode(String?.self, "last_used_address"))
        }
    }

    /// Issues one more token to an app.
    ///
    /// - Parameters:
    ///   - scopes: nil for whatever the app may do; an empty list is refused.
    ///   - expiresIn: seconds from now; nil: does not expire.
    /// - Throws: ``DirectoryError/notFound`` when there is no such app.
    package func issue(
        to appID: Int64, scopes: [Scope]? = nil, expiresIn: Int64? = nil, by caller: Caller
    ) async throws -> IssuedToken {
        if let scopes, scopes.isEmpty { throw DirectoryError.invalid([FieldProblem("scopes", "Scopes can't be blank")]) }
        if let expiresIn, !(1...TokenRequest.longestExpiry).contains(expiresIn) {
            throw DirectoryError.invalid([FieldProblem("expires_in", "Expires in is out of range")])
        }
        let row = try await directory.row(
            """
            with \(operator: caller, needs: [.accessTokensWrite]),
            minted as (
                insert into access_tokens (owner_kind, owner_id, key_id, scopes, expires_at)
                select 'platform_app', a.id, \(directory.keyring.currentID), \(scopes?.map(\.description)),
                       now() + make_interval(secs => \(expiresIn.map(Double.init)))
                from caller join platform_apps a on a.id = \(appID)
                returning id, owner_id, nonce, key_id, scopes, expires_at
            ),
            audited as (
                insert into audit_events (actor, actor_id, platform_app_id, action, subject_kind, subject_id, after, request_id)
                select caller.actor, nullif(caller.actor_id, 0), owner_id, 'access_token.issue', 'access_token', id,
                       jsonb_build_object('scopes', scopes, 'expires_at', expires_at), \(caller.requestID)::text from minted, caller
            )
            select caller.actor is not null as authenticated, minted.id, minted.nonce, minted.key_id
            from (select 1) one left join caller on true left join minted on true
            """)
        return try issued(row, or: .notFound)
    }

    /// Mints a token in the place of one that lives on for the overlap, so that software is moved over without an outage.
    ///
    /// - Parameters:
    ///   - tokenID: which; nil where the app has exactly one token that was not replaced yet.
    ///   - overlap: seconds for which the former token stays valid; 0 ends it at once. It never lives longer than before.
    /// - Throws: ``DirectoryError/notFound`` when the app has no such token that lives; ``DirectoryError/invalid(_:)`` when it
    ///   has several and none is named.
    package func rotate(
        _ appID: Int64, token tokenID: Int64? = nil, overlap: Int64, by caller: Caller
    ) async throws -> IssuedToken {
        guard (0...TokenRequest.longestExpiry).contains(overlap) else {
            throw DirectoryError.invalid([FieldProblem("overlap", "Overlap is out of range")])
        }
        let row = try await directory.row(
            """
            with \(operator: caller, needs: [.accessTokensWrite]),
            live as (
                select t.id, t.owner_id, t.scopes from caller, access_tokens t
                where t.owner_kind = 'platform_app' and t.owner_id = \(appID) and t.revoked_at is null
                  and (t.expires_at is null or t.expires_at > now()) and t.replaced_by is null
                  and (\(tokenID)::bigint is null or t.id = \(tokenID))
                for update of t
            ),
            former as (
                select * from live where (select count(*) from live) = 1
            ),
            minted as (
                insert into access_tokens (owner_kind, owner_id, key_id, scopes)
                select 'platform_app', owner_id, \(directory.keyring.currentID), scopes from former
                returning id, owner_id, nonce, key_id
            ),
            replaced as (
                update access_tokens t set replaced_by = minted.id,
                    expires_at = least(t.expires_at, now() + make_interval(secs => \(Double(overlap))))
                from former, minted where t.id = former.id
                returning t.id, t.expires_at
            ),
            audited as (
                insert into audit_events (actor, actor_id, platform_app_id, action, subject_kind, subject_id, after, request_id)
                select caller.actor, nullif(caller.actor_id, 0), minted.owner_id, 'access_token.rotate', 'access_token', minted.id,
                       jsonb_build_object('replaces', replaced.id, 'until', replaced.expires_at), \(caller.requestID)::text
                from minted, replaced, caller
            )
            select caller.actor is not null as authenticated, (select count(*) from live) as candidates,
                   minted.id, minted.nonce, minted.key_id
            from (select 1) one left join caller on true left join minted on true
            """)
        if let row, try row.decode(Int64.self, "candidates") > 1 {
            throw DirectoryError.invalid([FieldProblem("token", "Token must be named: the app has several")])
        }
        return try issued(row, or: .notFound)
    }

    /// Revokes a token of an app: the next call with it is refused, on every replica.
    ///
    /// - Throws: ``DirectoryError/notFound`` when the app has no such token that was not revoked before.
    package func revoke(_ appID: Int64, token tokenID: Int64, by caller: Caller) async throws {
        let row = try await directory.row(
            """
            with \(operator: caller, needs: [.accessTokensDelete]),
            revoked as (
                update access_tokens t set revoked_at = now() from caller
                where t.id = \(tokenID) and owner_kind = 'platform_app' and owner_id = \(appID) and revoked_at is null
                returning t.id, t.owner_id
            ),
            audited as (
                insert into audit_events (actor, actor_id, platform_app_id, action, subject_kind, subject_id, request_id)
                select caller.actor, nullif(caller.actor_id, 0), owner_id, 'access_token.revoke', 'access_token', revoked.id,
                       \(caller.requestID)::text from revoked, caller
            )
            select caller.actor is not null as authenticated, revoked.id
            from (select 1) one left join caller on true left join revoked on true
            """)
        guard let row, try row.decode(Bool.self, "authenticated") else { throw DirectoryError.invalidAccessToken }
        guard try row.decode(Int64?.self, "id") != nil else { throw DirectoryError.notFound }
    }

    private func issued(_ row: PostgresRow?, or error: DirectoryError) throws -> IssuedToken {
        guard let row, try row.decode(Bool.self, "authenticated") else { throw DirectoryError.invalidAccessToken }
        guard let id = try row.decode(Int64?.self, "id") else { throw error }
        let claims = AccessTokenClaims(
            owner: .platformApp, id: id, nonce: try row.decode(UUID.self, "nonce"), keyID: try row.decode(Int32.self, "key_id"))
        return IssuedToken(id: id, accessToken: try directory.keyring.mint(claims))
    }
}
