// SPDX-License-Identifier: Apache-2.0

import Postgres

/// From items to changes, set-based; what the change engine then applies.
enum ProvisionStatements {
    /// The source of identities that the app's own calls name, made when the first one does.
    ///
    /// No row for who has no live token; no `source_id` when somebody made it at the same moment.
    static func prepare(caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.usersWrite, .usersImpersonate, .accountUsersWrite, .accountUsersDelete]),
        known as (select s.id from sources s join caller on s.platform_app_id = caller.app_id where s.name = \(sourceName)),
        made as (
            insert into sources (platform_app_id, name)
            select caller.app_id, \(sourceName) from caller where not exists (select from known)
            on conflict (platform_app_id, name) do nothing
            returning id
        )
        select (select id from known union all select id from made) as source_id, ensure_changes_partition()::text from caller
        """
    }

    /// Stores the run with its changes, and says of each item what it found.
    ///
    /// `situation`: `create`, `update`, `unchanged`; or why the item cannot be done: `taken`, `non_permissible`, `not_found` (an
    /// account that was deleted), `nameless`, `linked_elsewhere`.
    static func plan(_ items: [ProvisionItem], numbers: [Int], source: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.usersWrite, .usersImpersonate, .accountUsersWrite, .accountUsersDelete]),
        \(input: items, numbers),
        matched as materialized (
            select i.*, caller.app_id, u.id as user_id, u.row_version, u.name as old_name, u.email as old_email,
                   u.display_name as old_display_name, u.custom_attributes as old_attributes,
                   l.object_id is not null and l.object_id = u.id as linked, l.desired -> 'memberships' as given,
                   case
                   when u.id is null then
                       case when i.name is null then 'nameless' when \(unescaped: namesDeletedAccount) then 'not_found' else 'create' end
                   when p.rights is null then case when lu.id is null then 'taken' else 'non_permissible' end
                   when p.rights & 2 = 0 then 'non_permissible'
                   -- Of a membership that is as it is wanted there is no change for the engine to refuse.
                   when exists (
                       select from jsonb_object_keys(i.wanted) k(key) where not exists (
                           select from account_permissibles ap
                           where ap.platform_app_id = caller.app_id and ap.object_id = k.key::bigint and ap.rights & 2 <> 0)
                   ) then 'non_permissible'
                   when \(unescaped: namesDeletedAccount) then 'not_found'
                   -- A value and not `exists`, which a planner may answer by reading all links of the source.
                   when lu.id is null and i.key is not null and (
                       select o.object_id from links o where o.object_id = u.id and o.kind = 'user' and o.source_id = \(source)
                   ) is not null then 'linked_elsewhere'
                   else 'update' end as situation
            from input i
            cross join caller
            -- One by one through the indexes, however many links and users there are: a planner left to itself reads all of them.
            left join lateral (
                select object_id, desired from links where source_id = \(source) and kind = 'user' and external_key = i.key limit 1
            ) l on true
            left join lateral (select id from users where id = l.object_id and deleted_at is null limit 1) lu on true
            left join lateral (select id from users where lu.id is null and email_key = i.email limit 1) e on true
            left join lateral (
                select id, row_version, name, email, display_name, custom_attributes
                from users where id = coalesce(lu.id, e.id) limit 1
            ) u on true
            left join lateral (
                select p.rights from user_permissibles p
                where p.platform_app_id = caller.app_id and p.object_id = u.id and p.rights & 1 <> 0 limit 1
            ) p on true
        ),
        differing as materialized (
            select m.*, f.fields, g.memberships
            from matched m
            \(unescaped: fields)
            \(unescaped: memberships)
            where m.situation in ('create', 'update')
        ),
        planned as (
            -- Whose address moves comes first: all of those stand in the first chunk together.
            select d.*, row_number() over (order by moves.email desc, d.number) as seq, moves.email as moves_email,
                   case when d.situation = 'create' then nextval('users_id_seq') else d.user_id end as object_id,
                   case when d.situation = 'create' then 'create'
                        when d.key is not null and not d.linked then 'adopt' else 'update' end as action
            from differing d
            cross join lateral (select d.situation = 'update' and d.fields ? 'email' as email) moves
            where d.situation = 'create' or d.fields <> '{}' or d.memberships <> '{}' or (d.key is not null and not d.linked)
        ),
        run as (
            insert into runs (platform_app_id, source_id, policy, state, actor, change_count, first_chunk_end, planned_at)
            select caller.app_id, \(source), 'provision', 'applying', 'api', p.total, p.moves, now()
            from caller,
                (select count(*)::integer as total, (count(*) filter (where moves_email))::integer as moves from planned) p
            where p.total > 0
            returning id, platform_app_id, planned_at
        ),
        stored as (
            insert into changes (run_id, seq, planned_at, kind, action, object_id, expected_version, external_key,
                                 fields, memberships, reason)
            select run.id, p.seq, run.planned_at, 'user', p.action, p.object_id,
                   case when p.situation = 'update' then p.row_version end, p.key, p.fields, p.memberships, 'asked for by the API'
            from planned p, run
        ),
        audited as (
            insert into audit_events (actor, actor_id, platform_app_id, action, after, request_id)
            select 'platform_app', run.platform_app_id, run.platform_app_id, 'provision', jsonb_build_object('run', run.id),
                   \(caller.requestID)::text from run
        )
        select m.number, coalesce(p.object_id, m.user_id) as user_id, p.seq,
               case when m.situation = 'update' and p.seq is null then 'unchanged' else m.situation end as situation,
               run.id as run, run.planned_at, (select count(*) from planned) as planned,
               (select count(*) from planned where moves_email) as moves
        from matched m
        left join planned p on p.number = m.number
        left join run on true
        order by m.number
        """
    }

    /// Ends the run with what became of it.
    static func finish(_ set: ChangeSet, applied: Int, refused: Int) -> PostgresQuery {
        """
        update runs set state = case when \(Int32(applied)) > 0 or \(Int32(refused)) = 0 then 'done' else 'stale' end,
            counts = jsonb_build_object('applied', \(Int32(applied)), 'refused', \(Int32(refused))), finished_at = clock_timestamp()
        where id = \(set.run)
        """
    }

    /// The source's name among those of the app; no policy can be given it.
    private static let sourceName = "platform-api:"

    /// Whether the item wants a membership in an account of the app's that was deleted.
    private static let namesDeletedAccount = """
        exists (select from jsonb_object_keys(i.wanted) k(key)
            join accounts a on a.id = k.key::bigint and a.deleted_at is not null
            join account_permissibles ap on ap.platform_app_id = caller.app_id and ap.object_id = a.id and ap.rights & 2 <> 0)
        """

    /// `{field: [before, after, rule]}` of what is given and differs; of a user to be made, what is given.
    private static let fields = """
        cross join lateral (
            select case m.situation
                when 'create' then
                    case when m.display_name is null and m.attributes is null then jsonb_build_object('email', jsonb_build_array(null, m.email, 'provision'),
                                            'name', jsonb_build_array(null, m.name, 'provision'))
                    else jsonb_build_object('email', jsonb_build_array(null, m.email, 'provision'),
                                            'name', jsonb_build_array(null, m.name, 'provision'))
                        || case when m.display_name is null then '{}'
                           else jsonb_build_object('display_name', jsonb_build_array(null, m.display_name, 'provision')) end
                        || coalesce((
                            select jsonb_object_agg('custom_attributes.' || k.key, jsonb_build_array(null, k.value, 'provision'))
                            from jsonb_each(m.attributes) k where k.value <> 'null'), '{}')
                    end
                else coalesce((
                    select jsonb_object_agg(v.field, jsonb_build_array(v.before, v.after, 'provision'))
                    from (
                        select 'email' as field, to_jsonb(m.old_email) as before, to_jsonb(m.email) as after
                        union all
                        select 'name', to_jsonb(m.old_name), to_jsonb(m.name) where m.name is not null
                        union all
                        select 'display_name', to_jsonb(m.old_display_name), coalesce(to_jsonb(m.display_name), 'null')
                        where m.sets_display_name
                        union all
                        select 'custom_attributes.' || k.key, m.old_attributes -> k.key, k.value from jsonb_each(m.attributes) k
                    ) v
                    where coalesce(v.before, 'null') <> coalesce(v.after, 'null')), '{}')
                end as fields
        ) f
        """

    /// `{account_id: [role before, role after, rule]}`: what is wanted and differs, and what was given before and is not wanted now.
    private static let memberships = """
        cross join lateral (
            select coalesce(case m.situation
                when 'create' then (
                    select jsonb_object_agg(k.key, jsonb_build_array(null, coalesce(k.value, 'agent'), 'provision'))
                    from jsonb_each_text(m.wanted) k)
                else (
                    select jsonb_object_agg(v.account_id::text, jsonb_build_array(au.role, v.role, 'provision'))
                    from (
                        select k.key::bigint as account_id, coalesce(k.value, b.role, 'agent') as role
                        from jsonb_each_text(m.wanted) k
                        left join account_users b on b.user_id = m.user_id and b.account_id = k.key::bigint
                        union all
                        select k.key::bigint, null from jsonb_object_keys(m.given) k(key)
                        -- What the app cannot reach any more is not its to end.
                        join accounts a on a.id = k.key::bigint and a.deleted_at is null
                        join account_permissibles ap
                            on ap.platform_app_id = m.app_id and ap.object_id = a.id and ap.rights & 2 <> 0
                        where m.linked and not m.wanted ? k.key
                    ) v
                    left join account_users au on au.user_id = m.user_id and au.account_id = v.account_id
                    where au.role is distinct from v.role)
                end, '{}') as memberships
        ) g
        """
}

