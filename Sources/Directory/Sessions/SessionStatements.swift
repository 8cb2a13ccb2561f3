// SPDX-License-Identifier: Apache-2.0

import Postgres

/// The SQL of signing in, and of what people do with their own sessions: no app calls, the credential is in each statement.
enum SessionStatements {
    /// How many sessions a user has at most; the oldest end.
    static let most: Int64 = 25

    /// Redeems a login link and begins a session, in one: of any number who try at once, one gets a row.
    static func redeem(digest: [UInt8], email: String, _ session: NewSession) -> PostgresQuery {
        """
        with signed as (
            update login_links l set redeemed_at = now()
            from users u
            where l.digest = \(digest) and l.redeemed_at is null and l.revoked_at is null and l.expires_at > now()
              and u.id = l.user_id and u.email_key = \(email) and u.deleted_at is null
              and \(unescaped: SuspensionStatements.isActive("u"))
              and \(unescaped: LoginLinkStatements.minterMay)
            returning u.id, l.platform_app_id
        ),
        \(opening: session, with: "login_link")
        """
    }

    /// What a password is compared with; no row for an address that nobody may sign in with.
    static func passwordHash(email: String) -> PostgresQuery {
        """
        select u.id, u.password_hash from users u
        where u.email_key = \(email) and u.deleted_at is null
          and \(unescaped: SuspensionStatements.isActive("u"))
        """
    }

    /// Begins a session for who knew the password, if it is still theirs, and takes back what was counted against them.
    static func open(userID: Int64, passwordHash: String, counted: [[UInt8]], _ session: NewSession) -> PostgresQuery {
        """
        with signed as (
            select u.id, null::bigint as platform_app_id from users u
            where u.id = \(userID) and u.deleted_at is null and u.password_hash = \(passwordHash)
              and \(unescaped: SuspensionStatements.isActive("u"))
        ),
        forgiven as (
            update sign_in_failures f set count = f.count - 1
            from (select key from sign_in_failures where key = any (\(counted)) order by key for update) k, signed
            where f.key = k.key and f.count > 0
        ),
        \(opening: session, with: "password")
        """
    }

    /// Another hash of the same password: sessions go on, and nobody sees a change of the user.
    static func rehash(userID: Int64, from old: String, to new: String) -> PostgresQuery {
        """
        with rehashed as (
            update users u set password_hash = \(new) where u.id = \(userID) and u.deleted_at is null and u.password_hash = \(old)
            returning u.id
        )
        update sessions s set password_mark = password_mark(\(new))
        from rehashed where s.user_id = rehashed.id and s.password_mark = password_mark(\(old))
        """
    }

    /// The person behind a credential.
    static func person(_ credential: PersonCredential) -> PostgresQuery {
        """
        with \(person: credential)
        select \(unescaped: SignedInRow.columns) from person join users u on u.id = person.user_id
        \(unescaped: SignedInRow.joins)
        """
    }

    /// The person's live sessions, newest first; no row at all when the credential is not good.
    static func list(_ credential: PersonCredential) -> PostgresQuery {
        """
        with \(person: credential)
        select s.id as session_id, s.created_at, s.expires_at, s.user_agent, s.address, s.platform_app_id,
               coalesce(s.id = person.session_id, false) as is_current
        from person join users u on u.id = person.user_id
        left join sessions s on s.user_id = u.id and s.expires_at > now() and s.password_mark = password_mark(u.password_hash)
        order by s.id desc limit \(most)
        """
    }

    /// Ends one session of the person: the one named, or the one that asks.
    static func end(_ id: Int64?, _ credential: PersonCredential, requestID: String?) -> PostgresQuery {
        """
        with \(person: credential),
        ended as (
            delete from sessions s using person
            where s.user_id = person.user_id and s.id = coalesce(\(id), person.session_id) returning s.id, s.user_id
        ),
        audited as (
            insert into audit_events (actor, actor_id, action, subject_kind, subject_id, after, request_id)
            select 'user', user_id, 'user.sign_out', 'user', user_id, jsonb_build_object('session_id', id), \(requestID)::text
            from ended
        )
        select ended.id from person left join ended on true
        """
    }
}

