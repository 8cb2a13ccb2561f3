// SPDX-License-Identifier: Apache-2.0

import Postgres
import Secrets

/// The SQL of access tokens as operators handle them: for the caller of an app each comes to nothing.
enum TokenStatements {
    /// Tokens, the newest first; one row with a null id when there is none.
    static func list(_ query: TokenQuery, by caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.accessTokensRead])
        select caller.actor is not null as authenticated, \(unescaped: columns)
        from (select 1) one
        left join caller on true
        left join lateral (
            select * from access_tokens t where caller.actor is not null and \(newestFirst: query.page, "t.id")\(filters: query)
            order by t.id desc limit \(query.page.fetched)
        ) t on true
        \(unescaped: owners)
        order by t.id desc
        """
    }

    static func show(_ id: Int64, by caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.accessTokensRead])
        select caller.actor is not null as authenticated, \(unescaped: columns)
        from (select 1) one
        left join caller on true
        left join access_tokens t on caller.actor is not null and t.id = \(id)
        \(unescaped: owners)
        """
    }

    /// What a live token is recomputed from. A super admin's is shown to its owner only, and not to another token of theirs: who
    /// holds one with few scopes would come by one with all.
    static func reveal(_ id: Int64, by caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.accessTokensImpersonate]),
        target as (
            select t.* from caller, access_tokens t where t.id = \(id) and t.revoked_at is null
              and (t.expires_at is null or t.expires_at > now())
              and (t.owner_kind <> 'super_admin' or \(caller.hasSession) and t.owner_id = caller.actor_id)
        ),
        \(audit: "access_token.reveal", ofToken: "target", by: caller)
        select caller.actor is not null as authenticated, target.id, target.owner_kind::text as owner_kind, target.nonce,
               target.key_id
        from (select 1) one left join caller on true left join target on true
        """
    }

    /// One more token of an app.
    static func issue(
        to appID: Int64, scopes: [Scope]?, expiresIn: Int64?, keyID: Int32, by caller: Caller
    ) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.accessTokensWrite, .accessTokensImpersonate]),
        minted as (
            insert into access_tokens (owner_kind, owner_id, key_id, scopes, expires_at)
            select 'platform_app', a.id, \(keyID), \(scopes?.map(\.description)),
                   now() + make_interval(secs => \(expiresIn.map(Double.init)))
            from caller join platform_apps a on a.id = \(appID) and a.deleted_at is null
            returning id, owner_kind, owner_id, nonce, key_id, scopes, expires_at
        ),
        \(
            audit: "access_token.issue", ofToken: "minted", by: caller,
            after: "jsonb_build_object('scopes', minted.scopes, 'expires_at', minted.expires_at)")
        select caller.actor is not null as authenticated, minted.id, minted.owner_kind::text as owner_kind, minted.nonce,
               minted.key_id
        from (select 1) one left join caller on true left join minted on true
        """
    }

    /// A token in the place of one of an app's, which lives on for the overlap and never longer than before.
    ///
    /// - Parameters:
    ///   - appID: nil: whichever app's it is.
    ///   - tokenID: nil: the app's only one that was not replaced yet; one of the two is given.
    static func rotate(of appID: Int64?, _ tokenID: Int64?, overlap: Int64, keyID: Int32, by caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.accessTokensWrite, .accessTokensImpersonate]),
        live as (
            select t.id, t.owner_id, t.scopes from caller, access_tokens t
            where t.owner_kind = 'platform_app' and t.revoked_at is null
              and (t.expires_at is null or t.expires_at > now()) and t.replaced_by is null\(token: tokenID, of: appID)
            for update of t
        ),
        former as (
            select * from live where (select count(*) from live) = 1
        ),
        minted as (
            insert into access_tokens (owner_kind, owner_id, key_id, scopes)
            select 'platform_app', owner_id, \(keyID), scopes from former
            returning id, owner_kind, owner_id, nonce, key_id
        ),
        replaced as (
            update access_tokens t set replaced_by = minted.id,
                expires_at = least(t.expires_at, now() + make_interval(secs => \(Double(overlap))))
            from former, minted where t.id = former.id
            returning t.id, t.expires_at
        ),
        \(
            audit: "access_token.rotate", ofToken: "minted", by: caller,
            after: "(select jsonb_build_object('replaces', replaced.id, 'until', replaced.expires_at) from replaced)")
        select caller.actor is not null as authenticated, (select count(*) from live) as candidates,
               minted.id, minted.owner_kind::text as owner_kind, minted.nonce, minted.key_id
        from (select 1) one left join caller on true left join minted on true
        """
    }

    /// - Parameter appID: nil: whosever it is.
    static func revoke(_ id: Int64, of appID: Int64?, by caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.accessTokensDelete]),
        revoked as (
            update access_tokens t set revoked_at = now() from caller
            where t.revoked_at is null\(token: id, of: appID)
            returning t.id, t.owner_kind, t.owner_id
        ),
        \(audit: "access_token.revoke", ofToken: "revoked", by: caller)
        select caller.actor is not null as authenticated, revoked.id
        from (select 1) one left join caller on true left join revoked on true
        """
    }

    private static let columns = """
        t.id, t.owner_kind::text as owner_kind, t.owner_id, t.key_id, t.scopes, t.created_at, t.expires_at, t.revoked_at, \
        t.replaced_by, t.last_used_at, t.last_used_address, \
        case when t.revoked_at is not null then 'revoked' when t.expires_at <= now() then 'expired' else 'live' end as state, \
        coalesce(a.name, u.name, b.name, s.name) as owner_name, coalesce(u.email, s.email) as owner_email, \
        case when a.deleted_at is not null or u.deleted_at is not null or b.deleted_at is not null \
            or num_nonnulls(a.id, u.id, b.id, s.id) = 0 then 'deleted' \
        when a.disabled_at is not null or s.disabled_at is not null then 'disabled' \
        when exists (select from suspensions x where x.subject_kind = 'user' and x.subject_id = u.id) then 'suspended' \
        else 'active' end as owner_state
        """

    private static let owners = """
        left join platform_apps a on t.owner_kind = 'platform_app' and a.id = t.owner_id \
        left join users u on t.owner_kind = 'user' and u.id = t.owner_id \
        left join agent_bots b on t.owner_kind = 'agent_bot' and b.id = t.owner_id \
        left join super_admins s on t.owner_kind = 'super_admin' and s.id = t.owner_id
        """
}

