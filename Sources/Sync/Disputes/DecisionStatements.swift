// SPDX-License-Identifier: Apache-2.0

import Policy
import Postgres

/// What people said of entries that nobody could take for a user: heeded by the plan, where it still holds.
enum DecisionStatements {
    /// What there is of the source that a plan heeds, so that all the rest is skipped where there is nothing.
    static func standing(_ c: PlanContext) -> PostgresQuery {
        """
        select exists (select from disputes where source_id = \(c.source)) as disputes,
               exists (select from disputes where source_id = \(c.source) and state <> 'open') as decisions,
               exists (select from quarantined_entries where source_id = \(c.source)) as quarantine
        """
    }

    /// Gives entries the user that a person named, and leaves those alone that a person left alone.
    ///
    /// What was decided holds for the addresses that both sides had then, for a user that the app may write, and for an entry that
    /// is nobody else. What does not hold any more waits for a person again: the entry is not planned without one.
    static func heed(_ c: PlanContext) -> [PostgresQuery] {
        [
            """
            with decided as materialized (select d.* from disputes d where d.source_id = \(c.source) and d.state <> 'open'),
            facing as materialized (
                select distinct on (d.external_key) d.external_key, d.state, d.user_id, d.user_email, d.entry_email, d.lapsed,
                       d.decided_at, p.email
                from decided d join \(unescaped: c.area.pending) p on p.external_key = d.external_key
            ),
            judged as materialized (
                select f.external_key, f.state, f.user_id, former.external_key as former_key, former.desired,
                       case when f.state = 'ignored' then null
                            when f.state = 'lapsed' then f.lapsed
                            when u.id is null then 'user_gone'
                            when u.email_key is distinct from f.user_email then 'user_email_changed'
                            when f.email is distinct from f.entry_email then 'entry_email_changed'
                            when p.object_id is null then 'non_permissible'
                            when own.id <> f.user_id then 'linked_already'
                            when former.external_key in (
                                select o.external_key from \(unescaped: c.area.entries) o
                                where o.kind in ('p', 'r') and o.external_key is not null) then 'linked_elsewhere'
                            when exists (
                                select from decided o where o.user_id = f.user_id and o.state = 'decided'
                                and (o.decided_at, o.external_key) < (f.decided_at, f.external_key)) then 'linked_elsewhere'
                       end as lapsed
                from facing f
                left join users u on u.id = f.user_id and u.deleted_at is null
                left join user_permissibles p
                    on p.platform_app_id = \(c.platformApp) and p.object_id = u.id and p.rights & 6 = 6
                left join links l on l.source_id = \(c.source) and l.kind = 'user' and l.external_key = f.external_key
                left join users own on own.id = l.object_id and own.deleted_at is null
                left join links former on former.object_id = u.id and former.kind = 'user' and former.source_id = \(c.source)
                    and former.external_key <> f.external_key
            )
            update \(unescaped: c.area.pending) p set
                situation = case when j.state = 'ignored' then 'ignored' when j.lapsed is not null then 'disputed'
                                 when p.situation = 'linked' then 'linked' else 'unlinked' end,
                code = case when j.lapsed is not null then 'decision_lapsed:' || j.lapsed
                            when j.state = 'decided' and p.situation <> 'linked' then 'decided' end,
                object_id = case when j.state = 'decided' and j.lapsed is null then j.user_id else p.object_id end,
                link_desired = case when j.state = 'decided' and j.lapsed is null and p.situation <> 'linked' then j.desired
                                    else p.link_desired end,
                former_key = case when j.state = 'decided' and j.lapsed is null and p.situation <> 'linked' then j.former_key end
            from judged j where p.external_key = j.external_key
            """,
            // Whoever else would have matched that user is somebody else.
            """
            update \(unescaped: c.area.pending) p
            set situation = 'unmatched', object_id = null, link_desired = null, former_key = null
            from \(unescaped: c.area.pending) d
            where d.code = 'decided' and p.object_id = d.object_id and p.situation = 'unlinked' and p.code is null
            """,
        ]
    }
}
