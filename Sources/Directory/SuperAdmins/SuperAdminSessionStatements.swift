// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Postgres
import Secrets

/// The SQL of a super admin's session: how it begins, what completes it, whom it authenticates and who ends it.
///
/// None of it reaches an owned object. The session's own digest is in each statement that acts for its holder.
enum SuperAdminSessionStatements {
    /// How many sessions a super admin has at most, and as many that wait for their code; the oldest end.
    static let most = 25

    /// What a password is compared with; no row for an address that nobody may sign in with.
    static func passwordHash(email: String) -> PostgresQuery {
        "select id, password_hash from super_admins where email = \(email) and disabled_at is null"
    }

    /// Begins a session for who knew the password, if it is still theirs, and takes back what was counted against them. It waits
    /// for a code where there is an authenticator.
    static func begin(_ id: Int64, passwordHash: String, counted: [[UInt8]], _ session: NewSuperAdminSession) -> PostgresQuery {
        """
        with signed as (
            select a.id, a.password_hash, a.totp_confirmed_at is null as is_complete
            from super_admins a where a.id = \(id) and a.password_hash = \(passwordHash) and a.disabled_at is null
        ),
        \(forgiving: counted, where: "signed"),
        opened as (
            insert into super_admin_sessions
                (super_admin_id, digest, password_mark, signed_in_at, confirmed_at, expires_at, user_agent, address)
            select id, \(session.proof.digest), password_mark(password_hash), case when is_complete then now() end,
                case when is_complete then now() end,
                now() + case when is_complete then interval '12 hours' else interval '10 minutes' end,
                \(session.userAgent), \(session.address)
            from signed
            returning id, super_admin_id, address, signed_in_at is not null as signed_in
        ),
        replaced as (
            delete from super_admin_sessions s using opened where s.digest = \(session.replaced?.digest)
            returning s.id, s.super_admin_id
        ),
        crowded as (
            delete from super_admin_sessions s using opened
            where s.id in (
                select x.id from super_admin_sessions x
                where x.super_admin_id = opened.super_admin_id and (x.signed_in_at is not null) = opened.signed_in
                order by x.id desc offset \(unescaped: "\(most - 1)"))
        ),
        audited as (
            insert into audit_events (actor, actor_id, action, subject_kind, subject_id, after, request_id)
            select 'super_admin', e.super_admin_id, e.action, 'super_admin', e.super_admin_id, e.after, \(session.requestID)::text
            from (
                select super_admin_id,
                    case when signed_in then 'super_admin.sign_in' else 'super_admin.password' end as action,
                    jsonb_build_object('session_id', id, 'with', 'password', 'address', address) as after
                from opened
                union all
                select super_admin_id, 'super_admin.sign_out', jsonb_build_object('session_id', id) from replaced
            ) e
        )
        select signed_in from opened
        """
    }

    /// What completes a session that waits for its code; no row when there is none such.
    static func pending(_ proof: SuperAdminProof) -> PostgresQuery {
        """
        select \(unescaped: challenge) from \(pending: proof)
        """
    }

    /// What confirms a session that is signed in; no row when it is over.
    static func signedIn(_ proof: SuperAdminProof) -> PostgresQuery {
        """
        select \(unescaped: challenge) from \(superAdminSession: proof)
        """
    }

    /// Signs the session in under another digest, for evidence that is spent in the same statement.
    static func complete(
        _ proof: SuperAdminProof, as new: SuperAdminProof, _ evidence: SuperAdminEvidence, counted: [[UInt8]], requestID: String?
    ) -> PostgresQuery {
        """
        with held as (select a.id, s.id as session_id from \(pending: proof)),
        \(spending: evidence),
        \(forgiving: counted, where: "spent"),
        completed as (
            update super_admin_sessions s set digest = \(new.digest), signed_in_at = now(), confirmed_at = now(), seen_at = now(),
                expires_at = now() + interval '12 hours'
            from spent where s.id = spent.session_id and s.digest = \(proof.digest) and s.signed_in_at is null
            returning s.id, s.super_admin_id, s.address
        ),
        crowded as (
            delete from super_admin_sessions s using completed
            where s.id <> completed.id and s.id in (
                select x.id from super_admin_sessions x
                where x.super_admin_id = completed.super_admin_id and x.signed_in_at is not null
                order by x.id desc offset \(unescaped: "\(most - 1)"))
        ),
        audited as (
            insert into audit_events (actor, actor_id, action, subject_kind, subject_id, after, request_id)
            select 'super_admin', super_admin_id, 'super_admin.sign_in', 'super_admin', super_admin_id,
                jsonb_build_object('session_id', id, 'with', '\(unescaped: evidence.name)', 'address', address),
                \(requestID)::text
            from completed
        )
        select id from completed
        """
    }

