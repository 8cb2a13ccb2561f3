// SPDX-License-Identifier: Apache-2.0

/// Why somebody was not signed in. Tells nobody whether an address has a user.
package enum SignInError: Error, Sendable, Equatable {
    /// Neither a good login link nor a good password.
    case invalidCredentials
    /// Too many tries have failed from there or for that address.
    case throttled(retryAfterSeconds: Int64)

    /// A stable name.
    package var code: String {
        switch self {
        case .invalidCredentials: "invalid_credentials"
        case .throttled: "sign_in_throttled"
        }
    }
}
