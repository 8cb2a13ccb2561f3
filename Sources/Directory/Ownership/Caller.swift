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
    /// Whether a call is answered again that was carried out before; see ``repeating``.
    private(set) var isRepeating = false

    package init(claims: AccessTokenClaims, requestID: String? = nil) {
        self.claims = claims
        self.requestID = requestID
    }

    /// The same caller for showing an object again in place of the call that wrote it: who may write and not read was shown
    /// the object by the call itself, and who may read and not write was not.
    package var repeating: Caller {
        var caller = self
        caller.isRepeating = true
        return caller
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
        let needed = scopes.map { "'\(caller.isRepeating ? $0.writing : $0)'" }.joined(separator: ", ")
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

    /// The CTE `audited`, one audit event for each row of `relation`, and where the action is one that webhooks hear of, the CTE
    /// `emitted`: its event in the outbox, where an app that may read the object listens. Both in the transaction of the write.
    ///
    /// - Parameters:
    ///   - subject: the column of `relation` that holds the subject's id.
    ///   - before: an SQL expression over `relation`, jsonb; never a secret. Null for what is new.
    ///   - after: likewise; null for what is gone.
    mutating func appendInterpolation(
        audit action: StaticString, of kind: ObjectKind, _ relation: StaticString, caller: Caller, subject: StaticString = "id",
        before: String = "null::jsonb", after: String = "null::jsonb"
    ) {
        appendAudited("\(action)", kind.rawValue, "\(relation)", caller, "\(relation).\(subject)", before, after)
        guard let event = EventType.sql(action: "\(action)", before: before) else { return }
        let account = event.hasMembership ? "\(relation).account_id" : "null::bigint"
        let (seenBy, object) = event.hasMembership ? ("account", account) : (kind.rawValue, "\(relation).\(subject)")
        appendLiteral(
            """
            , emitted as (insert into outbox (type, subject_kind, subject_id, account_id, before, after, request_id) \
            select \(event.type), '\(kind.rawValue)', \(relation).\(subject), \(account), \(before), \(after), 
            """)
        appendInterpolation(caller.requestID)
        // What the statement itself creates, its permissible included, no other part of it can see: hence the caller's own app.
        appendLiteral(
            """
            ::text from \(relation), caller where exists (select from webhooks w \
            where w.disabled_at is null and w.deleted_at is null and (\(event.type)) = any (w.events) \
            and (w.platform_app_id = caller.app_id or exists (select from platform_app_permissibles wp \
            where wp.kind = '\(seenBy)' and wp.platform_app_id = w.platform_app_id and wp.object_id = \(object) and wp.rights & 1 <> 0))))
            """)
    }

    /// The CTE `audited` for what is no object that is owned by permissibles.
    mutating func appendInterpolation(
        audit action: StaticString, ofOther kind: StaticString, _ relation: StaticString, caller: Caller,
        before: String = "null::jsonb", after: String = "null::jsonb"
    ) {
        appendAudited("\(action)", "\(kind)", "\(relation)", caller, "\(relation).id", before, after)
    }

    private mutating func appendAudited(
        _ action: String, _ kind: String, _ relation: String, _ caller: Caller, _ subject: String, _ before: String,
        _ after: String
    ) {
        appendLiteral(
            """
            audited as (insert into audit_events \
            (actor, actor_id, platform_app_id, action, subject_kind, subject_id, before, after, request_id) \
            select 'platform_app', caller.app_id, caller.app_id, '\(action)', '\(kind)', \(subject), \(before), \(after), 
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
