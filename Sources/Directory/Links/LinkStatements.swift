// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of links as operators see them. Each statement resolves the caller, which must be an operator.
enum LinkStatements {
    static func list(_ kind: ObjectKind, _ id: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [kind == .account ? .accountsRead : .usersRead])
        select caller.actor is not null as authenticated, s.id as source_id, s.name as source, a.id as app_id, a.name as app,
               l.policy, l.external_key, l.last_seen_run, r.created_at as last_seen_at
        from (select 1) one
        left join caller on true
        left join links l on caller.actor is not null and l.object_id = \(id) and l.kind = '\(unescaped: kind.rawValue)'
        left join sources s on s.id = l.source_id
        left join platform_apps a on a.id = s.platform_app_id
        left join runs r on r.id = l.last_seen_run
        order by s.id
        """
    }
}
