// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of users' access tokens. Each statement resolves the caller and joins its permissibles itself.
enum UserTokenStatements {
    /// Locks the user, so that of two who rotate the second sees what the first has minted.
    static func lock(_ id: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.usersImpersonate]), \(permit: .user, id)
        select x.id from users x join permit on permit.rights & 4 <> 0
        where x.id = \(id) and x.deleted_at is null
        for no key update of x
        """
    }

    /// The user with a live token, minted where every earlier one was revoked; needs the right to impersonate.
    static func token(_ id: Int64, _ request: TokenRequest, keyID: Int32, caller: Caller) -> PostgresQuery {
        """
        with \(caller: caller, needs: [.usersImpersonate]), \(permit: .user, id),
        target as (
            select x.* from users x join permit on permit.rights & 4 <> 0 where x.id = \(id) and x.deleted_at is null
        ),
        live as (
            select at.id from access_tokens at join target on at.owner_kind = 'user' and at.owner_id = target.id
            where at.revoked_at is null and (at.expires_at is null or at.expires_at > now())
        ),
        revoked as (
            update access_tokens at set revoked_at = now() from live where \(request.rotate) and at.id = live.id
            returning at.id
        ),
        limited as (
            update access_tokens at set expires_at = now() + make_interval(secs => \(request.expiresIn.map(Double.init)))
            where not \(request.rotate) and \(request.expiresIn != nil) and at.id = (select max(live.id) from live)
            returning at.id, at.owner_kind, at.owner_id, at.nonce, at.key_id, at.expires_at, at.revoked_at
        ),
        minted as (
            insert into access_tokens (owner_kind, owner_id, key_id, expires_at)
            select 'user', target.id, \(keyID), now() + make_interval(secs => \(request.expiresIn.map(Double.init))) from target
            where \(request.rotate) or not exists (select from live)
            returning id, owner_kind, owner_id, nonce, key_id, expires_at, revoked_at
        ),
        issued as (
            select owner_id as id, expires_at, (select count(*) from revoked) as revoked from minted
            union all
            select owner_id, expires_at, 0 from limited
        ),
        \(
            audit: "user.token", of: .user, "issued", caller: caller,
            after: "jsonb_build_object('expires_at', issued.expires_at, 'revoked', issued.revoked)")
        select caller.app_id is not null as authenticated, permit.rights, true as reveals, \(unescaped: UserRow.columns)
        from (select 1) one
        left join caller on true
        left join permit on true
        left join target u on true
        \(unescaped: UserRow.joins(tokens: tokensMintedAndLimited))
        """
    }

    /// The tokens that are there, and the one that the statement itself mints in `minted`.
    static let tokensAndMinted = """
        (select id, owner_kind, owner_id, nonce, key_id, expires_at, revoked_at from access_tokens \
        union all select id, owner_kind, owner_id, nonce, key_id, expires_at, revoked_at from minted)
        """

    /// A statement sees what was there before it, so what it wrote hides that.
    private static let tokensMintedAndLimited = """
        (select o.id, o.owner_kind, o.owner_id, o.nonce, o.key_id, o.expires_at, o.revoked_at from access_tokens o \
        where not exists (select from minted) and not exists (select from limited) \
        union all select id, owner_kind, owner_id, nonce, key_id, expires_at, revoked_at from minted \
        union all select id, owner_kind, owner_id, nonce, key_id, expires_at, revoked_at from limited)
        """
}
