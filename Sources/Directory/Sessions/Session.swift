// SPDX-License-Identifier: Apache-2.0

package import Secrets

/// A signed-in client of a user.
package struct Session: Sendable {
    package let id: Int64
    package let createdAt: Timestamp
    package let expiresAt: Timestamp
    package let userAgent: String?
    package let address: String?
    /// Whose login link began it; nil for a password.
    package let platformAppID: Int64?
    /// Whether it is the one that asks.
    package let isCurrent: Bool
}

/// A session about to begin: what its client holds, and what is known of the client.
package struct NewSession: Sendable {
    /// 22 characters of URL-safe base64: the session's public name.
    package var client: String
    /// SHA-256 of the secret.
    package var digest: [UInt8]
    package var userAgent: String?
    package var address: String
    /// The request's id, kept in the audit trail.
    package var requestID: String?
    /// The session that ends as this one begins.
    package var replaced: SessionProof?

    package init(
        client: String, digest: [UInt8], userAgent: String?, address: String, requestID: String?,
        replaced: SessionProof? = nil
    ) {
        self.client = client
        self.digest = digest
        self.userAgent = userAgent.map { String($0.unicodeScalars.prefix(255).map(Character.init)) }
        self.address = address
        self.requestID = requestID
        self.replaced = replaced
    }
}

/// What the holder of a session shows of it, the secret already digested.
package struct SessionProof: Sendable, Equatable {
    package let client: String
    package let digest: [UInt8]

    package init(client: String, digest: [UInt8]) {
        self.client = client
        self.digest = digest
    }
}

/// How a person shows who they are; nothing is known yet about whether it is any good.
package enum PersonCredential: Sendable {
    /// A session, with the address that its client sends along; nil from a browser, which keeps none.
    case session(SessionProof, email: String?)
    /// A user's access token whose signature was verified.
    case token(AccessTokenClaims)
}

/// A person as they see themselves: every account that is open to them, whoever owns it.
package struct SignedInUser: Sendable {
    package let user: User
    package let inviterID: Int64?
    package let accounts: [OpenAccount]
}

/// An account that is open to a person.
package struct OpenAccount: Sendable {
    package let account: UserAccount
    package let availability: String
    package let autoOffline: Bool
    package let customRoleID: Int64?
    /// What the person may do there, in the original's words.
    package let permissions: [String]
}

/// What a failed sign-in counts against: at most so many within so many seconds from the first.
package struct FailureLimit: Sendable {
    /// A digest.
    package let key: [UInt8]
    package let most: Int64
    package let seconds: Int64

    package init(key: [UInt8], most: Int64, seconds: Int64) {
        self.key = key
        self.most = most
        self.seconds = seconds
    }
}
