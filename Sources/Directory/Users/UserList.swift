// SPDX-License-Identifier: Apache-2.0

/// Which users an operator looks for; every condition given must hold.
package struct UserListQuery: Sendable {
    /// Beginnings of words in name and address, parted by blanks or signs, or an id.
    package var text: String?
    /// The whole address.
    package var email: String?
    /// The immutable id that any source knows the person by.
    package var externalID: String?
    /// Members of an account, the latest to join first.
    package var accountID: Int64?
    /// What a Platform App may reach.
    package var platformAppID: Int64?
    package var status: UserQuery.Status?
    /// Falling ids; 0 begins with the newest.
    package var page: PageRequest

    package init(page: PageRequest) {
        self.page = page
    }

    var problems: [FieldProblem] {
        StorableText.problems("q", "Search", text, maximum: 255) + StorableText.problems("email", "Email", email, maximum: 255)
            + StorableText.problems("external_id", "External id", externalID, maximum: 512)
    }
}

/// A user as a list of operators shows it.
package struct UserListItem: Sendable, Identifiable {
    package let id: Int64
    package let name: String
    package let displayName: String?
    package let email: String
    package let isSuspended: Bool
    /// Memberships in accounts that live, suspended ones too; counted to 100.
    package let memberships: Int64
    /// The first Platform App that may reach it; nil when it belongs to none.
    package let firstOwner: String?
    /// How many apps may reach it.
    package let owners: Int64
    package let createdAt: Timestamp
}
