// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Postgres
package import Secrets

/// A session of the console, as who holds it finds it.
package struct SuperAdminSession: Sendable {
    package let id: Int64
    package let superAdminID: Int64
    package let email: String
    package let name: String
    /// Whether the person proved lately enough to be there for what reveals or destroys.
    package let isConfirmed: Bool
    /// Whether a confirmation takes a code of an authenticator, and no password.
    package let hasTOTP: Bool
    package let expiresAt: Timestamp
}

/// A session in a list.
package struct ListedSuperAdminSession: Sendable {
    package let id: Int64
    package let superAdminID: Int64
    package let createdAt: Timestamp
    /// As precise as a minute.
    package let seenAt: Timestamp
    package let expiresAt: Timestamp
    package let userAgent: String?
    package let address: String?
    /// Whether it is the one that asks.
    package let isCurrent: Bool
}

/// A session of the console about to begin.
package struct NewSuperAdminSession: Sendable {
    package var proof: SuperAdminProof
    package var userAgent: String?
    package var address: String
    /// The request's id, kept in the audit trail.
    package var requestID: String?
    /// The browser's session until now, which ends as this one begins.
    package var replaced: SuperAdminProof?

    package init(
        proof: SuperAdminProof, userAgent: String?, address: String, requestID: String?, replaced: SuperAdminProof? = nil
    ) {
        self.proof = proof
        self.userAgent = userAgent.map { String($0.unicodeScalars.filter { $0.value != 0 }.prefix(255).map(Character.init)) }
        self.address = address
        self.requestID = requestID
        self.replaced = replaced
    }
}

/// What a session has to prove next, and what that is compared with.
package struct SuperAdminChallenge: Sendable {
    package let superAdminID: Int64
    package let email: String
    /// The hash that a password is compared with.
    package let passwordHash: String
    /// The authenticator; nil where there is none.
    package let totp: TOTPClaims?
    /// The database's clock, which all replicas share, in Unix seconds.
    package let now: Int64

    init(_ row: PostgresRow) throws {
        superAdminID = try row.decode(Int64.self, "id")
        email = try row.decode(String.self, "email")
        passwordHash = try row.decode(String.self, "password_hash")
        now = try row.decode(Int64.self, "now")
        guard try row.decode(Bool.self, "has_totp"), let nonce = try row.decode(UUID?.self, "totp_nonce"),
            let keyID = try row.decode(Int32?.self, "totp_key_id")
        else {
            totp = nil
            return
        }
        totp = TOTPClaims(superAdminID: superAdminID, nonce: nonce, keyID: keyID)
    }
}

/// What proved that somebody is there.
package enum SuperAdminEvidence: Sendable {
    /// The password with this hash, where there is no authenticator.
    case password(hash: String)
    /// The code of this step.
    case code(step: Int64, of: TOTPClaims)
    case recovery(RecoveryCode)
}
