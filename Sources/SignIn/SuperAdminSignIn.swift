// SPDX-License-Identifier: Apache-2.0

package import Directory
package import Secrets

/// What a super admin presents to sign in.
package struct SuperAdminAttempt: Sendable {
    package var email: String
    package var password: String
    /// The client's address, as trusted proxies say it.
    package var address: String
    package var userAgent: String?
    package var requestID: String?
    /// The browser's session until now, which ends when another begins.
    package var replaced: SuperAdminProof?

    package init(
        email: String, password: String, address: String, userAgent: String? = nil, requestID: String? = nil,
        replaced: SuperAdminProof? = nil
    ) {
        self.email = email
        self.password = password
        self.address = address
        self.userAgent = userAgent
        self.requestID = requestID
        self.replaced = replaced
    }
}

/// A session of the console that has begun, with the secret that only its browser keeps.
package struct SuperAdminSignedIn: Sendable {
    package let token: SuperAdminSessionToken
    /// Whether it waits for a code of the authenticator, ten minutes at most, and is good for nothing else until then.
    package let needsCode: Bool
}

/// Why a super admin was not signed in or confirmed. Tells nobody whether an address has one.
package enum SuperAdminSignInError: Error, Sendable, Equatable {
    /// Neither a good password nor a good code.
    case refused
    /// The session is over: it has to be begun again, with the password.
    case ended
    /// Too many tries have failed from there, for that address or in that session.
    case throttled(retryAfterSeconds: Int64)

    /// A stable name.
    package var code: String {
        switch self {
        case .refused: "invalid_credentials"
        case .ended: "session_ended"
        case .throttled: "sign_in_throttled"
        }
    }
}

