// SPDX-License-Identifier: Apache-2.0

import Postgres

/// Where what an app reaches goes.
enum HandoverTarget: Sendable, Equatable {
    case app(Int64)
    /// To no app: operators go on reaching it.
    case nobody
}

/// The SQL that hands over what an app reaches; operators only. Objects are handed over in batches, each in a transaction that
/// holds the apps' rows: what is granted to either waits meanwhile, and so do other handovers.
enum HandoverStatements {
    /// How many objects a transaction hands over.
    static let batch: Int64 = 10_000

    /// Locks the apps in one order, and shows those that there are.
    ///
    /// A statement of its own, so that the next one sees what others did until then.
    static func lock(_ apps: [Int64], needs more: [Scope] = [], by caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: scopes + more)
        select caller.actor is not null as authenticated, a.id
        from (select 1) one
        left join caller on true
        left join lateral (
            select x.id from platform_apps x where caller.actor is not null and x.id = any (\(apps)) and x.deleted_at is null
            order by x.id for update of x
        ) a on true
        """
    }

    /// Hands over the objects of a kind behind a position, or one object; where both apps reach one, the rights of both are kept.
    ///
    /// Suspensions by the app go along, since nobody but their author lifts them: to the other app, or to the operator.
    static func move(
        _ kind: ObjectKind, from app: Int64, to target: HandoverTarget, _ part: HandoverPart, by caller: Caller
    ) -> PostgresQuery {
        """
        with \(operator: caller, needs: scopes),
        batch as (
            select p.object_id as id, p.platform_app_id as app_id, p.origin, p.rights
            from caller, platform_app_permissibles p
            where p.kind = '\(unescaped: kind.rawValue)' and p.platform_app_id = \(app) and \(part: part, of: "p.object_id")
            order by p.object_id limit \(batch)
        ),
        \(moved: kind, to: target),
        \(suspensions: kind, to: target),
        \(audit: part, kind, to: target, by: caller)
        select caller.actor is not null as authenticated, (select count(*) from batch) as taken,
               (select max(batch.id) from batch) as last, (
                   select count(*) from batch join \(unescaped: kind.table) o on o.id = batch.id and o.deleted_at is null) as live
        from (select 1) one left join caller on true
        """
    }

    /// The sources of an app with their runs, to another; one that has a source of the name keeps what it knows and learns the
    /// rest. So the next run under a policy that names the other app finds everybody again.
    static func sources(from app: Int64, to target: Int64, by caller: Caller) -> [PostgresQuery] {
        let pairs = """
            select s.id, s.name, n.id as into from sources s \
            left join sources n on n.name = s.name and n.platform_app_id = 
            """
        return [
            """
            with \(operator: caller, needs: scopes), pair as (\(unescaped: pairs)\(target) where s.platform_app_id = \(app)),
            linked as (
                update links l set source_id = pair.into from caller, pair
                where l.source_id = pair.id and pair.into is not null
                  and not exists (select from links k
                      where k.source_id = pair.into and k.kind = l.kind and k.external_key = l.external_key)
                  and not exists (select from links k
                      where k.source_id = pair.into and k.kind = l.kind and k.object_id = l.object_id)
            ),
            suspended as (
                update suspensions s set by_id = pair.into from caller, pair
                where s.by_kind = 'source' and s.by_id = pair.id and pair.into is not null
                  and not exists (select from suspensions k where k.subject_kind = s.subject_kind
                      and k.subject_id = s.subject_id and k.by_kind = 'source' and k.by_id = pair.into)
            )
            update runs r set platform_app_id = \(target), source_id = coalesce(pair.into, pair.id)
            from caller, pair where r.source_id = pair.id
            """,
            """
            with \(operator: caller, needs: scopes), pair as (\(unescaped: pairs)\(target) where s.platform_app_id = \(app)),
            gone as (
                delete from suspensions s using caller, pair
                where s.by_kind = 'source' and s.by_id = pair.id and pair.into is not null
            ),
            merged as (delete from sources s using caller, pair where s.id = pair.id and pair.into is not null),
            told as (select \(app)::bigint as id, jsonb_agg(pair.name order by pair.name) as names from pair having count(*) > 0),
            \(
                audit: "platform_app.transfer", ofApp: "told", by: caller,
                before: "jsonb_build_object('sources', told.names)",
                after: "jsonb_build_object('platform_app_id', \(target))")
            update sources s set platform_app_id = \(target) from caller, pair where s.id = pair.id and pair.into is null
            """,
        ]
    }

    /// What is left of an app whose objects are released: sources forget whom they know, and what they suspended is the
    /// operator's to lift. Runs and their journal stay.
    static func releaseSources(of app: Int64, by caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: scopes),
        gone as (select s.id from caller, sources s where s.platform_app_id = \(app)),
        forgotten as (delete from links l using gone where l.source_id = gone.id),
        standing as (
            delete from suspensions s using gone where s.by_kind = 'source' and s.by_id = gone.id
            returning s.subject_kind, s.subject_id, s.reason, s.since
        ),
        taken as (
            insert into suspensions (subject_kind, subject_id, by_kind, by_id, reason, since)
            select distinct on (subject_kind, subject_id) subject_kind, subject_id, caller.actor, caller.actor_id, reason, since
            from standing, caller order by subject_kind, subject_id, since
            on conflict do nothing
        )
        update runs r set state = 'rejected', code = 'app_deleted', reason = 'the Platform App was deleted', finished_at = now()
        from gone where r.source_id = gone.id and r.state in ('planned', 'held')
        """
    }

    /// Ends an app for good: its tokens, webhooks, links and kept calls. Its row stays, as a name for the audit trail and runs.
    static func end(_ app: Int64, to target: HandoverTarget, by caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: scopes + [.platformAppsDelete]),
        ended as (
            update platform_apps x set deleted_at = now(), disabled_at = coalesce(x.disabled_at, now()), updated_at = now()
            from caller where x.id = \(app) and x.deleted_at is null returning x.id, x.name
        ),
        tokens as (
            update access_tokens t set revoked_at = now() from ended
            where t.owner_kind = 'platform_app' and t.owner_id = ended.id and t.revoked_at is null returning t.id
        ),
        hooks as (
            update webhooks w set deleted_at = now(), updated_at = now() from ended
            where w.platform_app_id = ended.id and w.deleted_at is null returning w.id
        ),
        links as (
            update login_links l set revoked_at = now() from ended
            where l.platform_app_id = ended.id and l.redeemed_at is null and l.revoked_at is null and l.expires_at > now()
        ),
        kept as (delete from idempotency_keys k using ended where k.platform_app_id = ended.id),
        \(
            audit: "platform_app.delete", ofApp: "ended", by: caller, before: "jsonb_build_object('name', ended.name)",
            after: """
                jsonb_strip_nulls(jsonb_build_object('objects_to', \(target.appID.map(String.init) ?? "null::bigint"), \
                'tokens', (select count(*) from tokens), 'webhooks', (select count(*) from hooks)))
                """)
        select caller.actor is not null as authenticated, ended.id
        from (select 1) one left join caller on true left join ended on true
        """
    }

    /// What handing over needs.
    static let scopes: [Scope] = [.platformAppsWrite, .permissiblesWrite]
}

extension HandoverTarget {
    var appID: Int64? {
        if case .app(let id) = self { id } else { nil }
    }
}

/// Which of an app's objects of a kind a statement hands over.
enum HandoverPart: Sendable {
    /// A batch of those with greater ids.
    case after(Int64)
    case one(Int64)
}

extension PostgresQuery.StringInterpolation {
    fileprivate mutating func appendInterpolation(part: HandoverPart, of key: StaticString) {
        switch part {
        case .after(let id):
            appendLiteral("\(key) > ")
            appendInterpolation(id)
        case .one(let id):
            appendLiteral("\(key) = ")
            appendInterpolation(id)
        }
    }

    /// CTEs that give what is in `batch` to the target. All see the rows as they were before the statement, so that no row is
    /// written twice.
    fileprivate mutating func appendInterpolation(moved kind: ObjectKind, to target: HandoverTarget) {
        let of = "p.kind = '\(kind.rawValue)' and p.platform_app_id = batch.app_id and p.object_id = batch.id"
        guard case .app(let other) = target else {
            appendLiteral("dropped as (delete from platform_app_permissibles p using batch where \(of))")
            return
        }
        let theirs = "k.kind = '\(kind.rawValue)' and k.object_id = batch.id and k.platform_app_id = "
        appendLiteral(
            """
            merged as (update platform_app_permissibles k set rights = k.rights | batch.rights, \
            origin = case when batch.origin = 'created' then 'created' else k.origin end from batch where \(theirs)
            """)
        appendInterpolation(other)
        appendLiteral(
            """
             returning k.object_id as id), \
            dropped as (delete from platform_app_permissibles p using batch join merged on merged.id = batch.id where \(of)), \
            given as (update platform_app_permissibles p set platform_app_id = 
            """)
        appendInterpolation(other)
        appendLiteral(" from batch where \(of) and not exists (select from platform_app_permissibles k where \(theirs)")
        appendInterpolation(other)
        appendLiteral("))")
    }

    /// CTEs that make the app's suspensions of what is in `batch` those of the target; of an account, its memberships' too.
    fileprivate mutating func appendInterpolation(suspensions kind: ObjectKind, to target: HandoverTarget) {
        let author: String
        switch target {
        case .app(let id): author = "'platform_app'::actor_kind as by_kind, \(id)::bigint as by_id"
        case .nobody: author = "caller.actor as by_kind, caller.actor_id as by_id"
        }
        appendLiteral(
            """
            lifted as (delete from suspensions s using batch where s.subject_kind = '\(kind.rawValue)' \
            and s.subject_id = batch.id and s.by_kind = 'platform_app' and s.by_id = batch.app_id returning s.*), \
            suspended as (insert into suspensions (subject_kind, subject_id, by_kind, by_id, reason, since) \
            select l.subject_kind, l.subject_id, author.by_kind, author.by_id, l.reason, l.since \
            from lifted l, (select \(author) from caller) author on conflict do nothing)
            """)
        guard kind == .account else { return }
        appendLiteral(
            """
            , lifted_members as (delete from membership_suspensions s using account_users m, batch \
            where m.id = s.membership_id and m.account_id = batch.id and s.by_kind = 'platform_app' \
            and s.by_id = batch.app_id returning s.*), \
            suspended_members as (insert into membership_suspensions (membership_id, by_kind, by_id, reason, since) \
            select l.membership_id, author.by_kind, author.by_id, l.reason, l.since \
            from lifted_members l, (select \(author) from caller) author on conflict do nothing)
            """)
    }

    /// The CTE `audited`: one event for a batch, of the app whose objects go, or of the one object.
    fileprivate mutating func appendInterpolation(
        audit part: HandoverPart, _ kind: ObjectKind, to target: HandoverTarget, by caller: Caller
    ) {
        let (isOne, action): (Bool, String)
        switch (part, target) {
        case (.one, .app): (isOne, action) = (true, "permissible.transfer")
        case (.one, .nobody): (isOne, action) = (true, "permissible.revoke")
        case (.after, .app): (isOne, action) = (false, "platform_app.transfer")
        case (.after, .nobody): (isOne, action) = (false, "platform_app.release")
        }
        let subject = isOne ? "'\(kind.rawValue)', b.id" : "'platform_app', b.app_id"
        let told =
            isOne
            ? "jsonb_build_object('platform_app_id', b.app_id, 'origin', b.origin, 'rights', b.rights)"
            : "jsonb_build_object('\(kind.table)', b.count, 'from', b.first, 'through', b.last)"
        let batch =
            isOne
            ? "batch"
            : "(select app_id, count(*) as count, min(id) as first, max(id) as last from batch group by app_id)"
        let to = target.appID.map(String.init) ?? "null::bigint"
        appendLiteral(
            """
            audited as (insert into audit_events \
            (actor, actor_id, platform_app_id, action, subject_kind, subject_id, before, after, request_id) \
            select caller.actor, nullif(caller.actor_id, 0), b.app_id, '\(action)', \(subject), \(told), \
            jsonb_build_object('platform_app_id', \(to)), 
            """)
        appendInterpolation(caller.requestID)
        appendLiteral("::text from \(batch) b, caller)")
    }
}
