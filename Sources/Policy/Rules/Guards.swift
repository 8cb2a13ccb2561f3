// SPDX-License-Identifier: Apache-2.0

/// The limits of a policy, which hold changes before the first write (`guards:`).
package struct Guards: Sendable, Hashable {
    /// One limit: in count, in percent, or in both, where either one being exceeded holds the changes.
    package struct Limit: Sendable, Hashable {
        /// At most this many (`count:`); nil is no such limit.
        package var count: Int?
        /// At most this share of what there is (`percent:`); nil is no such limit.
        package var percent: Double?
        /// Below this many changes the share does not count (`floor:`, default 5): of three people, one is a third.
        package var floor: Int

        /// Makes a limit.
        package init(count: Int? = nil, percent: Double? = nil, floor: Int = 5) {
            self.count = count
            self.percent = percent
            self.floor = floor
        }

        /// Whether `changes` of `total` are more than the limit allows.
        package func isExceeded(by changes: Int, of total: Int) -> Bool {
            if let count, changes > count { return true }
            guard let percent, changes > 0, changes >= floor else { return false }
            return Double(changes) * 100 > percent * Double(total)
        }
    }

    /// What a limit is about; the raw value is its key.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Users suspended or deleted, and memberships taken away.
        case removals
        /// Users suspended.
        case suspensions
        /// Users deleted.
        case deletions
        /// Users created.
        case creations
        /// Users whose e-mail changes.
        case emailChanges = "email_changes"
        /// Roles of administrator granted, except by the first run.
        case administrators
        /// Memberships given and taken away.
        case members

        /// The kinds of which an account can have limits of its own.
        package static let ofAccounts: [Kind] = [.removals, .administrators, .members]
    }

    /// Users suspended and memberships taken away (`removals:`, default 10 percent).
    package var removals = Limit(percent: 10)
    /// Users whose e-mail changes (`email_changes:`, default 20 percent).
    package var emailChanges = Limit(percent: 20)
    /// Roles of administrator granted, except by the first run (`administrators:`, default 10).
    package var administrators = Limit(count: 10)
    /// Limits beyond those three, by kind.
    package var others: [Kind: Limit] = [:]
    /// Limits that hold for the changes of each account by itself (`per_account:`), in share of its members.
    package var perAccount: [Kind: Limit] = [:]

    /// The limits of a policy that states none.
    package init() {}

    /// The limits of the whole plan by kind.
    package var limits: [Kind: Limit] {
        others.merging([.removals: removals, .emailChanges: emailChanges, .administrators: administrators]) { _, own in own }
    }

    mutating func set(_ limit: Limit, of kind: Kind) {
        switch kind {
        case .removals: removals = limit
        case .emailChanges: emailChanges = limit
        case .administrators: administrators = limit
        case .suspensions, .deletions, .creations, .members: others[kind] = limit
        }
    }
}
