// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of any app's permissibles as operators see them: for the caller of an app each comes to nothing.
enum AppPermissibleStatements {
    /// What an app reaches of a kind, tombstones apart, by object; one row with a null id when there is none.
    ///
    /// To be planned for the app that is asked for, since apps differ in what they reach by orders of magnitude: where one of few
    /// objects is taken for one of many, the plan walks along everybody's. `offset 0` keeps it from doing that with the objects.
    static func list(_ kind: ObjectKind, of appID: Int64, _ page: PageRequest, by caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.permissiblesRead])
        select caller.actor is not null as authenticated, a.id as app_id, x.*
        from (select 1) one
        left join caller on true
        left join platform_apps a on caller.actor is not null and a.id = \(appID) and a.deleted_at is null
        left join lateral (
            select p.object_id as id, \(unescaped: kind.names), p.origin, p.rights, p.created_at
            from platform_app_permissibles p
            cross join lateral (
                select * from \(unescaped: kind.table) t where t.id = p.object_id and t.deleted_at is null offset 0) o
            where a.id is not null and p.kind = '\(unescaped: kind.rawValue)' and p.platform_app_id = \(appID) and \(of: page, "p.object_id")
            order by p.object_id limit \(page.fetched)
        ) x on true
        order by x.id
        """
    }

    /// An object that lives, with what the app may do with it, if anything.
    static func show(_ kind: ObjectKind, _ id: Int64, of appID: Int64, by caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.permissiblesRead])
        select caller.actor is not null as authenticated, a.id as app_id, o.id, \(unescaped: kind.names), p.origin, p.rights,
               p.created_at
        from (select 1) one
        left join caller on true
        left join platform_apps a on caller.actor is not null and a.id = \(appID) and a.deleted_at is null
        left join \(unescaped: kind.table) o on a.id is not null and o.id = \(id) and o.deleted_at is null
        left join platform_app_permissibles p
            on p.kind = '\(unescaped: kind.rawValue)' and p.platform_app_id = a.id and p.object_id = o.id
        """
    }

    /// Objects that a text names, by id or by words, with what the app may do already; one row with a null id when there is none.
    ///
    /// - Parameter id: the text as a number.
    static func candidates(
        _ kind: ObjectKind, for appID: Int64, _ text: String, id: Int64?, most: Int64, by caller: Caller
    ) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.permissiblesRead]),
        app as (select a.id from caller, platform_apps a where a.id = \(appID) and a.deleted_at is null),
        found as (
            select o.id, \(unescaped: kind.names) from app, \(unescaped: kind.table) o where o.deleted_at is null and o.id = \(id)
            union
            \(found: kind, text, most)
        )
        select caller.actor is not null as authenticated, app.id as app_id, f.*, p.rights
        from (select 1) one
        left join caller on true
        left join app on true
        left join lateral (select * from found order by id limit \(most)) f on true
        left join platform_app_permissibles p
            on p.kind = '\(unescaped: kind.rawValue)' and p.platform_app_id = app.id and p.object_id = f.id
        order by f.id
        """
    }
}

extension ObjectKind {
    /// Columns `name` and `email` of the object `o`.
    fileprivate var names: String {
        self == .user ? "o.name, o.email" : "o.name, null::text as email"
    }
}

extension PostgresQuery.StringInterpolation {
    /// Objects found by the words of a text; only for an app that there is.
    fileprivate mutating func appendInterpolation(found kind: ObjectKind, _ text: String, _ most: Int64) {
        appendLiteral("select o.id, \(kind.names) from app, \(kind.table) o where o.deleted_at is null and o.id in (")
        switch kind {
        case .user:
            appendLiteral("select unnest(search_users(")
            appendInterpolation(text)
            appendLiteral(", ")
            appendInterpolation(Int32(most))
            appendLiteral(")))")
        case .account, .agentBot:
            appendLiteral("select s.id from \(kind.table) s where s.deleted_at is null and strpos(lower(s.name), lower(")
            appendInterpolation(text)
            appendLiteral(")) > 0 limit ")
            appendInterpolation(most)
            appendLiteral(")")
        }
    }
}
