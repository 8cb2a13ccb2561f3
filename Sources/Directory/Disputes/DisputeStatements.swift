// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of disputes: what waits for a person, and what a person says of it.
enum DisputeStatements {
    /// A page of disputes with both sides, in the order in which they came up. For operators only.
    static func list(_ filter: DisputeFilter, id: Int64?, _ page: PageRequest, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.runsRead])
        select caller.actor is not null as authenticated, \(unescaped: columns),
               \(unescaped: ActorStatements.columns(kind: "d.decided_by", id: "d.decided_by_id"))
        from (select 1) one
        left join caller on true
        left join lateral (
            select x.*, s.name as source, s.platform_app_id, a.name as app
            from disputes x join sources s on s.id = x.source_id join platform_apps a on a.id = s.platform_app_id
            where caller.actor is not null and \(disputes: filter, id: id) and \(of: page, "x.id")
            order by x.id limit \(page.fetched)
        ) d on true
        left join lateral (
            select jsonb_agg(jsonb_build_object(
                'id', u.id, 'name', u.name, 'email', u.email,
                'permissible', exists (select from user_permissibles p where p.platform_app_id = d.platform_app_id
                                       and p.object_id = u.id and p.rights & 6 = 6),
                'owners', coalesce((
                    select jsonb_agg(jsonb_build_object('app_id', o.id, 'app', o.name, 'origin', p.origin, 'rights', p.rights)
                                     order by p.created_at, o.id)
                    from user_permissibles p join platform_apps o on o.id = p.platform_app_id where p.object_id = u.id), '[]'),
                'links', coalesce((
                    select jsonb_agg(jsonb_build_object('source', s.name, 'policy', l.policy, 'key', encode(l.external_key, 'hex'))
                                     order by s.id)
                    from links l join sources s on s.id = l.source_id where l.kind = 'user' and l.object_id = u.id), '[]')
            ) order by k.place) as candidates, count(*) as shown
            from unnest(d.candidates) with ordinality k(id, place) join users u on u.id = k.id and u.deleted_at is null
        ) c on true
        order by d.id
        """
    }

    /// The same of a Platform App's own sources, with those candidates only that the app may read.
    static func ofApp(_ filter: DisputeFilter, id: Int64?, _ page: PageRequest, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.runsRead])
        select caller.app_id is not null as authenticated, \(unescaped: columns), null as actor, null::bigint as actor_id,
               null as actor_name
        from (select 1) one
        left join caller on true
        left join lateral (
            select x.*, s.name as source, s.platform_app_id, a.name as app
            from disputes x join sources s on s.id = x.source_id and s.platform_app_id = caller.app_id
            join platform_apps a on a.id = s.platform_app_id
            where \(disputes: filter, id: id) and \(of: page, "x.id")
            order by x.id limit \(page.fetched)
        ) d on true
        left join lateral (
            select jsonb_agg(jsonb_build_object(
                'id', u.id, 'name', u.name, 'email', u.email, 'permissible', p.rights & 6 = 6, 'owners', '[]'::jsonb,
                'links', coalesce((
                    select jsonb_agg(jsonb_build_object('source', s.name, 'policy', l.policy, 'key', encode(l.external_key, 'hex'))
                                     order by s.id)
                    from links l join sources s on s.id = l.source_id and s.platform_app_id = caller.app_id
                    where l.kind = 'user' and l.object_id = u.id), '[]')
            ) order by k.place) as candidates, count(*) as shown
            from unnest(d.candidates) with ordinality k(id, place)
            join users u on u.id = k.id and u.deleted_at is null
            join platform_app_permissibles p on p.platform_app_id = caller.app_id and p.kind = 'user' and p.object_id = u.id
                and p.rights & 1 <> 0
        ) c on true
        order by d.id
        """
    }

    /// Takes the entry for a user, once: whoever comes second finds it decided. For operators only.
    ///
    /// The entry's app must be able to write the user and its e-mail; with `grants` it is given that in the same statement.
    static func take(
        _ id: Int64, for user: Int64, _ resolution: DisputeResolution, grants: Bool, reason: String?, caller: Caller
    ) -> PostgresQuery {
        """
        with \(operator: caller, needs: grants ? [.runsWrite, .permissiblesWrite] : [.runsWrite]),
        \(unescaped: before(id)),
        target as materialized (
            select d.id, d.source_id, d.external_key, d.code, d.email, s.platform_app_id as app_id,
                   a.disabled_at is null as app_lives
            from caller join disputes d on d.id = \(id) and d.state in ('open', 'lapsed')
            join sources s on s.id = d.source_id join platform_apps a on a.id = s.platform_app_id
            for update of d
        ),
        person as materialized (
            select u.id, u.email_key, coalesce(p.rights, 0) & 6 = 6 as is_permissible
            from target join users u on u.id = \(user) and u.deleted_at is null
            left join user_permissibles p on p.platform_app_id = target.app_id and p.object_id = u.id
        ),
        -- Whom the entry is already.
        own as materialized (
            select l.object_id from target
            cross join lateral (
                select object_id from links
                where source_id = target.source_id and kind = 'user' and external_key = target.external_key limit 1
            ) l
            join users u on u.id = l.object_id and u.deleted_at is null
        ),
        fitting as materialized (
            select target.id, target.app_id, target.email, person.id as user_id, person.email_key, person.is_permissible
            from target cross join person
            where target.app_lives and target.code <> 'duplicate_id' and (person.is_permissible or \(grants))
              and not exists (select from own where own.object_id <> person.id)
        ),
        decided as (
            update disputes x set state = 'decided', decision = \(grants ? "adopt" : "link"), user_id = f.user_id,
                user_email = f.email_key, entry_email = f.email, decided_by = caller.actor,
                decided_by_id = nullif(caller.actor_id, 0), decided_at = now(), reason = \(reason), lapsed = null, lapsed_at = null
            from fitting f, caller where x.id = f.id
            returning x.*
        ),
        granted as (
            insert into platform_app_permissibles as p (kind, platform_app_id, object_id, origin, rights)
            select 'user', f.app_id, f.user_id, 'granted', 7 from fitting f where not f.is_permissible and \(grants)
            on conflict (kind, platform_app_id, object_id) do update set rights = p.rights | excluded.rights
            returning p.platform_app_id as app_id, p.object_id as id, p.origin, p.rights
        ),
        grant_audited as (
            insert into audit_events (actor, actor_id, platform_app_id, action, subject_kind, subject_id, after, request_id)
            select caller.actor, nullif(caller.actor_id, 0), g.app_id, 'permissible.grant', 'user', g.id,
                   jsonb_build_object('origin', g.origin, 'rights', g.rights, 'dispute', f.id), \(caller.requestID)::text
            from granted g, fitting f, caller
        ),
        \(audit: resolution.action, ofOther: "dispute", "decided", caller: caller, before: stateBefore, after: after)
        select caller.actor is not null as authenticated, before.id as found, before.state,
               exists (select from target) as waits, (select code from target) as code,
               exists (select from decided) as is_decided, (select app_lives from target) as app_lives,
               (select is_permissible from person) as is_permissible, (select object_id from own) as own_id
        from (select 1) one left join caller on true left join before on caller.actor is not null
        """
    }

    /// Leaves the entry alone, or takes a decision back. For operators only.
    static func settle(_ id: Int64, ignore: Bool, reason: String?, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.runsWrite]),
        \(unescaped: before(id)),
        decided as (
            update disputes x set state = \(ignore ? "ignored" : "open"), decision = case when \(ignore) then 'ignore' end,
                user_id = null, user_email = null, entry_email = null, decided_by = caller.actor,
                decided_by_id = nullif(caller.actor_id, 0), decided_at = now(), reason = \(reason), lapsed = null, lapsed_at = null
            from caller where x.id = \(id)
              and case when \(ignore) then x.state in ('open', 'lapsed') else x.state <> 'open' end
            returning x.*
        ),
        \(
            audit: ignore ? "dispute.ignore" : "dispute.reconsider", ofOther: "dispute", "decided", caller: caller,
            before: stateBefore, after: after)
        select caller.actor is not null as authenticated, before.id as found, before.state,
               exists (select from decided) as is_decided
        from (select 1) one left join caller on true left join before on caller.actor is not null
        """
    }

    private static func before(_ id: Int64) -> String {
        "before as (select d.id, d.state, d.decision, d.user_id, d.lapsed from disputes d where d.id = \(id))"
    }

    private static let stateBefore = """
        (select jsonb_strip_nulls(jsonb_build_object('state', before.state, 'decision', before.decision, 'user_id', before.user_id,
            'lapsed', before.lapsed)) from before)
        """

    private static let after = """
        jsonb_strip_nulls(jsonb_build_object('source', (select s.name from sources s where s.id = decided.source_id), \
        'policy', decided.policy, 'entry', coalesce(decided.entry, decided.email), 'code', decided.code, \
        'user_id', decided.user_id, 'reason', decided.reason))
        """

    private static let columns = """
        d.id, d.source, d.policy, d.platform_app_id, d.app, d.state, d.code, d.external_key, d.entry, d.email, d.line, d.fields,
        coalesce(c.candidates, '[]') as candidates, cardinality(d.candidates) - coalesce(c.shown, 0) as hidden, d.rivals, d.since,
        d.seen_at, d.run_id, d.decision, d.user_id, d.decided_at, d.reason, d.lapsed, d.lapsed_at
        """
}

extension PostgresQuery.StringInterpolation {
    /// The condition of a filter on the dispute `x` of the source `s`.
    fileprivate mutating func appendInterpolation(disputes filter: DisputeFilter, id: Int64?) {
        appendLiteral("true")
        if let id {
            appendLiteral(" and x.id = ")
            appendInterpolation(id)
        }
        if let source = filter.source {
            appendLiteral(" and s.name = ")
            appendInterpolation(source)
        }
        if let policy = filter.policy {
            appendLiteral(" and x.policy = ")
            appendInterpolation(policy)
        }
        if let state = filter.state { appendLiteral(" and x.state = '\(state.rawValue)'") }
        guard let entry = filter.entry else { return }
        appendLiteral(" and (lower(x.entry) = lower(")
        appendInterpolation(entry)
        appendLiteral(") or x.email = lower(")
        appendInterpolation(entry)
        appendLiteral(") or x.id::text = ")
        appendInterpolation(entry)
        // Behind the byte that tells what kind of id it is.
        appendLiteral(" or substr(x.external_key, 2) = convert_to(")
        appendInterpolation(entry)
        appendLiteral(", 'UTF8') or substr(encode(x.external_key, 'hex'), 3) = lower(replace(")
        appendInterpolation(entry)
        appendLiteral(", '-', '')))")
    }
}
