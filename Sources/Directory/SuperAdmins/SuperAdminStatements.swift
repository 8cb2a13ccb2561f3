// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of super admins as operators handle them. None of it reaches an owned object; each statement resolves the operator.
enum SuperAdminStatements {
    static func create(email: String, name: String, passwordHash: String, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller),
        created as (
            insert into super_admins (email, name, password_hash) select \(email), \(name), \(passwordHash) from caller
            returning id, email, name
        ),
        \(
            audit: "super_admin.create", ofOther: "super_admin", "created", caller: caller,
            after: "jsonb_build_object('email', created.email, 'name', created.name)")
        select created.id from caller left join created on true
        """
    }

    /// One super admin, or every one, by id.
    static func list(_ id: Int64?, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller)
        select a.id, a.email, a.name, a.disabled_at is not null as is_disabled, a.totp_confirmed_at is not null as has_totp,
            a.created_at, s.live, s.seen_at,
            (select count(*) from super_admin_recovery_codes c where c.super_admin_id = a.id and c.used_at is null) as codes
        from caller
        left join super_admins a on \(id)::bigint is null or a.id = \(id)
        left join lateral (
            select count(*) filter (where a.disabled_at is null and \(unescaped: SuperAdminSessionStatements.isLive)) as live,
                max(s.seen_at) as seen_at
            from super_admin_sessions s where s.super_admin_id = a.id
        ) s on true
        order by a.id
        """
    }

    static func rename(_ id: Int64, name: String, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller),
        former as (select a.id, a.name from super_admins a, caller where a.id = \(id) for update of a),
        renamed as (
            update super_admins a set name = \(name), updated_at = now() from former where a.id = former.id
            returning a.id, a.name, former.name as former_name
        ),
        \(
            audit: "super_admin.update", ofOther: "super_admin", "renamed", caller: caller,
            before: "jsonb_build_object('name', renamed.former_name)", after: "jsonb_build_object('name', renamed.name)")
        select renamed.id from caller left join renamed on true
        """
    }

    /// Disables a super admin, but never the last who is enabled: those who are enabled are locked and counted, so that of two who
    /// disable each other at the same moment the second finds one left, and is disabled himself by then.
    static func disable(_ id: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller),
        enabled as (
            select a.id from super_admins a where a.disabled_at is null and exists (select from caller) order by a.id for update
        ),
        disabled as (
            update super_admins a set disabled_at = now(), updated_at = now() from enabled, caller
            where a.id = \(id) and a.id = enabled.id and (select count(*) from enabled) > 1
              and (caller.actor <> 'super_admin' or caller.actor_id in (select id from enabled))
            returning a.id
        ),
        ended as (delete from super_admin_sessions s using disabled where s.super_admin_id = disabled.id),
        \(audit: "super_admin.disable", ofOther: "super_admin", "disabled", caller: caller)
        select disabled.id, (select count(*) from enabled) as enabled,
            exists (select from super_admins where id = \(id)) as is_known,
            exists (select from enabled where id = \(id)) as was_enabled
        from caller left join disabled on true
        """
    }

    static func enable(_ id: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller),
        enabled as (
            update super_admins a set disabled_at = null, updated_at = now() from caller
            where a.id = \(id) and a.disabled_at is not null returning a.id
        ),
        \(audit: "super_admin.enable", ofOther: "super_admin", "enabled", caller: caller)
        select exists (select from super_admins where id = \(id)) as is_known from caller
        """
    }

    /// Gives a super admin another password and ends what the former one began.
    static func setPassword(_ id: Int64, hash: String, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller),
        changed as (
            update super_admins a set password_hash = \(hash), updated_at = now() from caller where a.id = \(id) returning a.id
        ),
        ended as (delete from super_admin_sessions s using changed where s.super_admin_id = changed.id),
        \(audit: "super_admin.reset_password", ofOther: "super_admin", "changed", caller: caller)
        select changed.id from caller left join changed on true
        """
    }

    /// The same by who knows the former one: the session that asks goes on under the new one, the others end.
    static func changePassword(from old: String, to new: String, _ session: SuperAdminProof, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller),
        changed as (
            update super_admins a set password_hash = \(new), updated_at = now() from caller
            where a.id = caller.actor_id and a.password_hash = \(old) returning a.id
        ),
        kept as (
            update super_admin_sessions s set password_mark = password_mark(\(new)), confirmed_at = now() from changed
            where s.super_admin_id = changed.id and s.digest = \(session.digest)
        ),
        ended as (
            delete from super_admin_sessions s using changed
            where s.super_admin_id = changed.id and s.digest <> \(session.digest)
        ),
        \(audit: "super_admin.change_password", ofOther: "super_admin", "changed", caller: caller)
        select changed.id from caller left join changed on true
        """
    }
}
