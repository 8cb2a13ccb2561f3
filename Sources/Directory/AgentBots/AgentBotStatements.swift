// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of agent bots. Each statement resolves the caller and joins its permissibles itself, on the bot and on the account
/// that it is put into.
enum AgentBotStatements {
    /// The columns of a bot's body; in scope is the row as `b`.
    static let columns = "b.id, b.name, b.description, b.outgoing_url, b.account_id, b.avatar_url, b.row_version"

    /// Whether the bot is there: a deleted account takes its bots along at once.
    private static func live(_ bot: String) -> String {
        """
        \(bot).deleted_at is null and (\(bot).account_id is null or exists (\
        select from accounts o where o.id = \(bot).account_id and o.deleted_at is null))
        """
    }

    /// The live bots that the caller may read, by id; one row with a null id when there is none.
    ///
    /// - Parameter page: nil for all of them.
    static func list(_ page: PageRequest?, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.agentBotsRead])
        select caller.app_id is not null as authenticated, 1::smallint as rights, \(unescaped: columns)
        from (select 1) one
        left join caller on true
        left join lateral (
            select x.* from \(unescaped: caller.reach(.agentBot)) join agent_bots x on x.id = p.object_id and \(unescaped: live("x"))
            where p.kind = 'agent_bot' and p.platform_app_id = caller.app_id and p.rights & 1 <> 0
              and \(of: page, "p.object_id")
            order by p.object_id limit \(page?.fetched)
        ) b on true
        order by b.id
        """
    }

    static func show(_ id: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.agentBotsRead]), \(permit: .agentBot, id)
        select caller.app_id is not null as authenticated, permit.rights, \(unescaped: columns)
        from (select 1) one
        left join caller on true
        left join permit on true
        left join agent_bots b on b.id = \(id) and permit.rights & 1 <> 0 and \(unescaped: live("b"))
        """
    }

    /// What the caller may do with the bot, where there is one, and with the account it shall be put into: the checks alone.
    static func check(_ id: Int64?, account: Int64?, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.agentBotsWrite]), \(permit: .agentBot, id ?? 0), \(permit: .account, account ?? 0, named: "account_permit")
        select caller.app_id is not null as authenticated, \(unescaped: id == nil ? "15::smallint as rights" : "permit.rights"),
               account_permit.rights as account_rights,
               exists (select from accounts o where o.id = \(account ?? 0) and o.deleted_at is null) as account_exists, b.id
        from (select 1) one
        left join caller on true
        left join permit on true
        left join account_permit on true
        left join agent_bots b on b.id = \(id ?? 0) and permit.rights & 1 <> 0 and \(unescaped: live("b"))
        """
    }

    /// Inserts the bot with its permissible, token and audit event.
    static func create(_ draft: AgentBotDraft, keyID: Int32, caller: Caller) -> PostgresQuery {
        let account = draft.accountID ?? nil
        return """
            with \(caller: caller, needs: [.agentBotsWrite]), \(permit: .account, account ?? 0, named: "account_permit"),
            \(account: account),
            created as (
                insert into agent_bots (name, description, outgoing_url, account_id, avatar_url)
                select \(draft.name ?? nil), \(draft.description ?? nil), \(draft.outgoingURL ?? nil), \(account),
                       coalesce(\(draft.avatarURL ?? nil), '')
                from caller where \(account == nil) or exists (select from account)
                returning agent_bots.*
            ),
            permitted as (
                insert into platform_app_permissibles (kind, platform_app_id, object_id, origin, rights)
                select 'agent_bot', caller.app_id, created.id, 'created', 15 from created, caller where caller.app_id <> 0
            ),
            minted as (
                insert into access_tokens (owner_kind, owner_id, key_id) select 'agent_bot', created.id, \(keyID) from created
            ),
            \(audit: "agent_bot.create", of: .agentBot, "created", caller: caller, after: audited("created"))
            select caller.app_id is not null as authenticated, 15::smallint as rights,
                   account_permit.rights as account_rights, exists (select from account) as account_exists, \(unescaped: columns)
            from (select 1) one
            left join caller on true
            left join account_permit on true
            left join created b on true
            """
    }

    /// Changes the fields given. What is so already is no write: no version, no audit event.
    static func update(_ id: Int64, _ draft: AgentBotDraft, caller: Caller) -> PostgresQuery {
        let account = draft.accountID ?? nil
        return """
            with \(caller: caller, needs: [.agentBotsWrite]), \(permit: .agentBot, id), \(permit: .account, account ?? 0, named: "account_permit"),
            \(account: account),
            target as (
                select x.* from agent_bots x join permit on permit.rights & 2 <> 0
                where x.id = \(id) and \(unescaped: live("x")) and (\(account == nil) or exists (select from account))
                  \(matching: draft.matching)
                for no key update of x
            ),
            wanted as (
                select t.id,
                    case when \(draft.name != nil) then \(draft.name ?? nil) else t.name end as name,
                    case when \(draft.description != nil) then \(draft.description ?? nil) else t.description end as description,
                    case when \(draft.outgoingURL != nil) then \(draft.outgoingURL ?? nil) else t.outgoing_url end as outgoing_url,
                    case when \(draft.accountID != nil) then \(account) else t.account_id end as account_id,
                    case when \(draft.avatarURL != nil) then coalesce(\(draft.avatarURL ?? nil), '') else t.avatar_url end
                        as avatar_url
                from target t
            ),
            updated as (
                update agent_bots x set
                    name = w.name, description = w.description, outgoing_url = w.outgoing_url, account_id = w.account_id,
                    avatar_url = w.avatar_url, row_version = x.row_version + 1, updated_at = now()
                from wanted w join target t on t.id = w.id
                where x.id = w.id and (w.name, w.description, w.outgoing_url, w.account_id, w.avatar_url)
                    is distinct from (t.name, t.description, t.outgoing_url, t.account_id, t.avatar_url)
                returning x.*
            ),
            \(
                audit: "agent_bot.update", of: .agentBot, "updated", caller: caller,
                before: "(select \(audited("target")) from target)", after: audited("updated")),
            body as (
                select * from updated
                union all
                select * from target where not exists (select from updated)
            )
            select caller.app_id is not null as authenticated, permit.rights,
                   account_permit.rights as account_rights, exists (select from account) as account_exists, \(unescaped: columns)
            from (select 1) one
            left join caller on true
            left join permit on true
            left join account_permit on true
            left join body b on true
            """
    }

    /// Makes the bot a tombstone.
    static func delete(_ id: Int64, matching: VersionMatch = .any, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.agentBotsDelete]), \(permit: .agentBot, id),
        deleted as (
            update agent_bots x set deleted_at = now(), updated_at = now(), row_version = x.row_version + 1
            from permit where permit.rights & 8 <> 0 and x.id = \(id) and \(unescaped: live("x"))\(matching: matching)
            returning x.*
        ),
        \(audit: "agent_bot.delete", of: .agentBot, "deleted", caller: caller, before: audited("deleted"))
        select caller.app_id is not null as authenticated, permit.rights, \(presence: id, in: "agent_bots", matching)deleted.id
        from (select 1) one
        left join caller on true
        left join permit on true
        left join deleted on true
        """
    }

    private static func audited(_ relation: String) -> String {
        "jsonb_build_object('name', \(relation).name, 'description', \(relation).description, "
            + "'outgoing_url', \(relation).outgoing_url, 'account_id', \(relation).account_id, "
            + "'avatar_url', \(relation).avatar_url)"
    }
}

extension PostgresQuery.StringInterpolation {
    /// The CTE `account`: the live account that the bot is put into, when the caller may write it.
    fileprivate mutating func appendInterpolation(account id: Int64?) {
        appendLiteral(
            "account as (select a.id from accounts a join account_permit on account_permit.rights & 2 <> 0 where a.id = ")
        appendInterpolation(id)
        appendLiteral(" and a.deleted_at is null)")
    }
}
