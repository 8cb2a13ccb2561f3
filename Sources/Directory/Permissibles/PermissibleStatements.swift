// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of permissibles: what an app may see of its own, and what operators do to them.
enum PermissibleStatements {
    /// What the caller may reach of one kind, tombstones apart, by object; one row with a null id when there is none.
    static func list(_ kind: ObjectKind, after: Int64, fetched: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.permissiblesRead])
        select caller.app_id is not null as authenticated, 1::smallint as rights, x.object_id as id, x.origin,
               x.rights as granted, x.created_at
        from (select 1) one
        left join caller on true
        left join lateral (
            select p.object_id, p.origin, p.rights, p.created_at
            from platform_app_permissibles p
            join \(unescaped: kind.table) o on o.id = p.object_id and o.deleted_at is null
            where p.kind = '\(unescaped: kind.rawValue)' and p.platform_app_id = caller.app_id and p.object_id > \(after)
            order by p.object_id limit \(fetched)
        ) x on true
        order by x.object_id
        """
    }

    /// Ends the caller's own reach; the object and everybody else's reach stay as they are.
    static func release(_ kind: ObjectKind, _ id: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.permissiblesDelete]), \(permit: kind, id),
        released as (
            delete from platform_app_permissibles p
            using caller, \(unescaped: kind.table) o
            where p.kind = '\(unescaped: kind.rawValue)' and p.platform_app_id = caller.app_id and p.object_id = \(id)
              and o.id = p.object_id and o.deleted_at is null
            returning p.object_id as id, p.origin, p.rights
        ),
        \(
            audit: "permissible.release", of: kind, "released", caller: caller,
            before: "jsonb_build_object('origin', released.origin, 'rights', released.rights)")
        select caller.app_id is not null as authenticated, permit.rights, released.id
        from (select 1) one
        left join caller on true
        left join permit on true
        left join released on true
        """
    }

    /// The apps that may reach an object.
    ///
    /// Operators only.
    static func owners(_ kind: ObjectKind, _ id: Int64, by caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.permissiblesRead])
        select caller.actor is not null as authenticated, a.id, a.name, a.disabled_at is not null as disabled, p.origin, p.rights,
               p.created_at
        from (select 1) one
        left join caller on true
        left join platform_app_permissibles p
            on caller.actor is not null and p.kind = '\(unescaped: kind.rawValue)' and p.object_id = \(id)
        left join platform_apps a on a.id = p.platform_app_id
        order by p.created_at, a.id
        """
    }

    /// Gives the app these rights on the object and no others; how it came to reach it stays what it was.
    ///
    /// Operators only.
    static func grant(
        _ kind: ObjectKind, _ id: Int64, to appID: Int64, _ rights: Rights, by caller: Caller
    ) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.permissiblesWrite]),
        target as (
            select o.id, a.id as app_id from caller cross join \(unescaped: kind.table) o
            join platform_apps a on a.id = \(appID) and a.deleted_at is null
            where o.id = \(id) and o.deleted_at is null
        ),
        before as (
            select p.origin, p.rights from platform_app_permissibles p join target
                on p.kind = '\(unescaped: kind.rawValue)' and p.platform_app_id = target.app_id and p.object_id = target.id
        ),
        granted as (
            insert into platform_app_permissibles as p (kind, platform_app_id, object_id, origin, rights)
            select '\(unescaped: kind.rawValue)', target.app_id, target.id, 'granted', \(rights.rawValue) from target
            on conflict (kind, platform_app_id, object_id) do update set rights = excluded.rights
            where p.rights <> excluded.rights
            returning p.platform_app_id as app_id, p.object_id as id, p.origin, p.rights
        ),
        \(auditOperator: "permissible.grant", kind, "granted", by: caller)
        select caller.actor is not null as authenticated, exists (select from target) as found
        from (select 1) one left join caller on true
        """
    }

    /// Takes the app's reach of the object away, however it came to be; of tombstones too.
    ///
    /// Operators only.
    static func revoke(_ kind: ObjectKind, _ id: Int64, from appID: Int64, by caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.permissiblesWrite]),
        before as (
            select p.origin, p.rights from platform_app_permissibles p
            where p.kind = '\(unescaped: kind.rawValue)' and p.platform_app_id = \(appID) and p.object_id = \(id)
        ),
        revoked as (
            delete from platform_app_permissibles p using caller
            where p.kind = '\(unescaped: kind.rawValue)' and p.platform_app_id = \(appID) and p.object_id = \(id)
            returning p.platform_app_id as app_id, p.object_id as id, p.origin, p.rights
        ),
        \(auditOperator: "permissible.revoke", kind, "revoked", by: caller)
        select caller.actor is not null as authenticated, exists (select from revoked) as found
        from (select 1) one left join caller on true
        """
    }
}

extension PostgresQuery.StringInterpolation {
    /// The CTE `audited`: one event for each row of `relation(app_id, id, origin, rights)`, with what was `before`.
    fileprivate mutating func appendInterpolation(
        auditOperator action: StaticString, _ kind: ObjectKind, _ relation: StaticString, by caller: Caller
    ) {
        appendLiteral(
            """
            audited as (insert into audit_events \
            (actor, actor_id, platform_app_id, action, subject_kind, subject_id, before, after, request_id) \
            select caller.actor, nullif(caller.actor_id, 0), \(relation).app_id, '\(action)', '\(kind.rawValue)', \(relation).id, \
            (select jsonb_build_object('origin', before.origin, 'rights', before.rights) from before), \
            jsonb_build_object('origin', \(relation).origin, 'rights', \(relation).rights), 
            """)
        appendInterpolation(caller.requestID)
        appendLiteral("::text from \(relation), caller)")
    }
}
