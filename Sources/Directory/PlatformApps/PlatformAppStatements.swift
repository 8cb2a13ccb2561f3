// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of Platform Apps as operators handle them: for the caller of an app each comes to nothing.
enum PlatformAppStatements {
    /// An app with its first token.
    static func create(_ draft: PlatformAppDraft, keyID: Int32, by caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.platformAppsWrite, .accessTokensImpersonate]),
        app as (
            insert into platform_apps (name, calls_per_minute)
            select \(StorableText.tidied(draft.name)), \(draft.callsPerMinute) from caller returning id, name, calls_per_minute
        ),
        minted as (
            insert into access_tokens (owner_kind, owner_id, key_id, scopes, expires_at)
            select 'platform_app', app.id, \(keyID), \(draft.scopes?.map(\.description)),
                   now() + make_interval(secs => \(draft.expiresIn.map(Double.init))) from app
            returning id, nonce, key_id, scopes, expires_at
        ),
        \(
            audit: "platform_app.create", ofApp: "app", by: caller,
            after: """
                jsonb_strip_nulls(jsonb_build_object('name', app.name, 'calls_per_minute', app.calls_per_minute, \
                'scopes', (select scopes from minted), 'expires_at', (select expires_at from minted)))
                """)
        select app.id, app.name, minted.id as token_id, minted.nonce, minted.key_id from app, minted
        """
    }

    /// Apps by id, the newest first; one row with a null id when there is none.
    ///
    /// - Parameter text: part of the name, in any case; nil for all.
    static func list(_ page: PageRequest, text: String?, bound: Int64, by caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.platformAppsRead])
        select caller.actor is not null as authenticated, \(unescaped: columns), \(reach: bound)
        from (select 1) one
        left join caller on true
        left join lateral (
            select * from platform_apps x
            where caller.actor is not null and x.deleted_at is null and \(newestFirst: page, "x.id")\(named: text)
            order by x.id desc limit \(page.fetched)
        ) a on true
        order by a.id desc
        """
    }

    static func show(_ id: Int64, bound: Int64, by caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.platformAppsRead])
        select caller.actor is not null as authenticated, \(unescaped: columns), \(reach: bound)
        from (select 1) one
        left join caller on true
        left join platform_apps a on caller.actor is not null and a.id = \(id) and a.deleted_at is null
        """
    }

    /// What there is besides objects that an app's end concerns.
    static func stakes(_ id: Int64, by caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.platformAppsRead])
        select caller.actor is not null as authenticated, a.id,
               (select count(*) from webhooks w where w.platform_app_id = a.id and w.deleted_at is null) as webhooks,
               s.name as source, coalesce((
                   select array_agg(distinct r.policy) from (
                       select policy from runs where source_id = s.id order by id desc limit 100) r), '{}') as policies
        from (select 1) one
        left join caller on true
        left join platform_apps a on caller.actor is not null and a.id = \(id) and a.deleted_at is null
        left join sources s on s.platform_app_id = a.id
        order by s.name
        """
    }

    static func update(_ id: Int64, _ update: PlatformAppUpdate, by caller: Caller) -> PostgresQuery {
        let (changesCalls, calls) = update.callsPerMinute.map { (true, $0) } ?? (false, nil)
        return """
            with \(operator: caller, needs: [.platformAppsWrite]),
            before as (
                select a.* from caller, platform_apps a where a.id = \(id) and a.deleted_at is null for no key update of a
            ),
            updated as (
                update platform_apps x set
                    name = coalesce(\(update.name.map(StorableText.tidied)), x.name),
                    reveals_user_tokens = coalesce(\(update.revealsUserTokens), x.reveals_user_tokens),
                    login_link_seconds = coalesce(\(update.loginLinkSeconds), x.login_link_seconds),
                    calls_per_minute = case when \(changesCalls) then \(calls) else x.calls_per_minute end,
                    updated_at = now()
                from before where x.id = before.id
                returning x.*
            ),
            changed as (
                select u.id, changed_fields(b.state, u.state) as before, changed_fields(u.state, b.state) as after
                from (select updated.id, \(unescaped: state("updated")) as state from updated) u,
                     (select \(unescaped: state("before")) as state from before) b
                where u.state <> b.state
            ),
            \(audit: "platform_app.update", ofApp: "changed", by: caller, before: "changed.before", after: "changed.after")
            select caller.actor is not null as authenticated, updated.id
            from (select 1) one left join caller on true left join updated on true
            """
    }

    /// Refuses the app's tokens from the next call on.
    static func disable(_ id: Int64, by caller: Caller) -> PostgresQuery {
        switched(id, "platform_app.disable", set: "disabled_at = now()", where: "x.disabled_at is null", by: caller)
    }

    /// Lets the app in again.
    static func enable(_ id: Int64, by caller: Caller) -> PostgresQuery {
        switched(id, "platform_app.enable", set: "disabled_at = null", where: "x.disabled_at is not null", by: caller)
    }

    private static func switched(
        _ id: Int64, _ action: StaticString, set change: StaticString, where differs: StaticString, by caller: Caller
    ) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.platformAppsWrite]),
        target as (select a.id from caller, platform_apps a where a.id = \(id) and a.deleted_at is null),
        switched as (
            update platform_apps x set \(unescaped: "\(change)"), updated_at = now() from target
            where x.id = target.id and x.deleted_at is null and \(unescaped: "\(differs)") returning x.id
        ),
        \(audit: action, ofApp: "switched", by: caller)
        select caller.actor is not null as authenticated, target.id
        from (select 1) one left join caller on true left join target on true
        """
    }

    /// Apps with a limit of their own, by their tokens that are not revoked: what each process keeps to itself. Takes no caller,
    /// since it says of nobody what is theirs.
    static func callLimits() -> PostgresQuery {
        """
        select t.id as token_id, a.id as app_id, a.calls_per_minute
        from platform_apps a join access_tokens t on t.owner_kind = 'platform_app' and t.owner_id = a.id and t.revoked_at is null
        where a.calls_per_minute is not null and a.disabled_at is null
          and (t.expires_at is null or t.expires_at > now())
        """
    }

    private static let columns = """
        a.id, a.name, a.disabled_at, a.created_at, a.updated_at, a.reveals_user_tokens, a.login_link_seconds, \
        a.calls_per_minute, (select count(*) from access_tokens t where \(aliveOfApp)) as live_tokens, \
        (select max(t.last_used_at) from access_tokens t where t.owner_kind = 'platform_app' and t.owner_id = a.id) as last_used_at
        """

    /// The condition that `t` is a token of the app `a` that authenticates.
    private static let aliveOfApp = """
        t.owner_kind = 'platform_app' and t.owner_id = a.id and t.revoked_at is null \
        and (t.expires_at is null or t.expires_at > now()) and a.disabled_at is null
        """

    /// What the audit trail tells of an app.
    private static func state(_ app: String) -> String {
        """
        jsonb_build_object('name', \(app).name, 'reveals_user_tokens', \(app).reveals_user_tokens, \
        'login_link_seconds', \(app).login_link_seconds, 'calls_per_minute', \(app).calls_per_minute)
        """
    }
}

extension PostgresQuery.StringInterpolation {
    /// Columns `accounts`, `users` and `agent_bots`: what the app `a` reaches of each, as how many live and how many were looked at.
    ///
    /// A little more is looked at than is counted, for tombstones are among it. Each is looked up by
    /// itself: a plan that joins them may read through all tombstones, or all objects, for each app of a page.
    fileprivate mutating func appendInterpolation(reach bound: Int64) {
        for (number, kind) in ObjectKind.allCases.enumerated() {
            appendLiteral(number == 0 ? "" : ", ")
            appendLiteral(
                """
                (select array[count(*) filter (where gone is null), count(*)] from (select (\
                select true from \(kind.table) o where o.id = p.object_id and o.deleted_at is not null) as gone \
                from (select p.object_id from platform_app_permissibles p \
                where p.kind = '\(kind.rawValue)' and p.platform_app_id = a.id order by p.object_id limit 
                """)
            appendInterpolation(BoundedCount.looked(bound))
            appendLiteral(
                """
                ) p) counted) as \(kind.table)
                """)
        }
    }

    /// The condition that the name of the app `x` holds the text.
    fileprivate mutating func appendInterpolation(named text: String?) {
        guard let text else { return }
        appendLiteral(" and strpos(lower(x.name), lower(")
        appendInterpolation(text)
        appendLiteral(")) > 0")
    }

    /// The CTE `audited`: an event for each row of `relation`, whose ids are those of apps.
    mutating func appendInterpolation(
        audit action: StaticString, ofApp relation: StaticString, by caller: Caller, before: String = "null::jsonb",
        after: String = "null::jsonb"
    ) {
        appendLiteral(
            """
            audited as (insert into audit_events \
            (actor, actor_id, platform_app_id, action, subject_kind, subject_id, before, after, request_id) \
            select caller.actor, nullif(caller.actor_id, 0), \(relation).id, '\(action)', 'platform_app', \(relation).id, \
            \(before), \(after), 
            """)
        appendInterpolation(caller.requestID)
        appendLiteral("::text from \(relation), caller)")
    }
}
