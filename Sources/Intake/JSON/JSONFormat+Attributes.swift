// SPDX-License-Identifier: Apache-2.0

/// Attributes by which formats tell what an item is: made once, since each is asked for at every entry.
enum ItemAttribute {
    static let id: AttributeName = "id"
    static let name: AttributeName = "name"
    static let path: AttributeName = "path"
    static let email: AttributeName = "email"
    static let schemas: AttributeName = "schemas"
    static let userName: AttributeName = "userName"
    static let resourceType: AttributeName = "meta.resourceType"
    static let method: AttributeName = "operation.method"
    static let endpoint: AttributeName = "operation.path"
    static let reference: AttributeName = "operation.bulkId"
    static let type: AttributeName = "@odata.type"
    static let removed: AttributeName = "@removed"
    static let removalReason: AttributeName = "@removed.reason"
    static let userPrincipalName: AttributeName = "userPrincipalName"
    static let primaryEmail: AttributeName = "primaryEmail"
    static let login: AttributeName = "profile.login"

    /// Attributes that only groups have, by format.
    static let graphGroup: [AttributeName] = ["groupTypes", "securityEnabled", "mailEnabled", "members.id", "members@delta.id"]
    static let googleGroup: [AttributeName] = ["groupKey.id", "directMembersCount", "email"]
    static let oktaGroup: [AttributeName] = ["lastMembershipUpdated", "objectClass"]
}

extension Entry {
    /// Whether any of the attributes is mentioned.
    func mentions(anyOf names: [AttributeName]) -> Bool {
        names.contains { index(of: $0) != nil }
    }

    /// Whether an attribute is mentioned.
    func mentions(_ name: AttributeName) -> Bool { index(of: name) != nil }
}
