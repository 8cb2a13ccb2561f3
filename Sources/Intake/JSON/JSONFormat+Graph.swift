// SPDX-License-Identifier: Apache-2.0

extension JSONFormat {
    /// Pages of Microsoft Graph: users, groups with expanded members, delta.
    ///
    /// `@odata.nextLink` says that the page is not the last one; `@odata.deltaLink` that the file tells changes. Who reads
    /// changes gets each object as one: what is mentioned is replaced, null clears, `members@delta` adds to `members` and
    /// takes away what is `@removed`, so that a group may come on several pages, and pages twice.
    static let graph: JSONFormat = {
        var format = JSONFormat(.graph, from: graphItems)
        format.lists = [List(key: "value", kind: .object)]
        format.next = ["@odata.nextLink"]
        format.changes = "@odata.deltaLink"
        return format
    }()

    /// Objects of Microsoft Graph without the page around them.
    static let graphItems: JSONFormat = {
        var format = JSONFormat(.graphItems, names: ["id"])
        format.groupNames = ["id"]
        format.memberAttributes = ["id", "userPrincipalName", "mail", "@odata.type"]
        format.complete = { entry, _ in
            var completion = ItemCompletion(kind: graphKind(entry))
            completion.isChange = true
            completion.isRemoved = entry.mentions(ItemAttribute.removed) || entry.mentions(ItemAttribute.removalReason)
            completion.isRestorable = entry.first(ItemAttribute.removalReason)?.string == "changed"
            return completion
        }
        return format
    }()

    private static func graphKind(_ entry: borrowing Entry) -> Kind {
        switch entry.first(ItemAttribute.type)?.string {
        case "#microsoft.graph.user": return .user
        case "#microsoft.graph.group": return .group
        default: break
        }
        if entry.mentions(ItemAttribute.userPrincipalName) { return .user }
        return entry.mentions(anyOf: ItemAttribute.graphGroup) ? .group : .object
    }
}
