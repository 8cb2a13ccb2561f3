// SPDX-License-Identifier: Apache-2.0

import Directory
import FoundationEssentials
import Policy
import Postgres

/// What a run knows when it matches and plans.
struct PlanContext: Sendable {
    let run: Int64
    let source: Int64
    let platformApp: Int64
    let policy: Policy
    let area: StagingArea
    /// Whether a plan waits for a person by which a changed policy would first be used.
    let holdsChangedPolicy: Bool

    init(run: Int64, source: Int64, platformApp: Int64, policy: Policy, holdsChangedPolicy: Bool = false) {
        self.holdsChangedPolicy = holdsChangedPolicy
        self.run = run
        self.source = source
        self.platformApp = platformApp
        self.policy = policy
        area = StagingArea(run: run)
    }

    /// Whether nothing is changed or taken away.
    var addsOnly: Bool { policy.operation.enforcement == .addOnly }
}

/// Whether those who are not in an export are known to be gone.
enum Absence: Sendable {
    case proven, unproven
}

/// From staged entries to the people who are not as they were, each in one named situation.
enum MatchStatements {
    /// The policy's accounts: those linked and alive keep their ids, the others get theirs from the sequence now.
    static func accounts(_ c: PlanContext, discovers: Bool) -> PostgresQuery {
        """
        insert into \(unescaped: c.area.accounts) (key, account_id, is_new, name, locale, absent, keeps_members, external_key, former_key)
        with wanted as (
            select r.key, array['account:' || r.key] as keys, r.name, r.locale, r.absent, r.keeps_members, r.position
            from unnest(\(c.policy.accounts.map(\.key)), \(c.policy.accounts.map(\.name)), \(c.policy.accounts.map(\.locale)),
                        \(c.policy.accounts.map(\.absent.rawValue)), \(c.policy.accounts.map { $0.absentMembers == .keep }))
                with ordinality as r(key, name, locale, absent, keeps_members, position)
            union all
            -- Of what many entries say of one account that of the group's own entry counts, and then the first in byte order.
            select d.key, array(select 'account:' || k.key from jsonb_array_elements_text(d.said -> 'keys') k(key)),
                   d.said ->> 'name', d.said ->> 'locale', d.said ->> 'absent', (d.said ->> 'keepsMembers')::boolean, 1000000
            from (
                select distinct on (e.name) e.name as key, convert_from(e.mapped, 'UTF8')::jsonb as said
                from \(unescaped: c.area.entries) e where \(discovers) and e.kind = 'a'
                order by e.name, (convert_from(e.mapped, 'UTF8')::jsonb ->> 'isFromEntry')::boolean desc,
                         convert_from(e.mapped, 'UTF8')::jsonb ->> 'name' collate "C"
            ) d
        )
        select w.key, coalesce(l.account_id, nextval('accounts_id_seq')), l.account_id is null, w.name, w.locale, w.absent,
               w.keeps_members, convert_to(w.keys[1], 'UTF8'), l.external_key
        from wanted w
        left join lateral (
            select a.id as account_id, l.external_key
            from unnest(w.keys) with ordinality k(key, place)
            join links l on l.source_id = \(c.source) and l.kind = 'account' and l.external_key = convert_to(k.key, 'UTF8')
            join accounts a on a.id = l.object_id and a.deleted_at is null
            order by k.place limit 1
        ) l on true
        order by w.position, w.key
        """
    }

    /// Names of accounts that exist but which the policy's app may not write.
    static func foreignAccounts(_ c: PlanContext) -> PostgresQuery {
        """
        select s.key from \(unescaped: c.area.accounts) s
        left join account_permissibles p on p.platform_app_id = \(c.platformApp) and p.object_id = s.account_id and p.rights & 2 <> 0
        where not s.is_new and p.object_id is null
        order by s.key
        """
    }

