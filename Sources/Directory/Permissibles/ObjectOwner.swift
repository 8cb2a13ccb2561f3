// SPDX-License-Identifier: Apache-2.0

/// A Platform App that may reach an object.
package struct ObjectOwner: Sendable, Equatable {
    package let appID: Int64
    package let appName: String
    package let isDisabled: Bool
    /// `created` or `granted`.
    package let origin: String
    package let rights: Rights
    package let since: Timestamp
}
