// SPDX-License-Identifier: Apache-2.0

/// An entry of the navigation, with its path below `/super_admin`.
enum ConsoleSection: String, CaseIterable, Sendable {
    case overview = ""
    case platformApps = "platform_apps"
    case accessTokens = "access_tokens"
    case users = "users"
    case accounts = "accounts"
    case agentBots = "agent_bots"
    case sync = "sync"
    case audit = "audit"
    case settings = "settings"

    var label: String {
        switch self {
        case .overview: "Overview"
        case .platformApps: "Platform Apps"
        case .accessTokens: "Access tokens"
        case .users: "Users"
        case .accounts: "Accounts"
        case .agentBots: "Agent bots"
        case .sync: "Sync"
        case .audit: "Audit"
        case .settings: "Settings"
        }
    }
}