    /// Which groups give which role in which account: the rules, and down from each group the groups that are its members.
    ///
    /// - Parameters:
    ///   - nested: whether groups of the export may be members of groups.
    ///   - discovers: whether rules came to light by entries.
    ///
    /// `union` drops what was reached before, so cycles end.
    static func reach(_ c: PlanContext, nested: Bool, discovers: Bool) -> PostgresQuery {
        let rules = c.policy.groupRules
        return """
            insert into \(unescaped: c.area.reach) (grp, account_id, role, precedence, given)
            with recursive rules as (
                select u.grp, a.account_id, u.role, u.precedence
                from unnest(\(rules.map(\.group)), \(rules.map(\.account)), \(rules.map(\.roleText)),
                            \(rules.map { Int32($0.precedence) })) as u(grp, account, role, precedence)
                join \(unescaped: c.area.accounts) a on a.key = u.account
                union
                select e.name, a.account_id, e.login, e.line::integer
                from \(unescaped: c.area.entries) e join \(unescaped: c.area.accounts) a on a.key = e.parent
                where \(discovers) and e.kind = 'u'
            ),
            groups as materialized (
                select name from \(unescaped: c.area.entries) where kind = 'g'
                union
                select parent from \(unescaped: c.area.entries) where kind in ('d', 'l')
            ),
            nesting as materialized (
                select distinct e.name as child, e.parent from \(unescaped: c.area.entries) e join groups g on g.name = e.name
                where e.kind = 'd' and \(nested)
            ),
            walk as (
                select grp, account_id, role, precedence from rules
                union
                select n.child, w.account_id, w.role, w.precedence from walk w join nesting n on n.parent = w.grp
            )
            select grp, account_id, role, precedence, jsonb_build_array(null, role, grp) from walk
            """
    }

    /// The policy's version for this run: what it means, and whom its groups reach. Either one changing means a new look at everybody.
    static func policyVersion(_ c: PlanContext) -> PostgresQuery {
        """
        update runs set precedence = \(c.policy.precedences), custom_roles = exists (select from \(unescaped: c.area.reach) where role like '%/%'), policy_version = sha256(convert_to(
            \(c.policy.fingerprint) || coalesce((
                select string_agg(grp || E'\\t' || account_id || E'\\t' || role, E'\\n' order by grp collate "C", account_id, role)
                from \(unescaped: c.area.reach)), ''), 'UTF8'))
        where id = \(c.run)
        """
    }

    /// People whom a group that matters lists as member, by dn or by login.
    static func listed(_ c: PlanContext) -> PostgresQuery {
        """
        insert into \(unescaped: c.area.listed) (external_key, groups)
        select m.external_key, array_agg(distinct m.grp order by m.grp)
        from (
            select p.external_key, e.parent as grp
            from \(unescaped: c.area.entries) e
            join (select distinct grp from \(unescaped: c.area.reach)) r on r.grp = e.parent
            join \(unescaped: c.area.entries) p on p.kind = 'p' and p.name = e.name
            where e.kind = 'd'
            union all
            select p.external_key, e.parent
            from \(unescaped: c.area.entries) e
            join (select distinct grp from \(unescaped: c.area.reach)) r on r.grp = e.parent
            join \(unescaped: c.area.entries) p on p.kind = 'p' and p.login = e.name
            where e.kind = 'l'
        ) m
        group by m.external_key
        """
    }

    /// Everybody who is not exactly as the last run left them.
    ///
    /// Skipped is only who matches in entry hash, policy version and the user's row version. Who that is comes from the narrow
    /// columns alone and from a plan that may be parallel, as a table made from a query may be and one inserted into may not:
    /// most runs find nearly everybody unchanged. A table of its own, so that what follows is planned for as many as they are.
    /// Source, app and policy are values: a planner that may join links by a source from elsewhere pairs all links with all
    /// entries.
    static func stale(_ c: PlanContext) -> PostgresQuery {
        """
        create unlogged table \(unescaped: c.area.stale) as
        select s.ctid as entry, x.groups as listed, h.hash, u.id as user_id
        from \(unescaped: c.area.entries) s
        left join \(unescaped: c.area.listed) x on x.external_key = s.external_key
        cross join lateral (
            select case when x.groups is null then s.hash
                        else sha256(s.mapped || convert_to(array_to_string(x.groups, E'\\n'), 'UTF8')) end as hash
        ) h
        left join links l on l.source_id = \(c.source) and l.kind = 'user' and l.external_key = s.external_key
        left join users u on u.id = l.object_id and u.deleted_at is null
        where s.kind = 'p'
          and (l.entry_hash = h.hash and l.policy_version = (select policy_version from runs where id = \(c.run))
               and l.policy = \(c.policy.name) and u.row_version = l.seen_row_version) is not true
        """
    }

