// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of super admins' access tokens. None of it reaches an owned object; each statement resolves the operator.
enum SuperAdminTokenStatements {
    /// A token for the caller itself; a command may issue one to anybody. Only what may do everything may issue, so that no token
    /// begets one that reaches further.
    static func issue(
        to id: Int64, scopes: [String]?, expiresIn: Int64?, keyID: Int32, caller: Caller
    ) -> PostgresQuery {
        """
        with \(operator: caller.confirmed),
        minted as (
            insert into access_tokens (owner_kind, owner_id, key_id, scopes, expires_at)
            select 'super_admin', a.id, \(keyID), \(scopes), now() + make_interval(secs => \(expiresIn.map(Double.init)))
            from super_admins a, caller
            where a.id = \(id) and a.disabled_at is null and (caller.actor = 'command' or caller.actor_id = a.id)
            returning id, owner_id, nonce, key_id, scopes, expires_at
        ),
        \(
            audit: "access_token.issue", ofOther: "access_token", "minted", caller: caller,
            after: """
            jsonb_build_object('owner', 'super_admin', 'owner_id', minted.owner_id, 'scopes', minted.scopes, \
            'expires_at', minted.expires_at)
            """)
        select minted.id, minted.nonce, minted.key_id from caller left join minted on true
        """
    }

    /// Every token that one super admin, or any, ever had; the newest first.
    static func list(of id: Int64?, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller)
        select t.id, t.owner_id, t.scopes, t.created_at, t.expires_at, t.revoked_at, t.last_used_at, t.last_used_address
        from caller
        left join access_tokens t on t.owner_kind = 'super_admin' and (\(id)::bigint is null or t.owner_id = \(id))
        order by t.id desc
        """
    }

    static func revoke(_ tokenID: Int64, of id: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller),
        revoked as (
            update access_tokens t set revoked_at = now() from caller
            where t.id = \(tokenID) and t.owner_kind = 'super_admin' and t.owner_id = \(id) and t.revoked_at is null
            returning t.id, t.owner_id
        ),
        \(
            audit: "access_token.revoke", ofOther: "access_token", "revoked", caller: caller,
            after: "jsonb_build_object('owner', 'super_admin', 'owner_id', revoked.owner_id)")
        select revoked.id from caller left join revoked on true
        """
    }
}
