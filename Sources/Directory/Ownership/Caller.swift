// SPDX-License-Identifier: Apache-2.0

import Postgres
package import Secrets

/// Who makes a call: the claims of an access token whose signature was verified, and nothing that the database has confirmed.
///
/// Every statement on an owned table takes a caller and resolves it itself, in the same statement that does the work, so that
/// revocation, expiry and a disabled app take effect with the next call.
package struct Caller: Sendable {
    package let claims: AccessTokenClaims
    /// The request's id, kept in the audit trail.
    package let requestID: String?

    package init(claims: AccessTokenClaims, requestID: String? = nil) {
        self.claims = claims
        self.requestID = requestID
    }
}

extension PostgresQuery.StringInterpolation {
    /// The CTE `caller(app_id, reveals, impersonates)`: one row when the token is that of an enabled Platform App, none
    /// otherwise; the statement fails with ``DirectoryError/insufficientScope`` where the token's scopes do not reach.
    ///
    /// - Parameter scopes: what the statement needs, all of it. A statement that does not say is for tokens that may do
    ///   everything; an empty list is for any token.
    mutating func appendInterpolation(caller: Caller, needs scopes: [Scope] = [.everything]) {
        let impersonates = "(t.scopes is null or t.scopes && array['*', 'users:*', 'users:impersonate'])"
        appendLiteral("caller as (select a.id as app_id, a.reveals_user_tokens and \(impersonates) as reveals, ")
        appendLiteral("\(impersonates) as impersonates from access_tokens t ")
        appendLiteral("join platform_apps a on a.id = t.owner_id and a.disabled_at is null where t.id = ")
        appendInterpolation(caller.claims.id)
        appendLiteral(" and t.nonce = ")
        appendInterpolation(caller.claims.nonce)
        appendLiteral(" and t.owner_kind = 'platform_app' and t.revoked_at is null")
        appendLiteral(" and (t.expires_at is null or t.expires_at > now())")
        // Scopes come from a closed list, so nothing needs escaping. Asked last, of a token that is alive.
        let needed = scopes.map { "'\($0)'" }.joined(separator: ", ")
        appendLiteral(" and case when t.scopes is null then true else require_scopes(t.scopes, array[\(needed)]::text[]) end)")
    }

    /// The CTE `permit(rights)`: what the caller may do with the object; no row when it was never permitted to it.
    mutating func appendInterpolation(permit kind: ObjectKind, _ id: Int64) {
        appendInterpolation(permit: kind, id, named: "permit")
    }

    /// The same under another name, for statements on two objects.
    mutating func appendInterpolation(permit kind: ObjectKind, _ id: Int64, named name: StaticString) {
        appendLiteral(
            "\(name) as (select p.rights from caller join platform_app_permissibles p on p.platform_app_id = caller.app_id")
        appendLiteral(" and p.kind = '\(kind.rawValue)' and p.object_id = ")
        appendInterpolation(id)
        appendLiteral(")")
    }

    /// The CTE `audited`: one audit event for each row of `relation`, in the transaction of the write.
    ///
    /// - Parameters:
    ///   - before: an SQL expression over `relation`, jsonb; never a secret.
    ///   - after: likewise.
    mutating func appendInterpolation(
        audit action: StaticString, of kind: ObjectKind, _ relation: StaticString, caller: Caller,
        before: String = "null::jsonb", after: String = "null::jsonb"
    ) {
        appendLiteral(
            """
            audited as (insert into audit_events \
            (actor, actor_id, platform_app_id, action, subject_kind, subject_id, before, after, request_id) \
            select 'platform_app', caller.app_id, caller.app_id, '\(action)', '\(kind.rawValue)', \(relation).id, \(before), \(after), 
            """)
        appendInterpolation(caller.requestID)
        appendLiteral("::text from \(relation), caller)")
    }
}

/// The columns with which every owned statement answers first: may the caller do this at all?
///
/// Checks in the order that the product's page decides: token, permissible, tombstone.
struct Verdict {
    let authenticated: Bool
    let rights: Rights?

    init(_ row: PostgresRow) throws {
        authenticated = try row.decode(Bool.self, "authenticated")
        rights = try row.decode(Int16?.self, "rights").map(Rights.init(rawValue:))
    }

    /// Throws unless the caller may do what needs the given rights.
    func require(_ needed: Rights) throws(DirectoryError) {
        guard authenticated else { throw .invalidAccessToken }
        guard let rights, rights.isSuperset(of: needed) else { throw .nonPermissible }
    }
}