    /// Those of ``stale(_:)``, each in a situation.
    ///
    /// Who has a user that is linked to an entry which is gone is that person again: an entry deleted and made anew has another
    /// id. Only where the absence is proven, and where the policy matches by e-mail at all.
    static func pending(_ c: PlanContext, absence: Absence) -> PostgresQuery {
        """
        create unlogged table \(unescaped: c.area.pending) as
        select s.external_key, s.name as dn, s.email, s.line, d.desired,
               array(select jsonb_array_elements_text(d.desired -> 'groups')) || coalesce(t.listed, '{}') as groups,
               t.hash, v.situation,
               case when v.situation = 'disputed' then
                   case when t.user_id is not null then 'non_permissible' else 'foreign_user' end
               end as code,
               case v.situation when 'linked' then t.user_id when 'unlinked' then e.id end as object_id,
               case when t.user_id is not null then (
                   select l.desired from links l
                   where l.source_id = \(c.source) and l.kind = 'user' and l.external_key = s.external_key
               ) when v.situation = 'unlinked' then el.desired end as link_desired,
               case when v.situation = 'unlinked' then el.external_key end as former_key
        from \(unescaped: c.area.stale) t
        join \(unescaped: c.area.entries) s on s.ctid = t.entry
        left join user_permissibles p
            on p.platform_app_id = \(c.platformApp) and p.object_id = t.user_id and p.rights & 2 <> 0
        left join users e on t.user_id is null and e.email_key = s.email
        left join user_permissibles ep on ep.platform_app_id = \(c.platformApp) and ep.object_id = e.id and ep.rights & 6 = 6
        left join links el on el.kind = 'user' and el.object_id = e.id and el.source_id = \(c.source)
        cross join lateral (
            select case
                when t.user_id is not null and p.object_id is null then 'disputed'
                when t.user_id is not null then 'linked'
                when e.id is null then 'unmatched'
                when el.object_id is not null and not \(absence == .proven && c.policy.people.match.contains(.email)) then 'unmatched'
                when ep.object_id is not null and \(c.policy.people.match.contains(.email)) then 'unlinked'
                else 'disputed'
            end as situation
        ) v
        cross join lateral (select convert_from(s.mapped, 'UTF8')::jsonb as desired) d
        """
    }

    /// Whose user is linked to an entry that is in the export as well is somebody else.
    static func keepLinked(_ c: PlanContext) -> PostgresQuery {
        """
        update \(unescaped: c.area.pending) p set situation = 'unmatched', object_id = null, link_desired = null, former_key = null
        from \(unescaped: c.area.entries) o
        where p.situation = 'unlinked' and p.former_key is not null and o.kind in ('p', 'r') and o.external_key = p.former_key
        """
    }

    /// Hashes of passwords that changes set, kept apart from the plan that is shown.
    static func secrets(_ c: PlanContext) -> PostgresQuery {
        """
        insert into change_secrets (run_id, seq, password_hash)
        select c.run_id, c.seq, e.secret
        from changes c join \(unescaped: c.area.entries) e on e.kind = 'p' and e.external_key = c.external_key and e.secret is not null
        where c.planned_at = now() and c.kind = 'user' and c.fields ? 'password'
          and c.run_id in (select id from runs where id = \(c.run) or part_of = \(c.run))
        on conflict do nothing
        """
    }

    /// Links of the policy whose entries the export does not hold.
    static func missing(_ c: PlanContext) -> PostgresQuery {
        """
        create unlogged table \(unescaped: c.area.missing) as
        select l.external_key, l.object_id
        from links l left join \(unescaped: c.area.entries) s on s.kind in ('p', 'r') and s.external_key = l.external_key
        where l.source_id = \(c.source) and l.kind = 'user' and s.external_key is null and l.policy = \(c.policy.name)
          and l.external_key <> all (\(c.policy.operation.protected.externalKeys))
        """
    }

    /// People of the policy whom the export does not hold, and whom we have not suspended yet.
    static func absent(_ c: PlanContext) -> PostgresQuery {
        """
        create unlogged table \(unescaped: c.area.absent) as
        with \(gone: c)
        select g.external_key, u.id, u.row_version
        from gone g
        join users u on u.id = g.object_id and u.deleted_at is null
        left join suspensions sp on sp.subject_kind = 'user' and sp.subject_id = u.id
            and sp.by_kind = 'source' and sp.by_id = \(c.source)
            -- Whoever is to be deleted some day was absent for so long, and not disabled before.
            and (sp.reason = \(RunReason.absent) or \(c.policy.people.deleteAfter == nil))
        where sp.subject_id is null
        """
    }

    /// People whom the policy never changes: by id, by address, or by a group that they are in.
    static func protect(_ c: PlanContext) -> PostgresQuery {
        let protected = c.policy.operation.protected
        return """
            with recursive groups as (
                select g.name from unnest(\(protected.groups)) g(name)
                union
                select e.name from groups g join \(unescaped: c.area.entries) e on e.kind = 'd' and e.parent = g.name
            )
            update \(unescaped: c.area.pending) p set situation = 'protected'
            where p.external_key = any(\(protected.externalKeys)) or p.email = any(\(protected.emails))
               or exists (select from users u where u.id = p.object_id and u.email_key = any(\(protected.emails)))
               or p.dn in (select name from groups) or p.groups && array(select name from groups)
            """
    }

