// SPDX-License-Identifier: Apache-2.0

/// What a webhook can hear of.
package enum EventType: String, Sendable, CaseIterable {
    case userCreated = "user.created"
    case userUpdated = "user.updated"
    case userDeleted = "user.deleted"
    case accountCreated = "account.created"
    case accountUpdated = "account.updated"
    case accountDeleted = "account.deleted"
    case membershipCreated = "membership.created"
    case membershipUpdated = "membership.updated"
    case membershipDeleted = "membership.deleted"
    /// A policy whose runs come to nothing, told once; and when one of them goes well again.
    case syncTroubled = "sync.troubled"
    case syncRecovered = "sync.recovered"

    /// The event behind an audited action, or nil when nobody is told of it.
    private static let byAction: [String: EventType] = [
        "user.create": .userCreated, "user.update": .userUpdated, "user.delete": .userDeleted,
        "user.suspend": .userUpdated, "user.restore": .userUpdated, "user.lift_suspension": .userUpdated,
        "account.create": .accountCreated, "account.update": .accountUpdated, "account.delete": .accountDeleted,
        "account.suspend": .accountUpdated, "account.restore": .accountUpdated,
        "account.lift_suspension": .accountUpdated,
        "membership.create": .membershipCreated, "membership.update": .membershipUpdated,
        "membership.delete": .membershipDeleted,
    ]

    /// The SQL expression for the type of an action's event; `hasMembership` when it is about an account as well as a user.
    static func sql(action: String, before: String) -> (type: String, hasMembership: Bool)? {
        if action == "membership.write" {
            let new = "case when \(before) is null then '\(membershipCreated.rawValue)' else '\(membershipUpdated.rawValue)' end"
            return (new, true)
        }
        return byAction[action].map { ("'\($0.rawValue)'", $0.rawValue.hasPrefix("membership.")) }
    }
}
