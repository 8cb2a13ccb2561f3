// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of the operators' list of agent bots. Each statement resolves the caller, which must be an operator.
///
/// Bots are few: their names are compared along the walk and have no index.
enum AgentBotListStatements {
    /// A page of bots, each with its `position`; one row with a null id when there is none.
    static func list(_ query: AgentBotListQuery, _ walk: ListWalk, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.agentBotsRead])
        select caller.actor is not null as authenticated, b.id, b.name, b.description, b.account_id, b.account_name, b.created_at,
               b.position, owned.apps, owned.first_app
        from (select 1) one
        left join caller on true
        left join lateral (
            select x.*, o.name as account_name, w.\(unescaped: walk.key) as position from (\(walk, of: .agentBot, query.page)) w
            join agent_bots x on x.id = w.id and x.deleted_at is null
            left join accounts o on o.id = x.account_id and o.deleted_at is null
            where (x.account_id is null or o.id is not null)\(filters: query)
            order by w.\(unescaped: walk.key) desc limit \(query.page.fetched)
        ) b on caller.actor is not null
        left join lateral (
            select count(*) as apps, min(pa.name) as first_app
            from platform_app_permissibles p join platform_apps pa on pa.id = p.platform_app_id
            where p.kind = 'agent_bot' and p.object_id = b.id
        ) owned on b.id is not null
        order by b.position desc
        """
    }
}

extension PostgresQuery.StringInterpolation {
    fileprivate mutating func appendInterpolation(filters query: AgentBotListQuery) {
        appendInterpolation(reachedBy: query.platformAppID, .agentBot)
        if let account = query.accountID {
            appendLiteral(" and x.account_id = ")
            appendInterpolation(account)
        }
        if let text = query.text {
            appendInterpolation(words: text, in: "x.name")
        }
    }
}
