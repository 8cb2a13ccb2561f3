// SPDX-License-Identifier: Apache-2.0

package import Intake

/// What happens to an object that the source, or the policy, no longer names.
package enum AbsencePolicy: String, Sendable, Hashable, CaseIterable {
    /// It is suspended, and restored when it returns.
    case suspend
    /// It stays as it is.
    case keep
}

/// A role that a policy can give.
package enum PolicyRole: String, Sendable, Hashable, CaseIterable {
    /// Answers conversations.
    case agent
    /// Runs the account.
    case administrator

    /// The role of the highest precedence wins where several rules apply.
    package var precedence: Int { self == .administrator ? 2 : 1 }
}

/// Whom a rule is about.
package enum Selector: Sendable {
    /// Each person of the source (`everyone`).
    case everyone
    /// The members of a group: its name as written and in normal form.
    case group(written: String, key: String)
    /// The people to whom an LDAP filter applies (`{where: "(ou=Sales)"}`).
    case filter(text: String, LDAPFilter)

    /// The group to which the selector reduces; a pseudo-group begins with `*`, which no distinguished name does.
    package var groupKey: String {
        switch self {
        case .everyone: "*everyone"
        case .group(_, let key): key
        case .filter(let text, _): "*where:" + text
        }
    }
}

/// One account of a policy, and who is in it (an item of `accounts:`).
package struct AccountRule: Sendable {
    /// A selector with the role that it gives and the line where it stands.
    package struct Grant: Sendable {
        /// Whom it is about.
        package let selector: Selector
        /// What they become in the account.
        package let role: PolicyRole
        /// Line of the policy document.
        package let line: Int
    }

    /// The stable key of the rule: a new name renames the account, a new key makes another one (`key:`).
    package let key: String
    /// The account's name (`name:`).
    package let name: String
    /// The account's language (`locale:`), nil where the policy leaves it alone.
    package let locale: String?
    /// Who is in the account, and as what (`members:`, `roles:`); in document order.
    package let grants: [Grant]
    /// What happens to the account when its rule vanishes (`absent:`).
    package let absent: AbsencePolicy
    /// Line of the policy document.
    package let line: Int
}

/// One row for the resolver: the members of this group have this role in that account.
package struct GroupRule: Sendable, Hashable {
    /// A normalised distinguished name, or a pseudo-group (`*everyone`, `*where:(ou=Sales)`).
    package let group: String
    /// The key of the account rule.
    package let account: String
    /// The role that it gives.
    package let role: PolicyRole
    /// Where several rows of one account apply to a person, the highest precedence wins.
    package let precedence: Int
    /// Line of the policy document, for explanations.
    package let line: Int
}
