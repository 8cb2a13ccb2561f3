// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

extension MembershipDraft {
    /// What POST account_users sends; other keys are ignored.
    init(_ parameters: inout ParameterReader) {
        self.init()
        userID = parameters.integer("user_id").value
        role = parameters.choice("role", Role.init(rawValue:))
        switch parameters.integer("custom_role_id") {
        case .absent: break
        case .null: customRoleID = .some(nil)
        case .value(let id): customRoleID = id
        }
        availability = parameters.choice("availability", Availability.init(rawValue:))
        switch parameters.bool("auto_offline") {
        case .absent: break
        case .null: parameters.complain("auto_offline", "is not included in the list")
        case .value(let on): autoOffline = on
        }
        // What is no id names no user, and the directory says so.
        problems = parameters.problems.filter { $0.attribute != "user_id" }
    }
}

extension Membership {
    /// Writes the membership's body: all columns of the row, in their order (contract section 4).
    ///
    /// - Parameter suspensions: nil where they were not asked for.
    func write(to body: inout JSONWriter, suspensions: [Suspension]? = nil) {
        body.object {
            $0.field("id", id)
            $0.field("account_id", accountID)
            $0.field("user_id", userID)
            $0.field("role", role)
            $0.field("inviter_id", inviterID)
            $0.field("created_at", microseconds: createdAt.microseconds)
            $0.field("updated_at", microseconds: updatedAt.microseconds)
            $0.field("active_at", microseconds: activeAt?.microseconds)
            $0.field("availability", availability)
            $0.field("auto_offline", autoOffline)
            $0.field("custom_role_id", customRoleID)
            $0.field("agent_capacity_policy_id", agentCapacityPolicyID)
            if let suspensions { $0.suspensions(suspensions) }
        }
    }
}
