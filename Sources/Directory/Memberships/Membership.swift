// SPDX-License-Identifier: Apache-2.0

/// A user in an account with a role (`account_user` on the wire; contract section 4).
package struct Membership: Sendable, Identifiable {
    package let id: Int64
    package let accountID: Int64
    package let userID: Int64
    package let role: String
    package let inviterID: Int64?
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
    package let activeAt: Timestamp?
    package let availability: String
    package let autoOffline: Bool
    package let customRoleID: Int64?
    package let agentCapacityPolicyID: Int64?
}

/// The two roles that every account has.
package enum Role: String, Sendable, CaseIterable {
    case agent
    case administrator
}

/// Whether a member takes conversations now.
package enum Availability: String, Sendable, CaseIterable {
    case online
    case offline
    case busy
}

/// What a call wants a membership to be.
package struct MembershipDraft: Sendable {
    package var userID: Int64?
    /// nil: `agent` in a new membership, unchanged in one that is there.
    package var role: Role?
    /// `.some(nil)` takes the custom role away; it must be one of the same account.
    package var customRoleID: Int64??
    package var availability: Availability?
    package var autoOffline: Bool?
    /// What the surface already found wrong.
    package var problems: [FieldProblem] = []

    package init() {}
}
