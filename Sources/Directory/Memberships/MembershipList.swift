// SPDX-License-Identifier: Apache-2.0

/// A membership as operators see it: with the names of both sides, and whatever keeps the person from working there.
package struct MembershipListItem: Sendable, Identifiable {
    package let id: Int64
    package let accountID: Int64
    package let accountName: String
    package let isAccountSuspended: Bool
    package let userID: Int64
    package let userName: String
    package let userEmail: String
    package let isUserSuspended: Bool
    package let role: String
    package let customRoleID: Int64?
    package let customRoleName: String?
    package let availability: String
    package let autoOffline: Bool
    package let createdAt: Timestamp
    /// When the person was last active in the account.
    package let activeAt: Timestamp?
    /// Of the membership itself.
    package let suspensions: [StandingSuspension]
}
