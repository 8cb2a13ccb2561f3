// SPDX-License-Identifier: Apache-2.0

extension JSONFormat {
    /// Realm exports of Keycloak: a realm, an array of realms, or a file `{"realm": …, "users": […]}` of a folder.
    ///
    /// Both lists count where a realm was put together of two and has `users` twice.
    /// Users are named by `id`, which no group refers to; their `groups` are paths, and groups are named by theirs. Groups
    /// below others are entries of their own, before the one above them. A user with `serviceAccountClientId` is no person.
    static let keycloak: JSONFormat = {
        var format = JSONFormat(.keycloak, names: ["id", "username"])
        format.lists = [List(key: "users", kind: .user), List(key: "groups", kind: .group)]
        format.groupNames = ["path"]
        format.joinsLists = true
        format.mark = "realm"
        format.below = "subGroups"
        return format
    }()
}
