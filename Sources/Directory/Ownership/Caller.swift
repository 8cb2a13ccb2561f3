// SPDX-License-Identifier: Apache-2.0

import Postgres
package import Secrets

/// Who makes a call: what was presented and its form checked, and nothing that the database has confirmed.
///
/// Every statement on an owned table takes a caller and resolves it itself, in the same statement that does the work, so that
/// revocation, expiry and a disabled app take effect with the next call.
///
/// A Platform App reaches what its permissibles say. An operator - a super admin, or a command on the machine - reaches
/// everything that lives; what it creates belongs to no app.
package struct Caller: Sendable {
    /// What the caller presents.
    enum Credential: Sendable {
        /// An access token of a Platform App or of a super admin, its signature verified.
        case token(AccessTokenClaims)
        /// A super admin's session of the console.
        case session(SuperAdminProof)
        /// A shell on the machine that has the database and the master key.
        case command
    }

    let credential: Credential
    /// The request's id, kept in the audit trail.
    package let requestID: String?
    /// Whether a call is answered again that was carried out before; see ``repeating``.
    private(set) var isRepeating = false
    /// Whether the person must have proved lately to be there; see ``confirmed``.
    private(set) var needsConfirmation = false

    package init(claims: AccessTokenClaims, requestID: String? = nil) {
        self.init(.token(claims), requestID: requestID)
    }

    package init(session: SuperAdminProof, requestID: String? = nil) {
        self.init(.session(session), requestID: requestID)
    }

    private init(_ credential: Credential, requestID: String?) {
        self.credential = credential
        self.requestID = requestID
    }

    /// A command of the program itself.
    package static let command = Caller(.command, requestID: nil)

    /// Whether the caller is nobody's software but operates the installation.
    package var isOperator: Bool {
        if case .token(let claims) = credential { claims.owner == .superAdmin } else { true }
    }

    /// Whether a person calls from the console.
    var hasSession: Bool {
        if case .session = credential { true } else { false }
    }

    /// The access token that the call presents.
    package var tokenID: Int64? {
        if case .token(let claims) = credential { claims.id } else { nil }
    }

    /// What the caller reaches of a kind, to be narrowed like the table of permissibles that it is for a Platform App, as `p`;
    /// for an operator it is every object, each of them once.
    func reach(_ kind: ObjectKind) -> String {
        guard isOperator else { return "platform_app_permissibles p" }
        return """
            (select 0::bigint as platform_app_id, '\(kind.rawValue)'::object_kind as kind, o.id as object_id, \
            \(Rights.all.rawValue)::smallint as rights from \(kind.table) o) p
            """
    }

    /// The same caller for showing an object again in place of the call that wrote it: who may write and not read was shown
    /// the object by the call itself, and who may read and not write was not.
    package var repeating: Caller {
        var caller = self
        caller.isRepeating = true
        return caller
    }

    /// The same caller for what reveals or destroys: a session of the console must have been confirmed in the last ten minutes,
    /// or it is no caller.
    package var confirmed: Caller {
        var caller = self
        caller.needsConfirmation = true
        return caller
    }
}

extension PostgresQuery.StringInterpolation {
    /// The CTE `caller(app_id, actor, actor_id, reveals, impersonates)`: one row when the caller may do anything at all, none
    /// otherwise; the statement fails with ``DirectoryError/insufficientScope`` where the token's scopes do not reach.
    ///
    /// `app_id` is 0 for operators: ids begin with 1, so that no row is ever taken for theirs.
    ///
    /// - Parameter scopes: what the statement needs, all of it. A statement that does not say is for tokens that may do
    ///   everything; an empty list is for any token.
    mutating func appendInterpolation(caller: Caller, needs scopes: [Scope] = [.everything]) {
        // Scopes come from a closed list, so nothing needs escaping. Asked last, of a token that is alive.
        let needed = scopes.map { "'\(caller.isRepeating ? $0.writing : $0)'" }.joined(separator: ", ")
        appendLiteral("caller as (select ")
        switch caller.credential {
        case .token(let claims) where claims.owner == .platformApp:
            let impersonates = "(t.scopes is null or t.scopes && array['*', 'users:*', 'users:impersonate'])"
            appendLiteral("a.id as app_id, 'platform_app'::actor_kind as actor, a.id as actor_id, ")
            appendLiteral("a.reveals_user_tokens and \(impersonates) as reveals, \(impersonates) as impersonates ")
            appendLiteral("from access_tokens t join platform_apps a on a.id = t.owner_id and a.disabled_at is null ")
            appendLiving(claims, "platform_app", needed)
        case .token(let claims) where claims.owner == .superAdmin:
            appendLiteral("\(Self.operatorColumns("super_admin", "a.id")) ")
            appendLiteral("from access_tokens t join super_admins a on a.id = t.owner_id and a.disabled_at is null ")
            appendLiving(claims, "super_admin", needed)
        case .token:
            // People and bots act for themselves, by other statements.
            appendLiteral("\(Self.operatorColumns("user", "0")) where false")
        case .session(let proof):
            appendLiteral("\(Self.operatorColumns("super_admin", "a.id")) from ")
            appendInterpolation(superAdminSession: proof)
            if caller.needsConfirmation { appendLiteral(" and s.confirmed_at > now() - \(SuperAdminProof.confirmationLasts)") }
        case .command:
            appendLiteral("\(Self.operatorColumns("command", "0"))")
        }
        appendLiteral(")")
    }

