// SPDX-License-Identifier: Apache-2.0

/// A person, as one caller may see them.
package struct User: Sendable, Identifiable {
    package let id: Int64
    package let name: String
    package let displayName: String?
    package let email: String
    package let provider: String
    package let avatarURL: String
    package let messageSignature: String?
    package let confirmed: Bool
    /// JSON object text.
    package let customAttributes: JSONText
    /// JSON object text.
    package let uiSettings: JSONText
    /// Only accounts that the caller may read.
    package let accounts: [UserAccount]
    /// The secrets that act as the user; nil without the right `impersonate`.
    package let secrets: UserSecrets?
    package let rowVersion: Int64

    /// The account that the user was last active in: contract section 2.2, `account_id`.
    package var currentAccount: UserAccount? { accounts.first }
}

/// One membership of a user, as the user's body lists it.
package struct UserAccount: Sendable {
    package let id: Int64
    package let name: String
    package let role: String
    package let activeAt: Timestamp?
}

/// What authenticates as a user.
package struct UserSecrets: Sendable {
    package let accessToken: String
    package let pubsubToken: String
    /// nil: does not expire.
    package let expiresAt: Timestamp?
}

/// What a call wants a new user to be.
package struct UserDraft: Sendable {
    package var email: String?
    package var name: String?
    package var displayName: String?
    package var password: String?
    package var customAttributes: JSONText?
    /// What the surface already found wrong, for example a number where text is due.
    package var problems: [FieldProblem] = []

    package init() {}
}

/// What a call wants to change of a user; nil leaves a field as it is.
package struct UserUpdate: Sendable {
    package var email: String?
    package var name: String?
    /// `.some(nil)` clears it.
    package var displayName: String??
    package var password: String?
    /// Merged at the top level: a key can be set to null, and is never removed (contract section 2.4).
    package var customAttributes: JSONText?
    /// Whether the custom attributes are what is given and nothing else, as an operator edits them.
    package var replacesCustomAttributes = false
    /// The versions that may be changed; any other is ``DirectoryError/stale``.
    package var matching = VersionMatch.any
    package var problems: [FieldProblem] = []

    package init() {}

    /// Whether the call changes nothing.
    package var isEmpty: Bool {
        email == nil && name == nil && displayName == nil && password == nil && customAttributes == nil
    }
}
