// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of login links as Platform Apps make and revoke them. Each statement resolves the caller and joins its permissibles
/// itself; redeeming, which takes no caller, is ``SessionStatements``.
enum LoginLinkStatements {
    /// Stores a link's digest for a user who is not suspended. Long dead links of the user go with it.
    static func mint(_ id: Int64, digest: [UInt8], caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.usersImpersonate]), \(permit: .user, id),
        target as (
            select x.id, x.email,
                exists (select from suspensions s where s.subject_kind = 'user' and s.subject_id = x.id) as suspended
            from users x join permit on permit.rights & 4 <> 0 where x.id = \(id) and x.deleted_at is null
        ),
        minted as (
            insert into login_links (user_id, platform_app_id, super_admin_id, digest, expires_at)
            select target.id, a.id, case when caller.actor = 'super_admin' then caller.actor_id end, \(digest),
                   now() + make_interval(secs => coalesce(a.login_link_seconds, 300))
            from target, caller left join platform_apps a on a.id = caller.app_id
            where not target.suspended
            returning user_id as id, expires_at
        ),
        purged as (
            delete from login_links l using target where l.user_id = target.id and l.expires_at < now() - interval '1 day'
        ),
        \(
            audit: "user.login_link", of: .user, "minted", caller: caller,
            after: "jsonb_build_object('expires_at', minted.expires_at)")
        select caller.app_id is not null as authenticated, permit.rights, target.id, target.email, target.suspended, minted.expires_at
        from (select 1) one
        left join caller on true
        left join permit on true
        left join target on true
        left join minted on true
        """
    }

    /// What a link is worth to whoever holds it, without touching it; no row for a wrong address either.
    static func state(digest: [UInt8], email: String) -> PostgresQuery {
        """
        select u.id, u.name, l.redeemed_at is not null as used, l.expires_at <= now() as expired,
               l.revoked_at is not null or not (\(unescaped: minterMay)) as revoked,
               not \(unescaped: SuspensionStatements.isActive("u")) as suspended
        from login_links l join users u on u.id = l.user_id and u.email_key = \(email) and u.deleted_at is null
        where l.digest = \(digest)
        """
    }

    /// The condition that who made the link `l` may still act as the user `u`.
    static let minterMay = """
        case when l.platform_app_id is not null then exists (
            select from platform_apps a
            join platform_app_permissibles p on p.platform_app_id = a.id and p.kind = 'user' and p.object_id = u.id
            where a.id = l.platform_app_id and a.disabled_at is null and p.rights & 4 <> 0)
        when l.super_admin_id is not null then exists (
            select from super_admins a where a.id = l.super_admin_id and a.disabled_at is null)
        else true end
        """

    /// Revokes the caller's own links of a user that nobody has used yet.
    static func revoke(_ id: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.usersImpersonate]), \(permit: .user, id),
        target as (
            select x.id from users x join permit on permit.rights & 4 <> 0 where x.id = \(id) and x.deleted_at is null
        ),
        revoked as (
            update login_links l set revoked_at = now() from target, caller
            where l.user_id = target.id and l.redeemed_at is null
              and (l.platform_app_id = caller.app_id or caller.app_id = 0 and l.platform_app_id is null)
              and l.revoked_at is null and l.expires_at > now()
            returning l.user_id
        ),
        ended as (select user_id as id, count(*) as links from revoked group by user_id),
        \(
            audit: "user.login_link.revoke", of: .user, "ended", caller: caller,
            after: "jsonb_build_object('links', ended.links)")
        select caller.app_id is not null as authenticated, permit.rights, target.id
        from (select 1) one
        left join caller on true
        left join permit on true
        left join target on true
        """
    }
}
