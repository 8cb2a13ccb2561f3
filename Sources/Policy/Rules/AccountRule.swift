// SPDX-License-Identifier: Apache-2.0

/// What happens to an object that the source, or the policy, no longer names.
package enum AbsencePolicy: String, Sendable, Hashable, CaseIterable {
    /// It is suspended, and restored when it returns.
    case suspend
    /// It stays as it is.
    case keep
}

/// What happens to a membership that a policy gave and that the source no longer names.
package enum MembershipAbsence: String, Sendable, Hashable, CaseIterable {
    /// It is taken away.
    case remove
    /// It stays as it is.
    case keep
}

/// A role that a policy can give.
package enum PolicyRole: String, Sendable, Hashable, CaseIterable {
    /// Answers conversations.
    case agent
    /// Runs the account.
    case administrator
}

/// A role with the name of the account's custom role, where it is one; a custom role is an agent's.
package struct GrantedRole: Sendable, Hashable {
    /// The role.
    package let role: PolicyRole
    /// The name of a custom role of the account.
    package let customRole: String?

    init(_ role: PolicyRole, customRole: String? = nil) {
        self.role = role
        self.customRole = customRole
    }

    /// As the policy has it.
    package var name: String { customRole ?? role.rawValue }
}

/// One account of a policy, and who is in it (an item of `accounts:`).
package struct AccountRule: Sendable {
    /// A selector with the role that it gives and the line where it stands.
    package struct Grant: Sendable {
        /// Whom it is about.
        package let selector: Selector
        /// What they become in the account.
        package let granted: GrantedRole
        /// Line of the policy document.
        package let line: Int

        /// The role, of a custom role the one beneath it.
        package var role: PolicyRole { granted.role }
    }

    /// The stable key of the rule: a new name renames the account, a new key makes another one (`key:`).
    package let key: String
    /// The account's name (`name:`).
    package let name: String
    /// The account's language (`locale:`), nil where the policy leaves it alone.
    package let locale: String?
    /// Who is in the account, and as what (`members:`, `roles:`); in document order.
    package let grants: [Grant]
    /// The roles by precedence, the highest first (`role_order:`, default administrator, custom roles as written, agent).
    package let roleOrder: [GrantedRole]
    /// What happens to the account when its rule vanishes (`absent:`).
    package let absent: AbsencePolicy
    /// What happens to a membership when nothing in the source gives it any more (`absent_members:`).
    package let absentMembers: MembershipAbsence
    /// Line of the policy document.
    package let line: Int

    /// The role of the highest precedence wins where several apply; from 1.
    func precedence(of granted: GrantedRole) -> Int { roleOrder.precedence(of: granted) }
}

extension [GrantedRole] {
    /// The place in the order, counted from its end.
    func precedence(of granted: GrantedRole) -> Int {
        firstIndex(of: granted).map { count - $0 } ?? 0
    }
}

/// One row for the resolver: the members of this group have this role in that account.
package struct GroupRule: Sendable, Hashable {
    /// A normalised name of a group, or a pseudo-group (`*everyone`, `*where:(ou=Sales)`).
    package let group: String
    /// The key of the account: of an `AccountRule`, or a `DesiredAccount.key`.
    package let account: String
    /// The role that it gives; of a custom role the one beneath it.
    package let role: PolicyRole
    /// The name of the account's custom role, where it gives one.
    package var customRole: String?
    /// Where several rows of one account apply to a person, the highest precedence wins.
    package let precedence: Int
    /// Line of the policy document, for explanations.
    package let line: Int
}
