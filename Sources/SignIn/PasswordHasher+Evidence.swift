// SPDX-License-Identifier: Apache-2.0

import Directory
import Secrets

extension PasswordHasher {
    /// Whether this is the password, as far as signing in is concerned. Takes as long for an address without anybody, whose hash
    /// is nil, as for one with.
    ///
    /// - Throws: `DirectoryError.unavailable` when too many passwords are being compared already.
    func isRight(_ password: String, _ hash: String?) async throws -> Bool {
        do {
            return try await verify(password, against: hash)
        } catch PasswordError.overloaded, PasswordError.stopped {
            throw DirectoryError.unavailable
        } catch is PasswordError {
            return false
        }
    }
}
