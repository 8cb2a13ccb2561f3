// SPDX-License-Identifier: Apache-2.0

/// Accounts of which there is one for each group, organisational unit or value that the export has (`each:`).
package struct EachAccountRule: Sendable {
    /// What there is an account for.
    enum Subject: Sendable {
        /// Each group whose name has this form; its members are in the account.
        case group(GroupPattern)
        /// Each entry of the tree whose name has this form; who is below is in the account.
        case unit(GroupPattern)
        /// Each value that this field has for a person.
        case attribute(FieldMapping)
    }

    /// Who else is in each of the accounts.
    struct Grant: Sendable {
        enum Target: Sendable {
            /// The same people in each.
            case selector(Selector)
            /// A group whose name is made of the account's (`cn={value}-leads,ou=teams,dc=example,dc=org`).
            case group(Template)
        }

        let target: Target
        let granted: GrantedRole
        let line: Int
    }

    /// The stable key of the rule, with which the keys of its accounts begin (`key:`).
    package let key: String
    let subject: Subject
    /// The accounts' names (`name:`); nil is `{value}`.
    let name: [FieldSource]
    /// The accounts' language (`locale:`), nil where the policy leaves it alone.
    package let locale: String?
    let grants: [Grant]
    /// The roles by precedence, the highest first.
    let roleOrder: [GrantedRole]
    /// What happens to an account when its group, unit or value vanishes, or the rule (`absent:`).
    package let absent: AbsencePolicy
    /// What happens to a membership when nothing in the source gives it any more (`absent_members:`).
    package let absentMembers: MembershipAbsence
    /// The former names of a group, unit or value by its new one, all in the one spelling (`renames:`).
    let formerNames: [String: [String]]
    /// Line of the policy document.
    package let line: Int

    /// The form of names, where the rule is about groups.
    var groupPattern: GroupPattern? { if case .group(let pattern) = subject { pattern } else { nil } }
    /// The form of names, where the rule is about units.
    var unitPattern: GroupPattern? { if case .unit(let pattern) = subject { pattern } else { nil } }
}
