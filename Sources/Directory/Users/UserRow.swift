// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Postgres
import Secrets

/// How a statement on users selects what the body of a user needs, and how the row is read back.
enum UserRow {
    /// The columns; in scope are the users' row as `u` and the joins below.
    static let columns = """
        u.id, u.name, u.display_name, u.email, u.provider, u.avatar_url, u.message_signature, \
        (u.confirmed_at is not null) as confirmed, u.custom_attributes, u.ui_settings, u.row_version, u.pubsub_nonce, \
        m.account_ids, m.account_names, m.account_roles, m.account_active, \
        t.token_id, t.token_nonce, t.token_key, t.token_expires
        """

    /// The user's memberships in accounts that the caller may read, suspended ones apart, the one active last first, and the newest live token.
    static let joins = joins(tokens: "access_tokens")

    /// - Parameter tokens: where the tokens are, when the same statement mints one.
    static func joins(tokens: String) -> String {
        """
        left join lateral (
            select array_agg(x.id) as account_ids, array_agg(x.name) as account_names,
                   array_agg(x.role) as account_roles, array_agg(x.active_at) as account_active
            from (
                select a.id, a.name, au.role, au.active_at
                from account_users au
                join accounts a on a.id = au.account_id and a.deleted_at is null
                where au.user_id = u.id
                  -- Looked up for each of a person's few accounts; as a join it may become a walk along all of the app's.
                  and (caller.app_id = 0
                       or (select true from platform_app_permissibles pa
                           where pa.kind = 'account' and pa.object_id = a.id
                             and pa.platform_app_id = caller.app_id and pa.rights & 1 <> 0))
                  and not exists (select from membership_suspensions ms where ms.membership_id = au.id)
                order by au.active_at desc nulls last, au.id
            ) x
        ) m on u.id is not null
        left join lateral (
            select at.id as token_id, at.nonce as token_nonce, at.key_id as token_key, at.expires_at as token_expires
            from \(tokens) at
            where at.owner_kind = 'user' and at.owner_id = u.id and at.revoked_at is null
              and (at.expires_at is null or at.expires_at > now())
            order by at.id desc limit 1
        ) t on u.id is not null
        """
    }

    /// - Returns: nil when the row holds no user.
    static func decode(_ row: PostgresRow, keyring: Keyring, secrets: Bool) throws -> User? {
        guard let id = try row.decode(Int64?.self, "id") else { return nil }
        return User(
            id: id,
            name: try row.decode(String.self, "name"),
            displayName: try row.decode(String?.self, "display_name"),
            email: try row.decode(String.self, "email"),
            provider: try row.decode(String.self, "provider"),
            avatarURL: try row.decode(String.self, "avatar_url"),
            messageSignature: try row.decode(String?.self, "message_signature"),
            confirmed: try row.decode(Bool.self, "confirmed"),
            customAttributes: try row.json("custom_attributes"),
            uiSettings: try row.json("ui_settings"),
            accounts: try accounts(row),
            secrets: secrets ? try userSecrets(row, userID: id, keyring: keyring) : nil,
            rowVersion: try row.decode(Int64.self, "row_version")
        )
    }

    private static func accounts(_ row: PostgresRow) throws -> [UserAccount] {
        guard let ids = try row.decode([Int64]?.self, "account_ids") else { return [] }
        let names = try row.decode([String].self, "account_names")
        let roles = try row.decode([String].self, "account_roles")
        let active = try row.decode([PostgresTimestamp?].self, "account_active").map { $0.map(Timestamp.init) }
        return ids.indices.map { UserAccount(id: ids[$0], name: names[$0], role: roles[$0], activeAt: active[$0]) }
    }

    private static func userSecrets(_ row: PostgresRow, userID: Int64, keyring: Keyring) throws -> UserSecrets? {
        guard let tokenID = try row.decode(Int64?.self, "token_id") else { return nil }
        let keyID = try row.decode(Int32.self, "token_key")
        let claims = AccessTokenClaims(owner: .user, id: tokenID, nonce: try row.decode(UUID.self, "token_nonce"), keyID: keyID)
        let pubsub = PubsubTokenClaims(userID: userID, nonce: try row.decode(UUID.self, "pubsub_nonce"), keyID: keyID)
        return UserSecrets(
            accessToken: try keyring.mint(claims),
            pubsubToken: try keyring.mint(pubsub),
            expiresAt: try row.optionalTimestamp("token_expires"))
    }
}
