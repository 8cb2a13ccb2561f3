// SPDX-License-Identifier: Apache-2.0

package import Intake

/// Whom a rule is about.
package enum Selector: Sendable {
    /// Each person of the source (`everyone`).
    case everyone
    /// The members of a group: its name as written and in normal form.
    case group(written: String, key: String)
    /// The members of each group whose name has this form (`cn=sales-*,ou=groups,dc=example,dc=org`), in the spelling of names.
    case groups(written: String, key: String)
    /// The people below an entry of the directory tree (`{ou: "ou=Sales,dc=example,dc=org"}`).
    case unit(written: String, key: String)
    /// The people to whom an LDAP filter applies (`{where: "(ou=Sales)"}`).
    case filter(text: String, LDAPFilter)

    /// The group to which the selector reduces; a pseudo-group begins with `*`, which no name of a group does.
    package var groupKey: String {
        switch self {
        case .everyone: "*everyone"
        case .group(_, let key): key
        case .groups(_, let key): "*groups:" + key
        case .unit(_, let key): Self.unitKey(key)
        case .filter(let text, _): "*where:" + text
        }
    }

    /// The pseudo-group of the people below a name.
    static func unitKey(_ name: String) -> String { "*ou:" + name }
}
