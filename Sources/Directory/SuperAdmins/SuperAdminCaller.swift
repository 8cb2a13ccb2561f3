// SPDX-License-Identifier: Apache-2.0

extension Caller {
    /// The session of the console that makes the call; nil for every other caller.
    var session: SuperAdminProof? {
        if case .session(let proof) = credential { proof } else { nil }
    }

    /// The session that makes the call, for what people do for themselves in the console and no token does for them.
    func requireSession() throws(DirectoryError) -> SuperAdminProof {
        guard let session else { throw .invalidAccessToken }
        return session
    }
}
