// SPDX-License-Identifier: Apache-2.0

/// What a Platform App can own: the values of the SQL type `object_kind`.
package enum ObjectKind: String, Sendable, CaseIterable {
    case account
    case user
    case agentBot = "agent_bot"

    /// The table that holds the objects.
    var table: String {
        switch self {
        case .account: "accounts"
        case .user: "users"
        case .agentBot: "agent_bots"
        }
    }
}
