// SPDX-License-Identifier: Apache-2.0

import Postgres
import Secrets

/// How a statement selects a person's own body, and how the row is read back: ``UserRow`` without an app between.
enum SignedInRow {
    /// The columns; in scope are the users' row as `u` and the joins below.
    static let columns =
        UserRow.columns + """
            , m.inviter_id, m.account_availability, m.account_auto_offline, m.account_custom_roles, m.account_permissions
            """

    /// The accounts that are open to the person, the one active last first, and the newest live token.
    static let joins = """
        left join lateral (
            select array_agg(x.id) as account_ids, array_agg(x.name) as account_names,
                   array_agg(x.role) as account_roles, array_agg(x.active_at) as account_active,
                   array_agg(x.availability) as account_availability, array_agg(x.auto_offline) as account_auto_offline,
                   array_agg(x.custom_role_id) as account_custom_roles,
                   array_agg(array_to_string(x.permissions, ' ')) as account_permissions,
                   (array_agg(x.inviter_id))[1] as inviter_id
            from (
                select a.id, a.name, um.role, um.active_at, um.availability, um.auto_offline, um.custom_role_id,
                       cr.permissions, au.inviter_id
                from usable_memberships um
                join accounts a on a.id = um.account_id
                join account_users au on au.id = um.id
                left join custom_roles cr on cr.id = um.custom_role_id
                where um.user_id = u.id
                order by um.active_at desc nulls last, um.id
            ) x
        ) m on true
        left join lateral (
            select at.id as token_id, at.nonce as token_nonce, at.key_id as token_key, at.expires_at as token_expires
            from access_tokens at
            where at.owner_kind = 'user' and at.owner_id = u.id and at.revoked_at is null
              and (at.expires_at is null or at.expires_at > now())
            order by at.id desc limit 1
        ) t on true
        """

    static func decode(_ row: PostgresRow, keyring: Keyring) throws -> SignedInUser? {
        guard let user = try UserRow.decode(row, keyring: keyring, secrets: true) else { return nil }
        guard let availability = try row.decode([String]?.self, "account_availability") else {
            return SignedInUser(user: user, inviterID: nil, accounts: [])
        }
        let autoOffline = try row.decode([Bool].self, "account_auto_offline")
        let customRoles = try row.decode([Int64?].self, "account_custom_roles")
        let permissions = try row.decode([String?].self, "account_permissions")
        let accounts = user.accounts.enumerated().map { index, account in
            let custom = permissions[index].map { $0.split(separator: " ").map(String.init) + ["custom_role"] }
            return OpenAccount(
                account: account, availability: availability[index], autoOffline: autoOffline[index],
                customRoleID: customRoles[index], permissions: custom ?? [account.role])
        }
        return SignedInUser(user: user, inviterID: try row.decode(Int64?.self, "inviter_id"), accounts: accounts)
    }
}

extension PostgresRow {
    /// A session as a list selects it.
    func session() throws -> Session {
        Session(
            id: try decode(Int64.self, "session_id"), createdAt: try timestamp("created_at"),
            expiresAt: try timestamp("expires_at"), userAgent: try decode(String?.self, "user_agent"),
            address: try decode(String?.self, "address"), platformAppID: try decode(Int64?.self, "platform_app_id"),
            isCurrent: try decode(Bool.self, "is_current"))
    }
}