    /// The CTE `caller` for what operators do and no Platform App, whatever its scopes.
    mutating func appendInterpolation(operator caller: Caller, needs scopes: [Scope] = [.everything]) {
        if caller.isOperator { return appendInterpolation(caller: caller, needs: scopes) }
        appendLiteral("caller as (select \(Self.operatorColumns("platform_app", "0")) where false)")
    }

    /// A session of the console that lives, `s`, with its super admin, `a`; conditions may follow.
    mutating func appendInterpolation(superAdminSession proof: SuperAdminProof) {
        appendLiteral(
            "super_admin_sessions s join super_admins a on a.id = s.super_admin_id and a.disabled_at is null where s.digest = ")
        appendInterpolation(proof.digest)
        appendLiteral(" and s.signed_in_at is not null and s.password_mark = password_mark(a.password_hash)")
        appendLiteral(" and s.expires_at > now() and s.seen_at > now() - \(SuperAdminProof.idleLasts)")
    }

    private static func operatorColumns(_ actor: String, _ id: String) -> String {
        "0::bigint as app_id, '\(actor)'::actor_kind as actor, \(id)::bigint as actor_id, false as reveals, true as impersonates"
    }

    /// The condition that the token `t` lives and reaches far enough.
    private mutating func appendLiving(_ claims: AccessTokenClaims, _ owner: StaticString, _ needed: String) {
        appendLiteral("where t.id = ")
        appendInterpolation(claims.id)
        appendLiteral(" and t.nonce = ")
        appendInterpolation(claims.nonce)
        appendLiteral(" and t.owner_kind = '\(owner)' and t.revoked_at is null")
        appendLiteral(" and (t.expires_at is null or t.expires_at > now())")
        appendLiteral(" and case when t.scopes is null then true else require_scopes(t.scopes, array[\(needed)]::text[]) end")
    }

    /// The CTE `permit(rights)`: what the caller may do with the object; no row when it was never permitted to it.
    ///
    /// An operator may do everything with whatever there is; that there is nothing is for the statement itself to find.
    mutating func appendInterpolation(permit kind: ObjectKind, _ id: Int64) {
        appendInterpolation(permit: kind, id, named: "permit")
    }

    /// The same under another name, for statements on two objects.
    mutating func appendInterpolation(permit kind: ObjectKind, _ id: Int64, named name: StaticString) {
        appendLiteral(
            "\(name) as (select p.rights from caller join platform_app_permissibles p on p.platform_app_id = caller.app_id")
        appendLiteral(" and p.kind = '\(kind.rawValue)' and p.object_id = ")
        appendInterpolation(id)
        appendLiteral(" union all select \(Rights.all.rawValue)::smallint from caller where caller.app_id = 0)")
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
        appendInterpolation(
            audit: action, of: kind, relation, requestID: caller.requestID, subject: subject, before: before, after: after)
    }

    /// The same for a statement that has a CTE `caller(app_id, actor, actor_id)` of another making.
    mutating func appendInterpolation(
        audit action: StaticString, of kind: ObjectKind, _ relation: StaticString, requestID: String?,
        subject: StaticString = "id", before: String = "null::jsonb", after: String = "null::jsonb"
    ) {
        appendAudited("\(action)", kind.rawValue, "\(relation)", requestID, "\(relation).\(subject)", before, after)
        guard let event = EventType.sql(action: "\(action)", before: before) else { return }
        let account = event.hasMembership ? "\(relation).account_id" : "null::bigint"
        let (seenBy, object) = event.hasMembership ? ("account", account) : (kind.rawValue, "\(relation).\(subject)")
        appendLiteral(
            """
            , emitted as (insert into outbox (type, subject_kind, subject_id, account_id, before, after, request_id) \
            select \(event.type), '\(kind.rawValue)', \(relation).\(subject), \(account), \(before), \(after), 
            """)
        appendInterpolation(requestID)
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
        appendAudited("\(action)", "\(kind)", "\(relation)", caller.requestID, "\(relation).id", before, after)
    }

    private mutating func appendAudited(
        _ action: String, _ kind: String, _ relation: String, _ requestID: String?, _ subject: String, _ before: String,
        _ after: String
    ) {
        appendLiteral(
            """
            audited as (insert into audit_events \
            (actor, actor_id, platform_app_id, action, subject_kind, subject_id, before, after, request_id) \
            select caller.actor, nullif(caller.actor_id, 0), nullif(caller.app_id, 0), '\(action)', '\(kind)', \(subject), \(before), \(after), 
            """)
        appendInterpolation(requestID)
        appendLiteral("::text from \(relation), caller)")
    }
}

extension SuperAdminProof {
    /// How long a session lives without being used; an SQL interval.
    static let idleLasts = "interval '30 minutes'"
    /// How long a confirmation counts; likewise.
    static let confirmationLasts = "interval '10 minutes'"
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
