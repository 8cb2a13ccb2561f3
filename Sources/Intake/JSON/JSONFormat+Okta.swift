// SPDX-License-Identifier: Apache-2.0

extension JSONFormat {
    /// Lists of Okta: users, groups, and the users of a group, which is named from outside.
    ///
    /// Whether more pages follow stands in the header `Link`, never in the file: it proves nothing about who is absent.
    static let okta: JSONFormat = {
        var format = JSONFormat(.okta, names: ["id"])
        format.groupNames = ["id"]
        format.ignored = ["_links", "_embedded"]
        format.memberAttributes = ["id", "status", "profile.login", "profile.email"]
        format.level = .none
        format.notes = [.noEndOfPages]
        format.complete = { entry, _ in
            if entry.mentions(ItemAttribute.login) { return ItemCompletion(kind: .user) }
            return ItemCompletion(kind: entry.mentions(anyOf: ItemAttribute.oktaGroup) ? .group : .object)
        }
        return format
    }()
}
