// SPDX-License-Identifier: Apache-2.0

/// What an access token may be used for: `noun:verb`, `noun:*` or `*`.
///
/// A token without scopes may do whatever its owner may. Scopes narrow a token; they never widen what its owner has.
package struct Scope: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    private init(known text: String) {
        description = text
    }

    /// Reads a scope; nil for a noun or a verb that does not exist.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let isKnown = parts.count == 2 && Self.verbs[parts[0]].map { parts[1] == "*" || $0.contains(parts[1]) } == true
        guard isKnown || text == "*" else { return nil }
        description = text
    }

    /// Reads a scope for a super admin's token, which may also hold those of ``operatorVerbs``.
    package init?(operator text: String) {
        if let scope = Scope(text) {
            self = scope
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let verbs = Self.operatorVerbs[parts[0]], parts[1] == "*" || verbs.contains(parts[1]) else {
            return nil
        }
        description = text
    }

    /// The verbs of each noun. Deleting is no writing, and reading reveals no secret: that needs `impersonate`.
    package static let verbs: [String: Set<String>] = [
        "users": ["read", "write", "delete", "impersonate"],
        "accounts": ["read", "write", "delete"],
        "account_users": ["read", "write", "delete"],
        "custom_roles": ["read", "write", "delete"],
        "agent_bots": ["read", "write", "delete"],
        "permissibles": ["read", "delete"],
        "audit_events": ["read"],
        "webhooks": ["read", "write", "delete"],
        "runs": ["read", "write"],
    ]

    /// What only operators do; no Platform App's token is given these.
    package static let operatorVerbs: [String: Set<String>] = [
        "platform_apps": ["read", "write", "delete"],
        "permissibles": ["read", "write", "delete"],
        // Revealing one is to impersonate its owner.
        "access_tokens": ["read", "write", "delete", "impersonate"],
        "super_admins": ["read", "write"],
        "settings": ["read", "write"],
    ]

    package static let platformAppsRead = Scope(known: "platform_apps:read")
    package static let platformAppsWrite = Scope(known: "platform_apps:write")
    package static let platformAppsDelete = Scope(known: "platform_apps:delete")
    package static let permissiblesWrite = Scope(known: "permissibles:write")
    package static let accessTokensRead = Scope(known: "access_tokens:read")
    package static let accessTokensWrite = Scope(known: "access_tokens:write")
    package static let accessTokensDelete = Scope(known: "access_tokens:delete")
    /// To see a token, and so to act as its owner.
    package static let accessTokensImpersonate = Scope(known: "access_tokens:impersonate")
    package static let superAdminsRead = Scope(known: "super_admins:read")
    package static let superAdminsWrite = Scope(known: "super_admins:write")
    package static let settingsRead = Scope(known: "settings:read")
    package static let settingsWrite = Scope(known: "settings:write")
    package static let runsRead = Scope(known: "runs:read")
    package static let runsWrite = Scope(known: "runs:write")
    package static let usersRead = Scope(known: "users:read")
    package static let usersWrite = Scope(known: "users:write")
    package static let usersDelete = Scope(known: "users:delete")
    /// Token, login link, password and e-mail, and seeing a user's secrets.
    package static let usersImpersonate = Scope(known: "users:impersonate")
    package static let accountsRead = Scope(known: "accounts:read")
    package static let accountsWrite = Scope(known: "accounts:write")
    package static let accountsDelete = Scope(known: "accounts:delete")
    package static let accountUsersRead = Scope(known: "account_users:read")
    package static let accountUsersWrite = Scope(known: "account_users:write")
    package static let accountUsersDelete = Scope(known: "account_users:delete")
    package static let customRolesRead = Scope(known: "custom_roles:read")
    package static let customRolesWrite = Scope(known: "custom_roles:write")
    package static let customRolesDelete = Scope(known: "custom_roles:delete")
    package static let agentBotsRead = Scope(known: "agent_bots:read")
    package static let agentBotsWrite = Scope(known: "agent_bots:write")
    package static let agentBotsDelete = Scope(known: "agent_bots:delete")
    package static let webhooksRead = Scope(known: "webhooks:read")
    package static let webhooksWrite = Scope(known: "webhooks:write")
    package static let webhooksDelete = Scope(known: "webhooks:delete")
    package static let auditEventsRead = Scope(known: "audit_events:read")
    package static let permissiblesRead = Scope(known: "permissibles:read")
    package static let permissiblesDelete = Scope(known: "permissibles:delete")

    /// The scope of writing what this one reads; itself when it is another verb.
    var writing: Scope {
        guard description.hasSuffix(":read"), let writing = Scope(description.dropLast(4) + "write") else { return self }
        return writing
    }

    /// Held by tokens that may do everything; what a statement needs that does not say otherwise.
    package static let everything = Scope(known: "*")
}
