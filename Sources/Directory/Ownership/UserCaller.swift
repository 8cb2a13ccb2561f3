// SPDX-License-Identifier: Apache-2.0

import Postgres
package import Secrets

extension PostgresQuery.StringInterpolation {
    /// The CTE `user_caller(user_id)`: one row when the token is that of a user who may do anything at all, none otherwise.
    ///
    /// Like `caller` it is resolved by the statement that does the work, so a suspension ends every session and token with the
    /// next call. Which accounts are open to the user is the view `usable_memberships`.
    package mutating func appendInterpolation(user claims: AccessTokenClaims) {
        appendLiteral("user_caller as (select u.id as user_id from access_tokens t ")
        appendLiteral("join users u on u.id = t.owner_id and u.deleted_at is null where t.id = ")
        appendInterpolation(claims.id)
        appendLiteral(" and t.nonce = ")
        appendInterpolation(claims.nonce)
        appendLiteral(" and t.owner_kind = 'user' and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())")
        appendLiteral(" and \(SuspensionStatements.isActive("u")))")
    }
}
