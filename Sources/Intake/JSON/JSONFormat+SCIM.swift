// SPDX-License-Identifier: Apache-2.0

extension JSONFormat {
    /// SCIM 2.0 (RFC 7644): `ListResponse`, and the operations of a `BulkRequest` that state a whole resource.
    ///
    /// `totalResults` equal to the resources held attests the file. An operation is named by the id of its resource, or as
    /// others refer to it: `bulkId:NAME`; what it does is in the attributes `operation.method`, `operation.path` ...
    static let scim: JSONFormat = {
        var format = JSONFormat(.scim, from: scimItems)
        format.lists = [List(key: "Resources", kind: .object), List(key: "Operations", kind: .object, inner: "data")]
        format.total = "totalResults"
        format.next = ["nextCursor"]
        format.mark = "totalResults"
        format.level = .attested
        format.notes = []
        return format
    }()

    /// Resources of SCIM without the message around them.
    static let scimItems: JSONFormat = {
        var format = JSONFormat(.scimItems, names: ["id", "externalId"])
        format.level = .none
        format.notes = [.noEndOfPages]
        format.groupNames = ["id", "externalId"]
        format.complete = { entry, _ in completeSCIM(&entry) }
        return format
    }()

    private static func completeSCIM(_ entry: inout Entry) -> ItemCompletion {
        var completion = ItemCompletion(kind: .object)
        let isGroup = "urn:ietf:params:scim:schemas:core:2.0:Group"
        let isUser = "urn:ietf:params:scim:schemas:core:2.0:User"
        let endpoint = entry.first(ItemAttribute.endpoint)?.string ?? ""
        entry.forEachValue(of: ItemAttribute.schemas) { schema in
            if schema.string == isGroup { completion.kind = .group }
            if schema.string == isUser { completion.kind = .user }
        }
        switch entry.first(ItemAttribute.resourceType)?.string {
        case "User": completion.kind = .user
        case "Group": completion.kind = .group
        default: break
        }
        if completion.kind == .object {
            if endpoint.hasPrefix("/Groups") { completion.kind = .group }
            if endpoint.hasPrefix("/Users") || entry.mentions(ItemAttribute.userName) { completion.kind = .user }
        }
        guard let method = entry.first(ItemAttribute.method)?.string?.uppercased() else { return completion }
        completion.isChange = true
        switch method {
        case "POST", "PUT": nameOperation(&entry, endpoint: endpoint)
        case "DELETE":
            completion.isRemoved = true
            nameOperation(&entry, endpoint: endpoint)
        default:
            nameOperation(&entry, endpoint: endpoint)
            completion.fault =
                "an operation that does not state a whole resource (\(method == "PATCH" ? method : "unknown method"))"
        }
        return completion
    }

    /// `/Users/ID`, or the reference by which other operations name what this one makes.
    private static func nameOperation(_ entry: inout Entry, endpoint: String) {
        let parts = endpoint.split(separator: "/")
        if parts.count == 2 {
            Array(parts[1].utf8).withUnsafeBytes { entry.setDN($0) }
        } else if entry.first(ItemAttribute.id) == nil, let reference = entry.first(ItemAttribute.reference)?.string {
            Array("bulkId:\(reference)".utf8).withUnsafeBytes { entry.setDN($0) }
        }
    }
}
