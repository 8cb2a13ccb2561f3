// SPDX-License-Identifier: Apache-2.0

/// An account that a rule with `each:` wants, as one entry of the export knows it.
///
/// Many entries know the same account: `key` says which they mean. Of several names the one of the group's own entry counts
/// (`isFromEntry`), then the first in byte order.
package struct DesiredAccount: Sendable, Hashable {
    /// The key of the rule.
    package var rule: String
    /// The account within one run: the rule's key, `:`, and the name in its one spelling.
    package var key: String
    /// The keys under which the account may be linked already, the best first; a new account is linked under the first.
    ///
    /// The group's immutable id where the entry has one, then `key`, then those of former names (`renames:`).
    package var keys: [String]
    /// The account's name.
    package var name: String
    /// The account's language, nil where the policy leaves it alone.
    package var locale: String?
    /// Whether the name comes from the group's own entry, and not from a member's mention of it.
    package var isFromEntry: Bool
    /// What happens to the account when it is no longer named.
    package var absent: AbsencePolicy
}

/// Accounts and rules that an entry brings to light, beside those that the policy states by name.
package struct Discovered: Sendable, Hashable {
    /// Accounts by rules with `each:`.
    package var accounts: [DesiredAccount] = []
    /// Rows for the resolver: of those accounts, and of groups that a pattern means.
    package var rules: [GroupRule] = []

    /// Whether there is nothing.
    package var isEmpty: Bool { accounts.isEmpty && rules.isEmpty }
}