extension PostgresQuery.StringInterpolation {
    /// The CTE `input`: an item a row.
    fileprivate mutating func appendInterpolation(input items: [ProvisionItem], _ numbers: [Int]) {
        appendLiteral("input as (select * from unnest(")
        appendInterpolation(numbers.map { Int32($0) })
        appendLiteral(", ")
        appendInterpolation(items.map { $0.externalID.map(ProvisionRules.key) })
        appendLiteral(", ")
        appendInterpolation(items.map { UserRules.normalisedEmail($0.email ?? "") })
        appendLiteral(", ")
        appendInterpolation(items.map(\.name))
        appendLiteral(", ")
        appendInterpolation(items.map { $0.displayName ?? nil })
        appendLiteral(", ")
        appendInterpolation(items.map { $0.displayName != nil })
        appendLiteral(", ")
        appendInterpolation(items.map { $0.customAttributes.map { PostgresJSON($0.text) } })
        appendLiteral(", ")
        appendInterpolation(items.map { item in item.memberships.map { PostgresJSON(ProvisionStatements.json($0)) } })
        appendLiteral(") as i(number, key, email, name, display_name, sets_display_name, attributes, wanted))")
    }
}

extension ProvisionStatements {
    /// `{account_id: role or null}`; of an account that is named twice the last one counts.
    fileprivate static func json(_ memberships: [ProvisionMembership]) -> String {
        let pairs = memberships.map { "\"\($0.accountID)\":" + ($0.role.map { "\"\($0.rawValue)\"" } ?? "null") }
        return "{" + pairs.joined(separator: ",") + "}"
    }
}