/// Signs super admins in, by password and then by a code where they have an authenticator, and asks for either again.
///
/// Throws ``SuperAdminSignInError``, or `DirectoryError` when the database or the hashing of passwords cannot take the call.
package struct SuperAdminSignIn: Sendable {
    private let sessions: SuperAdminSessionStore
    private let admins: SuperAdminStore
    private let failures: SignInFailureStore
    private let passwords: PasswordHasher

    package init(directory: Directory, passwords: PasswordHasher) {
        sessions = directory.superAdminSessions
        admins = directory.superAdmins
        failures = directory.signInFailures
        self.passwords = passwords
    }

    /// Begins a session for who knows the password. Takes as long for an address without a super admin as for one with.
    package func signIn(_ attempt: SuperAdminAttempt) async throws -> SuperAdminSignedIn {
        // What no text in the database can hold names nobody.
        guard !attempt.email.utf8.contains(0), !attempt.password.isEmpty else { throw SuperAdminSignInError.refused }
        let email = SessionStore.normalisedEmail(attempt.email)
        let limits = SuperAdminThrottle.password(address: attempt.address, email: email)
        return try await counting(limits) {
            let stored = try await sessions.password(ofEmail: email)
            let token = SuperAdminSessionToken.random()
            let session = NewSuperAdminSession(
                proof: token.proof, userAgent: attempt.userAgent, address: attempt.address, requestID: attempt.requestID,
                replaced: attempt.replaced)
            guard try await passwords.isRight(attempt.password, stored?.hash), let stored,
                let isSignedIn = try await sessions.begin(stored, counted: limits, session)
            else { throw SuperAdminSignInError.refused }
            return SuperAdminSignedIn(token: token, needsCode: !isSignedIn)
        }
    }

    /// Completes a session that waits for its code, with what the authenticator shows or with a recovery code. The session has
    /// another token afterwards.
    ///
    /// - Throws: ``SuperAdminSignInError/ended`` after the fifth wrong code, and for a session that does not wait for one (any more).
    package func complete(
        _ proof: SuperAdminProof, code: String, requestID: String? = nil
    ) async throws -> SuperAdminSignedIn {
        guard let challenge = try await sessions.pending(proof) else { throw SuperAdminSignInError.ended }
        let token = SuperAdminSessionToken.random()
        let limit = SuperAdminThrottle.code(challenge.superAdminID)
        try await prove(proof, .code(code), challenge, limit, requestID) { evidence, limits in
            try await sessions.complete(proof, as: token.proof, evidence, counted: limits, requestID: requestID)
        }
        return SuperAdminSignedIn(token: token, needsCode: false)
    }

    /// Asks the holder of a session again: for a code where there is an authenticator, for the password where there is none.
    ///
    /// - Throws: ``SuperAdminSignInError/ended`` for a session that is over.
    package func confirm(_ proof: SuperAdminProof, with answer: String, requestID: String? = nil) async throws {
        guard let challenge = try await sessions.signedIn(proof) else { throw SuperAdminSignInError.ended }
        let answer: Answer = challenge.totp == nil ? .password(answer) : .code(answer)
        let limit = SuperAdminThrottle.confirmation(challenge.superAdminID)
        try await prove(proof, answer, challenge, limit, requestID) { evidence, limits in
            try await sessions.confirm(proof, evidence, counted: limits, requestID: requestID)
        }
    }

    /// Changes the password of the session's super admin, who gives the former one; their other sessions end.
    ///
    /// - Throws: `DirectoryError.invalid` for a new password that is not good enough.
    package func changePassword(
        _ proof: SuperAdminProof, from old: String, to new: String, requestID: String? = nil
    ) async throws {
        let problems = SuperAdminStore.passwordProblems(new)
        guard problems.isEmpty else { throw DirectoryError.invalid(problems) }
        guard let challenge = try await sessions.signedIn(proof) else { throw SuperAdminSignInError.ended }
        let limits = [SuperAdminThrottle.session(proof), SuperAdminThrottle.confirmation(challenge.superAdminID)]
        try await counting(limits) {
            guard try await passwords.isRight(old, challenge.passwordHash) else {
                _ = try await sessions.refuse(proof, tries: limits[0], requestID: requestID)
                throw SuperAdminSignInError.refused
            }
            try await admins.changePassword(
                from: challenge.passwordHash, to: new, by: Caller(session: proof, requestID: requestID))
            try await failures.forgive(limits)
        }
    }

    // MARK: - Evidence

    private enum Answer {
        case password(String)
        case code(String)
    }

    private func prove(
        _ proof: SuperAdminProof, _ answer: Answer, _ challenge: SuperAdminChallenge, _ limit: FailureLimit,
        _ requestID: String?, _ spend: (SuperAdminEvidence, [FailureLimit]) async throws -> Bool
    ) async throws {
        var limits = [SuperAdminThrottle.session(proof)]
        let recovery: RecoveryCode? = if case .code(let text) = answer { RecoveryCode(typed: text) } else { nil }
        // A recovery code is beyond guessing: whoever has one gets in while others try codes.
        if recovery == nil { limits.append(limit) }
        try await counting(limits) {
            if let evidence = try await evidence(answer, recovery, challenge), try await spend(evidence, limits) { return }
            let isOver = try await sessions.refuse(proof, tries: limits[0], requestID: requestID)
            throw isOver ? SuperAdminSignInError.ended : .refused
        }
    }

    private func evidence(
        _ answer: Answer, _ recovery: RecoveryCode?, _ challenge: SuperAdminChallenge
    ) async throws -> SuperAdminEvidence? {
        if let recovery { return .recovery(recovery) }
        switch answer {
        case .password(let password):
            return try await passwords.isRight(password, challenge.passwordHash) ? .password(hash: challenge.passwordHash) : nil
        case .code(let text):
            let code = String(text.filter { !$0.isWhitespace })
            guard let totp = challenge.totp, let step = try sessions.step(of: code, totp, now: challenge.now) else { return nil }
            return .code(step: step, of: totp)
        }
    }

    /// Counts a try as failed beforehand, and takes it back when nothing was learnt of whether it was right.
    private func counting<T>(_ limits: [FailureLimit], _ body: () async throws -> T) async throws -> T {
        if let wait = try await failures.count(limits) { throw SuperAdminSignInError.throttled(retryAfterSeconds: wait) }
        do {
            return try await body()
        } catch let error where !(error is SuperAdminSignInError) {
            try await failures.forgive(limits)
            throw error
        }
    }
}
