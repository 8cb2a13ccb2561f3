// SPDX-License-Identifier: Apache-2.0

/// The record that a Platform App may act on an object, how it came to be and what it allows.
package struct Permissible: Sendable, Equatable {
    package let kind: ObjectKind
    /// The object.
    package let id: Int64
    /// `created` or `granted`.
    package let origin: String
    package let rights: Rights
    package let createdAt: Timestamp
}

/// Where a page of permissibles begins: kinds follow one another in the order of ``ObjectKind``, objects by id in each.
package struct PermissiblePosition: Sendable, Equatable {
    package let kind: ObjectKind
    /// Exclusive.
    package let after: Int64

    package init(kind: ObjectKind, after: Int64) {
        self.kind = kind
        self.after = after
    }
}