    /// Notes that the holder of a session proved to be there.
    static func confirm(
        _ proof: SuperAdminProof, _ evidence: SuperAdminEvidence, counted: [[UInt8]], requestID: String?
    ) -> PostgresQuery {
        """
        with held as (select a.id, s.id as session_id from \(superAdminSession: proof)),
        \(spending: evidence),
        \(forgiving: counted, where: "spent"),
        confirmed as (
            update super_admin_sessions s set confirmed_at = now() from spent where s.id = spent.session_id
            returning s.id, s.super_admin_id
        ),
        audited as (
            insert into audit_events (actor, actor_id, action, subject_kind, subject_id, after, request_id)
            select 'super_admin', super_admin_id, 'super_admin.confirm', 'super_admin', super_admin_id,
                jsonb_build_object('session_id', id, 'with', '\(unescaped: evidence.name)'), \(requestID)::text
            from confirmed
        )
        select id from confirmed
        """
    }

    /// Writes down that a session gave wrong evidence, and ends one that waits for its code when that was its last try.
    static func refuse(_ proof: SuperAdminProof, tries: FailureLimit, requestID: String?) -> PostgresQuery {
        """
        with held as (
            select s.id, s.super_admin_id, s.signed_in_at is null and exists (
                select from sign_in_failures f
                where f.key = \(tries.key) and f.until > now() and f.count >= \(tries.most)) as is_over
            from super_admin_sessions s where s.digest = \(proof.digest)
        ),
        ended as (
            delete from super_admin_sessions s using held where s.id = held.id and held.is_over returning s.id
        ),
        audited as (
            insert into audit_events (actor, actor_id, action, subject_kind, subject_id, after, request_id)
            select 'super_admin', super_admin_id, 'super_admin.refused', 'super_admin', super_admin_id,
                jsonb_build_object('session_id', id, 'ended', is_over), \(requestID)::text
            from held
        )
        select is_over from held
        """
    }

    /// Whose session it is. Notes at most once a minute that it was used.
    static func session(_ proof: SuperAdminProof) -> PostgresQuery {
        """
        with live as (
            select s.id, a.id as super_admin_id, a.email, a.name, a.totp_confirmed_at is not null as has_totp, s.expires_at,
                coalesce(s.confirmed_at > now() - \(unescaped: SuperAdminProof.confirmationLasts), false) as is_confirmed
            from \(superAdminSession: proof)
        ),
        seen as (
            update super_admin_sessions s set seen_at = now() from live
            where s.id = live.id and s.seen_at < now() - interval '1 minute'
        )
        select * from live
        """
    }

    /// Ends the session that is shown, whatever state it is in.
    static func signOut(_ proof: SuperAdminProof, requestID: String?) -> PostgresQuery {
        """
        with ended as (
            delete from super_admin_sessions s where s.digest = \(proof.digest) returning s.id, s.super_admin_id
        ),
        audited as (
            insert into audit_events (actor, actor_id, action, subject_kind, subject_id, after, request_id)
            select 'super_admin', super_admin_id, 'super_admin.sign_out', 'super_admin', super_admin_id,
                jsonb_build_object('session_id', id), \(requestID)::text
            from ended
        )
        select id from ended
        """
    }

