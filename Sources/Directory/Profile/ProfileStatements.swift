// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of what people do with their own user. No app and no operator calls: the person's credential is in each statement,
/// and there is no id that could be another's.
enum ProfileStatements {
    static func update(_ change: ProfileChange, _ credential: PersonCredential, requestID: String?) -> PostgresQuery {
        """
        with \(themselves: credential),
        target as (select u.* from users u join person on u.id = person.user_id for update of u),
        updated as (
            update users x set name = w.name, display_name = w.display_name, row_version = x.row_version + 1, updated_at = now(),
                field_owners = \(unescaped: UserStatements.takenOver(to: "w", app: "0", by: "'user'", "x.id"))
            from target t
            cross join lateral (
                select \(change.name) as name, t.email, \(change.displayName) as display_name, t.custom_attributes
            ) w
            where x.id = t.id and (t.name, t.display_name) is distinct from (\(change.name), \(change.displayName))
            returning x.*
        ),
        \(
            audit: "user.update", of: .user, "updated", requestID: requestID,
            before: "(select \(UserStatements.audited("target")) from target)", after: UserStatements.audited("updated"))
        select user_id as id from person
        """
    }

    /// What the person's password is compared with.
    static func passwordHash(_ credential: PersonCredential) -> PostgresQuery {
        """
        with \(person: credential)
        select u.id, u.email, u.password_hash from person join users u on u.id = person.user_id
        """
    }

    /// Sets another password while it is still the one that was compared, and ends all sessions but the one that asks.
    static func setPassword(
        _ hash: String, instead old: String?, _ credential: PersonCredential, requestID: String?
    ) -> PostgresQuery {
        """
        with \(themselves: credential),
        target as (
            select u.* from users u join person on u.id = person.user_id
            where u.password_hash is not distinct from \(old) for update of u
        ),
        updated as (
            update users x set password_hash = \(hash), row_version = x.row_version + 1, updated_at = now()
            from target t where x.id = t.id
            returning x.*
        ),
        ended as (
            delete from sessions s using updated, person
            where s.user_id = updated.id and s.id is distinct from person.session_id
        ),
        kept as (
            update sessions s set password_mark = password_mark(updated.password_hash) from updated, person
            where s.id = person.session_id
        ),
        \(
            audit: "user.update", of: .user, "updated", requestID: requestID,
            before: "(select \(UserStatements.audited("target")) from target)", after: UserStatements.audited("updated"))
        select person.user_id as id, updated.id is not null as changed from person left join updated on true
        """
    }

    /// The person's newest live token, for showing it; told in the audit trail.
    static func revealToken(_ credential: PersonCredential, requestID: String?) -> PostgresQuery {
        """
        with \(themselves: credential),
        token as (
            select at.id as token_id, at.owner_id as id, at.nonce, at.key_id from access_tokens at
            join person on at.owner_kind = 'user' and at.owner_id = person.user_id
            where at.revoked_at is null and (at.expires_at is null or at.expires_at > now())
            order by at.id desc limit 1
        ),
        \(
            audit: "user.token.reveal", of: .user, "token", requestID: requestID,
            after: "jsonb_build_object('token_id', token.token_id)")
        select person.user_id as id, token.token_id, token.nonce, token.key_id from person left join token on true
        """
    }

    /// A new token in the place of every other.
    static func rotateToken(keyID: Int32, _ credential: PersonCredential, requestID: String?) -> PostgresQuery {
        """
        with \(themselves: credential),
        target as (select u.id from users u join person on u.id = person.user_id for no key update of u),
        revoked as (
            update access_tokens at set revoked_at = now() from target
            where at.owner_kind = 'user' and at.owner_id = target.id and at.revoked_at is null
            returning at.id
        ),
        minted as (
            insert into access_tokens (owner_kind, owner_id, key_id) select 'user', target.id, \(keyID) from target
            returning id as token_id, owner_id as id, nonce, key_id
        ),
        \(
            audit: "user.token", of: .user, "minted", requestID: requestID,
            after: "jsonb_build_object('revoked', (select count(*) from revoked))")
        select minted.id, minted.token_id, minted.nonce, minted.key_id from minted
        """
    }
}

extension PostgresQuery.StringInterpolation {
    /// The CTEs `person` and, for the audit trail, `caller`: who acts on themselves.
    fileprivate mutating func appendInterpolation(themselves credential: PersonCredential) {
        appendInterpolation(person: credential)
        appendLiteral(
            ", caller as (select 0::bigint as app_id, 'user'::actor_kind as actor, user_id as actor_id from person)")
    }
}
