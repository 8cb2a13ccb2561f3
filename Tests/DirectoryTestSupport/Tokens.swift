// SPDX-License-Identifier: Apache-2.0

import Directory

extension Directory {
    /// The user whom an access token authenticates now, read as the `/auth` surface reads it.
    package func user(of token: String) async throws -> Int64 {
        guard let credential = sessions.credential(token: token) else { throw DirectoryError.invalidAccessToken }
        return try await sessions.person(credential).user.id
    }
}
