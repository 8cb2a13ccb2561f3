// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Postgres
import Secrets

/// The SQL of super admins' authenticators and recovery codes. What is one's own acts on the row of the caller itself.
enum SuperAdminTOTPStatements {
    /// A new nonce for the caller's authenticator, unless one is in use.
    static func begin(keyID: Int32, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller.confirmed),
        begun as (
            update super_admins a set totp_nonce = gen_random_uuid(), totp_key_id = \(keyID), totp_last_step = null,
                updated_at = now()
            from caller where a.id = caller.actor_id and a.totp_confirmed_at is null
            returning a.id, a.email, a.totp_nonce, a.totp_key_id
        ),
        \(audit: "super_admin.totp_begin", ofOther: "super_admin", "begun", caller: caller)
        select begun.* from caller left join begun on true
        """
    }

    /// What the caller's authenticator is to be told, while it was not proved yet.
    static func begun(caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller.confirmed)
        select a.id, a.email, a.totp_nonce, a.totp_key_id, extract(epoch from now())::bigint as now
        from caller left join super_admins a on a.id = caller.actor_id and a.totp_nonce is not null and a.totp_confirmed_at is null
        """
    }

    /// Takes the authenticator into use; sessions that a password alone began end, apart from the one that asks.
    static func confirm(
        step: Int64, of claims: TOTPClaims, codes: [[UInt8]], _ session: SuperAdminProof, caller: Caller
    ) -> PostgresQuery {
        """
        with \(operator: caller.confirmed),
        confirmed as (
            update super_admins a set totp_confirmed_at = now(), totp_last_step = \(step), updated_at = now() from caller
            where a.id = caller.actor_id and a.totp_nonce = \(claims.nonce) and a.totp_confirmed_at is null
            returning a.id
        ),
        codes as (
            insert into super_admin_recovery_codes (super_admin_id, digest)
            select confirmed.id, c.digest from confirmed, unnest(\(codes)) as c(digest)
        ),
        ended as (
            delete from super_admin_sessions s using confirmed
            where s.super_admin_id = confirmed.id and s.digest <> \(session.digest)
        ),
        \(audit: "super_admin.totp_enable", ofOther: "super_admin", "confirmed", caller: caller)
        select confirmed.id from caller left join confirmed on true
        """
    }

    /// Puts the caller's own authenticator out of use.
    static func disable(caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller.confirmed),
        disabled as (
            update super_admins a set totp_nonce = null, totp_key_id = null, totp_confirmed_at = null, totp_last_step = null,
                updated_at = now()
            from caller where a.id = caller.actor_id and a.totp_nonce is not null
            returning a.id
        ),
        codes as (delete from super_admin_recovery_codes c using disabled where c.super_admin_id = disabled.id),
        \(audit: "super_admin.totp_disable", ofOther: "super_admin", "disabled", caller: caller)
        select disabled.id from caller left join disabled on true
        """
    }

    /// Takes the authenticator of a super admin away who lost it, and ends that super admin's sessions.
    static func reset(_ id: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller.confirmed),
        reset as (
            update super_admins a set totp_nonce = null, totp_key_id = null, totp_confirmed_at = null, totp_last_step = null,
                updated_at = now()
            from caller where a.id = \(id)
            returning a.id
        ),
        codes as (delete from super_admin_recovery_codes c using reset where c.super_admin_id = reset.id),
        ended as (delete from super_admin_sessions s using reset where s.super_admin_id = reset.id),
        \(audit: "super_admin.totp_reset", ofOther: "super_admin", "reset", caller: caller)
        select reset.id from caller left join reset on true
        """
    }

    /// Puts new recovery codes in the place of the caller's former ones. Of two at once, the second finds the codes gone that it
    /// was to replace, and adds none.
    static func renewCodes(_ codes: [[UInt8]], caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller.confirmed),
        owner as (select a.id from super_admins a, caller where a.id = caller.actor_id and a.totp_confirmed_at is not null),
        former as (delete from super_admin_recovery_codes c using owner where c.super_admin_id = owner.id returning c.digest),
        renewed as (select id from owner where exists (select from former)),
        codes as (
            insert into super_admin_recovery_codes (super_admin_id, digest)
            select renewed.id, c.digest from renewed, unnest(\(codes)) as c(digest)
        ),
        \(audit: "super_admin.recovery_codes", ofOther: "super_admin", "renewed", caller: caller)
        select renewed.id from caller left join renewed on true
        """
    }
}
