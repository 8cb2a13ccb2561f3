// SPDX-License-Identifier: Apache-2.0

/// Which agent bots an operator looks for; every condition given must hold.
package struct AgentBotListQuery: Sendable {
    /// Beginnings of words in the name, parted by blanks or signs.
    package var text: String?
    /// Bots of an account.
    package var accountID: Int64?
    /// What a Platform App may reach.
    package var platformAppID: Int64?
    /// Falling ids; 0 begins with the newest.
    package var page: PageRequest

    package init(page: PageRequest) {
        self.page = page
    }

    var problems: [FieldProblem] { StorableText.problems("q", "Search", text, maximum: 255) }
}

/// An agent bot as a list of operators shows it.
package struct AgentBotListItem: Sendable, Identifiable {
    package let id: Int64
    package let name: String?
    package let description: String?
    /// nil: a bot of the installation.
    package let accountID: Int64?
    package let accountName: String?
    /// The first Platform App that may reach it; nil when it belongs to none.
    package let firstOwner: String?
    /// How many apps may reach it.
    package let owners: Int64
    package let createdAt: Timestamp
}
