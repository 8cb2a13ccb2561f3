// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of the purge: what has been a tombstone for long enough, and what has expired, in bounded batches. Foreign keys cascade; what refers to
/// objects of any kind, and so can have none, is deleted in the same statement.
enum PurgeStatements {
    /// In an order in which nothing large is left to a cascade. Each may be run again until it finds less than `batch`.
    static func all(seconds: Int64, batch: Int32) -> [PostgresQuery] {
        [
            botsOfAccounts(seconds, batch), objects("agent_bots", .agentBot, seconds, batch), members(seconds, batch),
            objects("users", .user, seconds, batch),
            accounts(seconds, batch), deliveriesOfWebhooks(seconds, batch), webhooks(seconds, batch),
            expiredSessions(batch), expiredSuperAdminSessions(batch), deadLoginLinks(batch),
        ]
    }

    private static func objects(_ table: StaticString, _ kind: ObjectKind, _ seconds: Int64, _ batch: Int32) -> PostgresQuery {
        """
        with due as (
            select id from \(unescaped: "\(table)") where deleted_at < now() - \(seconds) * interval '1 second'
            order by deleted_at limit \(batch) for update skip locked
        ), \(unescaped: traces(kind))
        delete from \(unescaped: "\(table)") x using due where x.id = due.id
        """
    }

    private static func botsOfAccounts(_ seconds: Int64, _ batch: Int32) -> PostgresQuery {
        """
        with due as (
            select b.id from accounts a join agent_bots b on b.account_id = a.id
            where a.deleted_at < now() - \(seconds) * interval '1 second' limit \(batch) for update of b skip locked
        ), \(unescaped: traces(.agentBot))
        delete from agent_bots x using due where x.id = due.id
        """
    }

    private static func members(_ seconds: Int64, _ batch: Int32) -> PostgresQuery {
        """
        delete from account_users where id in (
            select m.id from accounts a join account_users m on m.account_id = a.id
            where a.deleted_at < now() - \(seconds) * interval '1 second' limit \(batch)
        )
        """
    }

    private static func accounts(_ seconds: Int64, _ batch: Int32) -> PostgresQuery {
        """
        with due as (
            select id from accounts a where deleted_at < now() - \(seconds) * interval '1 second'
              and not exists (select from account_users m where m.account_id = a.id)
              and not exists (select from agent_bots b where b.account_id = a.id)
            order by deleted_at limit \(batch) for update skip locked
        ), \(unescaped: traces(.account))
        delete from accounts x using due where x.id = due.id
        """
    }

    private static func deliveriesOfWebhooks(_ seconds: Int64, _ batch: Int32) -> PostgresQuery {
        """
        delete from deliveries where id in (
            select d.id from webhooks w join deliveries d on d.webhook_id = w.id
            where w.deleted_at < now() - \(seconds) * interval '1 second' limit \(batch)
        )
        """
    }

    private static func webhooks(_ seconds: Int64, _ batch: Int32) -> PostgresQuery {
        """
        delete from webhooks where id in (
            select w.id from webhooks w where w.deleted_at < now() - \(seconds) * interval '1 second'
              and not exists (select from deliveries d where d.webhook_id = w.id) limit \(batch)
        )
        """
    }

    /// Nobody can tell an expired session from one that never was.
    private static func expiredSessions(_ batch: Int32) -> PostgresQuery {
        """
        delete from sessions where id in (
            select id from sessions where expires_at < now() limit \(batch) for update skip locked
        )
        """
    }

    private static func expiredSuperAdminSessions(_ batch: Int32) -> PostgresQuery {
        """
        delete from super_admin_sessions where id in (
            select id from super_admin_sessions where expires_at < now() limit \(batch) for update skip locked
        )
        """
    }

    /// A day long, whoever holds a link that is over is told why.
    private static func deadLoginLinks(_ batch: Int32) -> PostgresQuery {
        """
        delete from login_links where id in (
            select id from login_links where expires_at < now() - interval '1 day' limit \(batch) for update skip locked
        )
        """
    }

    /// What no foreign key holds to an object.
    private static func traces(_ kind: ObjectKind) -> String {
        """
        suspended as (delete from suspensions s using due where s.subject_kind = '\(kind.rawValue)' and s.subject_id = due.id),
        linked as (delete from links l using due where l.kind = '\(kind.rawValue)' and l.object_id = due.id)
        """
            + (kind == .account
                ? ""
                : ", tokens as (delete from access_tokens t using due where t.owner_kind = '\(kind.rawValue)' and t.owner_id = due.id)")
    }
}
