// SPDX-License-Identifier: Apache-2.0

package import Directory
package import Secrets

/// What somebody presents who wants to sign in.
package struct SignInAttempt: Sendable {
    package var email: String
    package var password: String
    /// The token of a login link; empty for none.
    package var linkToken: String
    /// The client's address, as trusted proxies say it.
    package var address: String
    package var userAgent: String?
    package var requestID: String?
    /// Who is to hold the session.
    package var holder: SessionHolder
    /// The session that ends when the new one begins.
    package var replaced: SessionProof?

    package init(
        email: String, password: String, linkToken: String, address: String, userAgent: String?, requestID: String?,
        holder: SessionHolder = .client, replaced: SessionProof? = nil
    ) {
        self.email = email
        self.password = password
        self.linkToken = linkToken
        self.address = address
        self.userAgent = userAgent
        self.requestID = requestID
        self.holder = holder
        self.replaced = replaced
    }
}

/// A session that has begun, with the secret that only its client keeps.
package struct SignedIn: Sendable {
    package let user: SignedInUser
    /// 22 characters of URL-safe base64, 128 random bits.
    package let accessToken: String
    package let client: String
    /// Unix seconds.
    package let expiry: Int64
}

/// Signs people in by login link or by password.
///
/// Throws ``SignInError``, or `DirectoryError` when the database or the hashing of passwords cannot take the call.
package struct SignInService: Sendable {
    private let sessions: SessionStore
    let profiles: ProfileStore
    let failures: SignInFailureStore
    let passwords: PasswordHasher

    package init(directory: Directory, passwords: PasswordHasher) {
        sessions = directory.sessions
        profiles = directory.profiles
        failures = directory.signInFailures
        self.passwords = passwords
    }

    /// Redeems the login link where there is one, and else compares the password.
    ///
    /// A good link is never throttled: it is tried before anything is counted.
    package func signIn(_ attempt: SignInAttempt) async throws -> SignedIn {
        let accessToken = SessionToken.random()
        let session = NewSession(
            client: SessionToken.random(), digest: SessionToken.digest(accessToken, of: attempt.holder),
            userAgent: attempt.userAgent, address: attempt.address, requestID: attempt.requestID, replaced: attempt.replaced)
        guard Self.isStorable(attempt.email) else { throw SignInError.invalidCredentials }
        if !attempt.linkToken.isEmpty {
            if let opened = try await sessions.redeem(linkToken: attempt.linkToken, email: attempt.email, session) {
                return SignedIn(opened, accessToken: accessToken, client: session.client)
            }
            if attempt.password.isEmpty { try await count([Throttle.address(attempt.address)]) }
        }
        guard !attempt.password.isEmpty else { throw SignInError.invalidCredentials }
        let opened = try await open(attempt, session)
        return SignedIn(opened, accessToken: accessToken, client: session.client)
    }

    private func open(_ attempt: SignInAttempt, _ session: NewSession) async throws -> OpenedSession {
        let email = SessionStore.normalisedEmail(attempt.email)
        let limits = [
            Throttle.pair(address: attempt.address, email: email), Throttle.email(email), Throttle.address(attempt.address),
        ]
        try await count(limits)
        let stored: StoredPassword?
        do {
            stored = try await sessions.password(ofEmail: email)
            guard try await passwords.isRight(attempt.password, stored?.hash), let stored,
                let opened = try await sessions.open(stored, counted: limits, session)
            else { throw SignInError.invalidCredentials }
            await renew(stored, attempt.password)
            return opened
        } catch let error where !(error is SignInError) {
            // Nothing was learnt about the password.
            try await failures.forgive(limits)
            throw error
        }
    }

    /// Replaces an imported hash, or a cheaper one of former days, by one of today's; if not now, at the next sign-in.
    private func renew(_ stored: StoredPassword, _ password: String) async {
        guard passwords.isOutdated(stored.hash) else { return }
        do {
            try await sessions.rehash(stored, to: passwords.hash(password))
        } catch {
            // The person is signed in: a password too long for bcrypt, or a busy machine, is no reason to turn them away.
        }
    }

    func count(_ limits: [FailureLimit]) async throws {
        if let wait = try await failures.count(limits) { throw SignInError.throttled(retryAfterSeconds: wait) }
    }

    /// What no text in the database can hold names nobody.
    private static func isStorable(_ text: String) -> Bool { !text.utf8.contains(0) }
}

extension SignedIn {
    fileprivate init(_ opened: OpenedSession, accessToken: String, client: String) {
        self.init(
            user: opened.user, accessToken: accessToken, client: client, expiry: opened.expiresAt.microseconds / 1_000_000)
    }
}
