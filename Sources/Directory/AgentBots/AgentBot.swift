// SPDX-License-Identifier: Apache-2.0

/// A non-human member, of one account or of the whole installation (contract section 5).
package struct AgentBot: Sendable, Identifiable {
    package let id: Int64
    package let name: String?
    package let description: String?
    package let outgoingURL: String?
    /// nil: a bot of the installation.
    package let accountID: Int64?
    /// Where its picture is; stored as given, never fetched. Empty without one.
    package let avatarURL: String
    package let rowVersion: Int64
}

/// What a call wants an agent bot to be; nil leaves a field as it is, `.some(nil)` clears it.
package struct AgentBotDraft: Sendable {
    package var name: String??
    package var description: String??
    package var outgoingURL: String??
    package var accountID: Int64??
    package var avatarURL: String??
    /// The versions that may be changed; any other is ``DirectoryError/stale``. Meaningless for a new bot.
    package var matching = VersionMatch.any
    /// What the surface already found wrong.
    package var problems: [FieldProblem] = []

    package init() {}

    /// Whether the call changes nothing.
    package var isEmpty: Bool {
        name == nil && description == nil && outgoingURL == nil && accountID == nil && avatarURL == nil
    }
}
