// SPDX-License-Identifier: Apache-2.0

package import Secrets

/// A person who operates the installation; kept apart from users.
package struct SuperAdmin: Sendable {
    package let id: Int64
    package let email: String
    package let name: String
    package let isDisabled: Bool
    /// Whether signing in takes a code of an authenticator.
    package let hasTOTP: Bool
    /// How many recovery codes are left; 0 without an authenticator.
    package let recoveryCodesLeft: Int64
    /// How many sessions are signed in now.
    package let sessions: Int64
    package let createdAt: Timestamp
    /// When a session of theirs was used last, as far as it is still known; as precise as a minute.
    package let seenAt: Timestamp?
}

/// A secret for an authenticator that was not proved yet, at a moment when it may be shown.
package struct TOTPEnrolment: Sendable {
    /// The super admin's address, which the authenticator shows.
    package let email: String
    /// The secret itself, for whoever renders it.
    package let secret: TOTPSecret

    /// The secret as it is typed, in Base32.
    package func reveal() -> String { secret.reveal() }

    /// The URI for an authenticator, and for its QR code.
    package var uri: String { secret.uri(issuer: "Muster", account: email) }
}

/// An access token of a super admin as lists show it: without the token.
package struct SuperAdminToken: Sendable {
    package let id: Int64
    package let superAdminID: Int64
    /// nil: whatever a super admin may do.
    package let scopes: [String]?
    package let createdAt: Timestamp
    package let expiresAt: Timestamp?
    package let revokedAt: Timestamp?
    /// As precise as the interval at which replicas write it down.
    package let lastUsedAt: Timestamp?
    package let lastUsedAddress: String?
}
