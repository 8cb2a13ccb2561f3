// SPDX-License-Identifier: Apache-2.0

package import Secrets

/// An access token as operators see it: without the secret.
package struct StoredToken: Sendable {
    package let id: Int64
    package let owner: Owner
    /// What of the text may be shown, ``AccessToken/visibleLength`` characters.
    package let visiblePart: String
    /// nil: whatever the owner may do.
    package let scopes: [String]?
    package let createdAt: Timestamp
    package let expiresAt: Timestamp?
    package let revokedAt: Timestamp?
    /// The token that took its place.
    package let replacedBy: Int64?
    /// As precise as the interval at which replicas write it down.
    package let lastUsedAt: Timestamp?
    package let lastUsedAddress: String?
    package let state: TokenState

    /// Whether a call with it is let in now.
    package var authenticates: Bool { state == .live && owner.state == .active }

    /// Whose token it is.
    package struct Owner: Sendable, Equatable {
        package let kind: AccessTokenClaims.Owner
        package let id: Int64
        /// nil: has none, or is purged.
        package let name: String?
        /// Of a user or a super admin.
        package let email: String?
        package let state: State

        /// What keeps an owner's tokens out.
        package enum State: String, Sendable {
            case active, disabled, suspended, deleted
        }
    }
}

/// What has become of a token.
package enum TokenState: String, Sendable, CaseIterable {
    case live, revoked, expired
}

/// Which tokens a list shows; what is nil does not narrow it.
package struct TokenQuery: Sendable {
    package var ownerKind: AccessTokenClaims.Owner?
    /// Of the ``ownerKind``, without which it says nothing.
    package var ownerID: Int64?
    package var state: TokenState?
    /// Only tokens that were given this scope by name; those without scopes may do more.
    package var scope: Scope?
    package var page: PageRequest

    package init(page: PageRequest) { self.page = page }
}

/// A token just minted or revealed: the only moments at which it is shown.
package struct IssuedToken: Sendable {
    package let id: Int64
    package let accessToken: String
}

extension AccessTokenClaims.Owner {
    /// The owner's kind in the database and on the wire.
    package var name: String {
        switch self {
        case .platformApp: "platform_app"
        case .user: "user"
        case .agentBot: "agent_bot"
        case .superAdmin: "super_admin"
        }
    }

    /// The kind of that name.
    package init?(name: some StringProtocol) {
        guard let owner = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = owner
    }
}
