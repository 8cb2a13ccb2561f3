// SPDX-License-Identifier: Apache-2.0

/// A tenant, as one caller may see it (contract section 3.2).
package struct Account: Sendable, Identifiable {
    package let id: Int64
    package let name: String
    package let locale: String
    package let domain: String?
    /// nil: the installation's sender address.
    package let supportEmail: String?
    /// Names of the enabled features, sorted.
    package let features: [String]
    /// JSON object text.
    package let customAttributes: JSONText
    /// JSON object text.
    package let limits: JSONText
    package let status: AccountStatus
    package let rowVersion: Int64
}

/// Whether an account is open to its members; suspended while anybody's suspension of it stands.
package enum AccountStatus: String, Sendable, CaseIterable {
    case active
    case suspended
}

/// What a call wants an account to be; nil leaves a field as it is, or at its default in a new account.
package struct AccountDraft: Sendable {
    package var name: String?
    package var locale: String?
    /// `.some(nil)` clears it.
    package var domain: String??
    /// `.some(nil)` clears it.
    package var supportEmail: String??
    package var status: AccountStatus?
    /// Merged over the defaults on creation, over what is set on update.
    package var features: [String: Bool]?
    /// Replaced whole.
    package var limits: JSONText?
    /// Replaced whole.
    package var customAttributes: JSONText?
    /// The versions that may be changed; any other is ``DirectoryError/stale``. Meaningless for a new account.
    package var matching = VersionMatch.any
    /// What the surface already found wrong.
    package var problems: [FieldProblem] = []

    package init() {}

    /// Whether the call changes nothing.
    package var isEmpty: Bool {
        name == nil && locale == nil && domain == nil && supportEmail == nil && status == nil && features == nil
            && limits == nil && customAttributes == nil
    }
}