    /// The live sessions of one super admin, or of all; the newest first.
    static func list(of id: Int64?, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.superAdminsRead])
        select s.id, s.super_admin_id, s.created_at, s.seen_at, s.expires_at, s.user_agent, s.address,
            coalesce(s.digest = \(caller.session?.digest), false) as is_current
        from caller left join (
            super_admin_sessions s join super_admins a on a.id = s.super_admin_id and a.disabled_at is null
        ) on \(unescaped: isLive) and (\(id)::bigint is null or s.super_admin_id = \(id))
        order by s.id desc
        """
    }

    /// Ends sessions of a super admin: the one named, or all but the one that asks.
    static func end(_ sessionID: Int64?, of id: Int64, caller: Caller) -> PostgresQuery {
        """
        with \(operator: caller, needs: [.superAdminsWrite]),
        deleted as (
            delete from super_admin_sessions s using caller
            where s.super_admin_id = \(id)
              and case when \(sessionID)::bigint is null then s.digest is distinct from \(caller.session?.digest)
                       else s.id = \(sessionID) end
            returning s.super_admin_id
        ),
        ended as (select super_admin_id as id, count(*) as sessions from deleted group by super_admin_id),
        \(
            audit: "super_admin.sign_out", ofOther: "super_admin", "ended", caller: caller,
            after: "jsonb_build_object('sessions', ended.sessions)")
        select coalesce(ended.sessions, 0) as sessions from caller left join ended on true
        """
    }

    /// The condition that the session `s` of the super admin `a` is signed in and not over.
    static let isLive = """
        s.signed_in_at is not null and s.password_mark = password_mark(a.password_hash) and s.expires_at > now() \
        and s.seen_at > now() - \(SuperAdminProof.idleLasts)
        """

    private static let challenge = """
        a.id, a.email, a.password_hash, a.totp_confirmed_at is not null as has_totp, a.totp_nonce, a.totp_key_id, \
        extract(epoch from now())::bigint as now
        """
}

extension SuperAdminEvidence {
    /// As the audit trail calls it.
    fileprivate var name: String {
        switch self {
        case .password: "password"
        case .code: "code"
        case .recovery: "recovery code"
        }
    }
}

extension PostgresQuery.StringInterpolation {
    /// A session that waits for its code, `s`, with its super admin, `a`.
    fileprivate mutating func appendInterpolation(pending proof: SuperAdminProof) {
        appendLiteral("super_admin_sessions s join super_admins a on a.id = s.super_admin_id and a.disabled_at is null")
        appendLiteral(" and a.totp_confirmed_at is not null where s.digest = ")
        appendInterpolation(proof.digest)
        appendLiteral(" and s.signed_in_at is null and s.password_mark = password_mark(a.password_hash) and s.expires_at > now()")
    }

    /// The CTE `spent(id, session_id)`: a row when the evidence is good for the super admin of the CTE `held`. Of any number who
    /// show the same code at once one gets it: the row that they all write decides again for each who waited.
    fileprivate mutating func appendInterpolation(spending evidence: SuperAdminEvidence) {
        switch evidence {
        case .password(let hash):
            appendLiteral("spent as (select a.id, held.session_id from super_admins a join held on held.id = a.id")
            appendLiteral(" where a.totp_confirmed_at is null and a.password_hash = ")
            appendInterpolation(hash)
            appendLiteral(")")
        case .code(let step, let claims):
            appendLiteral("spent as (update super_admins a set totp_last_step = ")
            appendInterpolation(step)
            appendLiteral(" from held where a.id = held.id and a.totp_confirmed_at is not null and a.totp_nonce = ")
            appendInterpolation(claims.nonce)
            appendLiteral(" and (a.totp_last_step is null or a.totp_last_step < ")
            appendInterpolation(step)
            appendLiteral(") returning a.id, held.session_id)")
        case .recovery(let code):
            appendLiteral("spent as (update super_admin_recovery_codes c set used_at = now() from held")
            appendLiteral(" where c.super_admin_id = held.id and c.used_at is null and c.digest = ")
            appendInterpolation(code.digest)
            appendLiteral(" returning c.super_admin_id as id, held.session_id)")
        }
    }

    /// The CTE `forgiven`: takes back what was counted beforehand against who turned out to be right.
    fileprivate mutating func appendInterpolation(forgiving keys: [[UInt8]], where right: StaticString) {
        appendLiteral("forgiven as (update sign_in_failures f set count = f.count - 1 from (")
        appendLiteral("select key from sign_in_failures where key = any (")
        appendInterpolation(keys)
        appendLiteral(") order by key for update) k, \(right) where f.key = k.key and f.count > 0)")
    }
}
