// SPDX-License-Identifier: Apache-2.0

/// A permissible of some app as operators see it: with the object's names.
package struct AppPermissible: Sendable {
    package let kind: ObjectKind
    package let object: NamedObject
    /// `created` or `granted`.
    package let origin: String
    package let rights: Rights
    package let createdAt: Timestamp
}

/// An object, so that a person knows it.
package struct NamedObject: Sendable, Equatable {
    package let id: Int64
    /// nil: a bot that has none.
    package let name: String?
    /// A user's e-mail; nil for others.
    package let email: String?
}

/// An object that could be granted to an app.
package struct GrantCandidate: Sendable {
    package let object: NamedObject
    /// What the app may do with it already; nil: it does not reach it.
    package let rights: Rights?
}