    /// The same id twice with different content, or the same address for two people: nobody guesses which is right.
    static func disputeDuplicates(_ c: PlanContext) -> [PostgresQuery] {
        [
            """
            update \(unescaped: c.area.pending) p set situation = 'disputed', code = 'duplicate_id'
            where p.situation <> 'ignored' and p.external_key in (
                select external_key from \(unescaped: c.area.entries) where kind = 'p' and external_key in (
                    select external_key from \(unescaped: c.area.entries)
                    where kind = 'p' and external_key in (select external_key from \(unescaped: c.area.pending))
                    group by external_key having count(*) > 1
                )
                group by external_key having count(distinct hash) > 1
            )
            """,
            // The same record twice is one record.
            """
            delete from \(unescaped: c.area.pending) p using \(unescaped: c.area.pending) q
            where p.external_key = q.external_key and \(unescaped: isPlanned("p")) and p.ctid > q.ctid
            """,
            // Of several with one address he has it of whom a person has said so.
            """
            update \(unescaped: c.area.pending) p set situation = 'disputed', code = 'duplicate_email'
            from (
                select q.email, count(*) filter (where q.code = 'decided') as decided from \(unescaped: c.area.pending) q
                where \(unescaped: isPlanned("q")) group by q.email having count(*) > 1
            ) d
            where \(unescaped: isPlanned("p")) and p.email = d.email and (p.code is distinct from 'decided' or d.decided > 1)
            """,
        ]
    }

    /// Whether the pending person is one of whom something is planned.
    private static func isPlanned(_ person: String) -> String { "\(person).situation in ('linked', 'unlinked', 'unmatched')" }

    /// An address held by somebody who does not give it up in this run. Repeated until none is found: each may block the next.
    static func disputeTakenEmails(_ c: PlanContext) -> PostgresQuery {
        """
        update \(unescaped: c.area.pending) p set situation = 'disputed', code = 'email_taken'
        from users h
        where \(unescaped: isPlanned("p")) and h.email_key = p.email and h.id is distinct from p.object_id
          and not exists (
            select from \(unescaped: c.area.pending) q
            where q.object_id = h.id and q.situation = 'linked' and q.email <> h.email
          )
        """
    }

    /// Disputes become findings that a person can read.
    static func reportDisputes(_ c: PlanContext, after number: Int) -> PostgresQuery {
        """
        insert into run_findings (run_id, number, code, entry, line, external_key, detail)
        select \(c.run), \(Int32(number)) + row_number() over (order by line), split_part(code, ':', 1), coalesce(dn, email), line,
            external_key,
            case split_part(code, ':', 1)
            when 'non_permissible' then 'the user of this entry is no longer permitted to the policy''s app'
            when 'foreign_user' then 'a user with this e-mail exists and is not permitted to the policy''s app'
            when 'duplicate_id' then 'this id stands in the export more than once, with different content'
            when 'duplicate_email' then 'another entry of the export has the same e-mail'
            when 'decision_lapsed' then 'what was decided of this entry does not hold any more: ' || split_part(code, ':', 2)
            else 'another user holds this e-mail and keeps it'
            end
        from \(unescaped: c.area.pending) where situation = 'disputed'
        order by line limit \(Int64(EntryStager.findingLimit))
        """
    }
}

extension GroupRule {
    /// The role as changes and links have it: a custom role by its name, behind the role beneath it.
    var roleText: String { customRole.map { "\(role.rawValue)/\($0)" } ?? role.rawValue }
}

extension Policy {
    /// The precedence of each field that has one of its own, and under no name that of all others.
    var precedences: PostgresJSON {
        var own: [String: Int] = precedence == 0 ? [:] : ["": precedence]
        for field in people.fields { own[field.field] = field.mapping.precedence }
        // Names and numbers: nothing that JSON could not say.
        let json = try? JSONEncoder().encode(own)
        return PostgresJSON(json.map { String(decoding: $0, as: UTF8.self) } ?? "{}")
    }
}

extension PostgresQuery.StringInterpolation {
    /// The CTE `gone(external_key, object_id)`: people of the policy whom the export does not hold, and whom it may touch.
    ///
    /// Step by step, so that no planner looks at every user, or at every pending person for each of them. After ``MatchStatements/missing(_:)``.
    mutating func appendInterpolation(gone c: PlanContext) {
        appendLiteral("anew as materialized (select object_id from ")
        appendLiteral(c.area.pending)
        appendLiteral(
            """
             where situation = 'unlinked'), gone as materialized (
                select m.external_key, m.object_id from \(c.area.missing) m
                left join anew on anew.object_id = m.object_id
                left join users p on p.id = m.object_id and p.email_key = any(
            """)
        appendInterpolation(c.policy.operation.protected.emails)
        appendLiteral(") where anew.object_id is null and p.id is null)")
    }
}
