// SPDX-License-Identifier: Apache-2.0

package import Directory

/// What people do with their own user that takes their password once more.
extension SignInService {
    /// Sets another password for who gives the one that is; who has none gives an empty text.
    ///
    /// - Parameters:
    ///   - old: as typed.
    ///   - address: the client's, which wrong passwords count against.
    /// - Throws: ``SignInError`` for a wrong password; `DirectoryError.invalid` for a new one that is not good enough.
    package func changePassword(
        from old: String, to new: String, _ credential: PersonCredential, address: String, requestID: String?
    ) async throws {
        let stored = try await proven(old, credential, address: address)
        try await profiles.setPassword(new, instead: stored, credential, requestID: requestID)
    }

    /// The person's access token for who gives the password; nil when none lives.
    package func revealToken(
        password: String, _ credential: PersonCredential, address: String, requestID: String?
    ) async throws -> String? {
        _ = try await proven(password, credential, address: address)
        return try await profiles.revealToken(credential, requestID: requestID)
    }

    /// Ends every access token of the person and gives a new one, to who gives the password.
    package func rotateToken(
        password: String, _ credential: PersonCredential, address: String, requestID: String?
    ) async throws -> String {
        _ = try await proven(password, credential, address: address)
        return try await profiles.rotateToken(credential, requestID: requestID)
    }

    /// The person's password, when that was it; there is nothing to prove where there is none.
    private func proven(_ password: String, _ credential: PersonCredential, address: String) async throws -> OwnPassword {
        let stored = try await profiles.password(credential)
        guard let hash = stored.hash else { return stored }
        let limits = [Throttle.pair(address: address, email: stored.email), Throttle.email(stored.email)]
        try await count(limits)
        do {
            guard try await passwords.isRight(password, hash) else { throw SignInError.invalidCredentials }
            try await failures.forgive(limits)
            return stored
        } catch let error where !(error is SignInError) {
            try await failures.forgive(limits)
            throw error
        }
    }
}
