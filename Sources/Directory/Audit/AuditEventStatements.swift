// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of the audit trail as an app sees it.
enum AuditEventStatements {
    /// Without an object: what was the app's business. With one: what anybody did to it, where the app may read it.
    static func list(of object: (kind: ObjectKind, id: Int64)?, _ page: PageRequest, caller: Caller) -> PostgresQuery {
        guard let object else {
            return """
                with \(caller: caller, needs: [.auditEventsRead])
                select caller.app_id is not null as authenticated, 15::smallint as rights, \(unescaped: columns)
                from (select 1) one
                left join caller on true
                left join lateral (
                    select * from audit_events x
                    where x.platform_app_id = caller.app_id and \(newestFirst: page, "x.id")
                    order by x.id desc limit \(page.fetched)
                ) e on true
                order by e.id desc
                """
        }
        return """
            with \(caller: caller, needs: [.auditEventsRead]), \(permit: object.kind, object.id)
            select caller.app_id is not null as authenticated, permit.rights, \(unescaped: columns)
            from (select 1) one
            left join caller on true
            left join permit on true
            left join lateral (
                select * from audit_events x
                where permit.rights & 1 <> 0 and x.subject_kind = \(object.kind.rawValue) and x.subject_id = \(object.id)
                  and \(newestFirst: page, "x.id")
                  -- A membership is told to those who may read its account.
                  and (caller.app_id = 0 or x.action not like 'membership.%' or exists (
                      select from platform_app_permissibles p
                      where p.kind = 'account' and p.platform_app_id = caller.app_id and p.rights & 1 <> 0
                        and p.object_id = (coalesce(x.after, x.before) ->> 'account_id')::bigint))
                order by x.id desc limit \(page.fetched)
            ) e on true
            order by e.id desc
            """
    }

    private static let columns = """
        e.id, e.at, e.actor::text as actor, e.actor_id, e.action, e.subject_kind, e.subject_id, e.before::text as before, \
        e.after::text as after, e.request_id
        """
}
