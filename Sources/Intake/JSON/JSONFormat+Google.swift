// SPDX-License-Identifier: Apache-2.0

extension JSONFormat {
    /// Pages of the Google Directory API: users, groups, and the members of a group, which is named from outside.
    ///
    /// Users and groups are named by their address, as members are. A page without list is an empty one;
    /// `nextPageToken` says that it is not the last.
    static let google: JSONFormat = {
        var format = JSONFormat(.google, from: googleItems)
        format.lists = [List(key: "users", kind: .user), List(key: "groups", kind: .group), List(key: "members", kind: .member)]
        format.next = ["nextPageToken"]
        format.mark = "kind"
        return format
    }()

    /// Objects of the Directory API, or of Cloud Identity, without the page around them.
    static let googleItems: JSONFormat = {
        var format = JSONFormat(.googleItems, names: ["primaryEmail", "id"])
        format.groupNames = ["email", "groupKey.id", "id"]
        format.ignored = ["etag"]
        format.complete = { entry, kind in
            guard kind == .object else { return ItemCompletion(kind: kind) }
            if entry.mentions(ItemAttribute.primaryEmail) { return ItemCompletion(kind: .user) }
            return ItemCompletion(kind: entry.mentions(anyOf: ItemAttribute.googleGroup) ? .group : .object)
        }
        return format
    }()

    /// `{"GROUP": [members], …}`: what tools write that collect the members of many groups.
    static let googleMembers: JSONFormat = {
        var format = JSONFormat(.googleMembers, from: googleItems)
        format.isKeyedByGroup = true
        return format
    }()
}