extension PostgresQuery.StringInterpolation {
    /// The conditions that were given on the token `t`. Kinds and states stand in the text, so that partial indexes serve them.
    fileprivate mutating func appendInterpolation(filters query: TokenQuery) {
        if let kind = query.ownerKind {
            appendLiteral(" and t.owner_kind = '\(kind.name)'")
            if let id = query.ownerID {
                appendLiteral(" and t.owner_id = ")
                appendInterpolation(id)
            }
        }
        switch query.state {
        case .live: appendLiteral(" and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())")
        case .revoked: appendLiteral(" and t.revoked_at is not null")
        case .expired: appendLiteral(" and t.revoked_at is null and t.expires_at is not null and t.expires_at <= now()")
        case nil: break
        }
        if let scope = query.scope {
            appendLiteral(" and t.scopes is not null and ")
            appendInterpolation(scope.description)
            appendLiteral(" = any (t.scopes)")
        }
    }

    /// The conditions on the token `t` that name one, or an app's.
    fileprivate mutating func appendInterpolation(token id: Int64?, of appID: Int64?) {
        if let id {
            appendLiteral(" and t.id = ")
            appendInterpolation(id)
        }
        if let appID {
            appendLiteral(" and t.owner_kind = 'platform_app' and t.owner_id = ")
            appendInterpolation(appID)
        }
    }

    /// The CTE `audited`: an event for each row of `relation(id, owner_kind, owner_id)`. Of a user's or a bot's token it stands in
    /// the history of its owner, and names the token.
    fileprivate mutating func appendInterpolation(
        audit action: StaticString, ofToken relation: StaticString, by caller: Caller, after: String = "'{}'::jsonb"
    ) {
        appendLiteral(
            """
            audited as (insert into audit_events \
            (actor, actor_id, platform_app_id, action, subject_kind, subject_id, after, request_id) \
            select caller.actor, nullif(caller.actor_id, 0), case when o.owner_kind = 'platform_app' then o.owner_id end, \
            '\(action)', case when o.owner_kind in ('user', 'agent_bot') then o.owner_kind::text else 'access_token' end, \
            case when o.owner_kind in ('user', 'agent_bot') then o.owner_id else o.id end, \
            case when o.owner_kind in ('user', 'agent_bot') then jsonb_build_object('access_token', o.id) else '{}' end || o.told, 
            """)
        appendInterpolation(caller.requestID)
        appendLiteral("::text from (select \(relation).*, \(after) as told from \(relation)) o, caller)")
    }
}