extension PostgresQuery.StringInterpolation {
    /// The CTE `person(user_id, session_id)`: one row when the credential is that of a user who may do anything at all.
    ///
    /// Resolved by the statement that does the work, so that suspension, deletion and another password take effect at once.
    mutating func appendInterpolation(person credential: PersonCredential) {
        switch credential {
        case .token(let claims):
            appendInterpolation(user: claims)
            appendLiteral(", person as (select user_id, null::bigint as session_id from user_caller)")
        case .session(let proof, let email):
            appendLiteral("person as (select u.id as user_id, s.id as session_id from sessions s ")
            appendLiteral("join users u on u.id = s.user_id and u.deleted_at is null")
            if let email {
                appendLiteral(" and u.email_key = ")
                appendInterpolation(email)
            }
            appendLiteral(" and s.password_mark = password_mark(u.password_hash) where ")
            appendInterpolation(matching: proof)
            appendLiteral(" and s.expires_at > now() and \(SuspensionStatements.isActive("u"))")
            // Two who sign in at once do not see each other's session; the oldest is over all the same.
            appendLiteral(" and (select count(*) from sessions n where n.user_id = u.id and n.id > s.id) < ")
            appendLiteral("\(SessionStatements.most))")
        }
    }

    /// The condition that the row `s` is the session proven.
    private mutating func appendInterpolation(matching proof: SessionProof) {
        appendLiteral("s.client = ")
        appendInterpolation(proof.client)
        appendLiteral(" and s.digest = ")
        appendInterpolation(proof.digest)
    }

    /// Ends the session that the one in the CTE `opened` takes the place of.
    private mutating func appendInterpolation(replacing proof: SessionProof, requestID: String?) {
        appendLiteral("replaced as (delete from sessions s using opened where ")
        appendInterpolation(matching: proof)
        appendLiteral(
            """
             returning s.id, s.user_id),
            replacement as (
                insert into audit_events (actor, actor_id, action, subject_kind, subject_id, after, request_id)
                select 'user', user_id, 'user.sign_out', 'user', user_id, jsonb_build_object('session_id', id), 
            """)
        appendInterpolation(requestID)
        appendLiteral("::text from replaced),\n")
    }

    /// Begins the session of the user in the CTE `signed`, ends what is too much, and selects the session with the user's body.
    fileprivate mutating func appendInterpolation(opening session: NewSession, with way: StaticString) {
        appendLiteral(
            """
            opened as (
                insert into sessions (user_id, client, digest, password_mark, expires_at, user_agent, address, platform_app_id)
                select u.id, 
            """)
        appendInterpolation(session.client)
        appendLiteral(", ")
        appendInterpolation(session.digest)
        appendLiteral(", password_mark(u.password_hash), now() + interval '2 months', ")
        appendInterpolation(session.userAgent)
        appendLiteral(", ")
        appendInterpolation(session.address)
        appendLiteral(
            """
            , signed.platform_app_id
                from signed join users u on u.id = signed.id
                returning id, expires_at
            ),

            """)
        if let replaced = session.replaced { appendInterpolation(replacing: replaced, requestID: session.requestID) }
        appendLiteral(
            """
            crowded as (
                delete from sessions s using signed
                where s.user_id = signed.id and (s.expires_at <= now() or s.id in (
                    select x.id from sessions x where x.user_id = signed.id order by x.id desc offset \(SessionStatements.most - 1)))
            ),
            audited as (
                insert into audit_events (actor, actor_id, platform_app_id, action, subject_kind, subject_id, after, request_id)
                select 'user', signed.id, signed.platform_app_id, 'user.sign_in', 'user', signed.id,
                    jsonb_build_object('session_id', opened.id, 'with', '\(way)'), 
            """)
        appendInterpolation(session.requestID)
        appendLiteral(
            """
            ::text from signed, opened
            )
            select opened.expires_at as session_expires, \(SignedInRow.columns)
            from signed join opened on true join users u on u.id = signed.id
            \(SignedInRow.joins)
            """)
    }
}
