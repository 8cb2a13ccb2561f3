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

    /// Users suspended and memberships taken away (`removals:`, default 10 percent).
    package var removals = Limit(percent: 10)
    /// Users whose e-mail changes (`email_changes:`, default 20 percent).
    package var emailChanges = Limit(percent: 20)
    /// Roles of administrator granted, except by the first run (`administrators:`, default 10).
    package var administrators = Limit(count: 10)

    /// The limits of a policy that states none.
    package init() {}
}
