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
            if entry.presence(of: "profile.login") != .absent { return ItemCompletion(kind: .user) }
            let isGroup = entry.presence(of: "lastMembershipUpdated") != .absent || entry.presence(of: "objectClass") != .absent
            return ItemCompletion(kind: isGroup ? .group : .object)
        }
        return format
    }()
}
