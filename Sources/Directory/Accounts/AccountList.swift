// SPDX-License-Identifier: Apache-2.0

/// Which accounts an operator looks for; every condition given must hold.
package struct AccountListQuery: Sendable {
    /// Beginnings of words in name and domain, parted by blanks or signs, or an id.
    package var text: String?
    package var status: AccountStatus?
    /// What a Platform App may reach.
    package var platformAppID: Int64?
    /// Falling ids; 0 begins with the newest.
    package var page: PageRequest

    package init(page: PageRequest) {
        self.page = page
    }

    var problems: [FieldProblem] { StorableText.problems("q", "Search", text, maximum: 255) }
}

/// An account as a list of operators shows it.
package struct AccountListItem: Sendable, Identifiable {
    /// Members are counted so far.
    package static let mostMembers: Int64 = 1_000

    package let id: Int64
    package let name: String
    package let domain: String?
    package let locale: String
    package let isSuspended: Bool
    /// Counted to ``mostMembers``; members that are being deleted count until they are.
    package let members: Int64
    /// The first Platform App that may reach it; nil when it belongs to none.
    package let firstOwner: String?
    /// How many apps may reach it.
    package let owners: Int64
    package let createdAt: Timestamp
}
