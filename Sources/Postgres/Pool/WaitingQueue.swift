// SPDX-License-Identifier: Apache-2.0

/// Callers in the order they came, each with a deadline. Leaving from the middle is cheap: the place is skipped later.
struct WaitingQueue {
    private var order: [UInt64] = []
    private var head = 0
    private var deadlines: [UInt64: MonotonicInstant] = [:]
    /// No caller's deadline is earlier; it may be earlier than all of them.
    private(set) var earliestDeadline = MonotonicInstant.never

    var count: Int { deadlines.count }

    mutating func append(_ caller: UInt64, deadline: MonotonicInstant) {
        order.append(caller)
        deadlines[caller] = deadline
        earliestDeadline = min(earliestDeadline, deadline)
    }

    mutating func popFirst() -> UInt64? {
        while head < order.count {
            let caller = order[head]
            head += 1
            if deadlines.removeValue(forKey: caller) != nil {
                tidy()
                return caller
            }
        }
        tidy()
        return nil
    }

    mutating func remove(_ caller: UInt64) -> Bool {
        guard deadlines.removeValue(forKey: caller) != nil else { return false }
        tidy()
        return true
    }

    /// Takes out everybody whose deadline has passed, in the order they came.
    mutating func removeExpired(now: MonotonicInstant) -> [UInt64] {
        if earliestDeadline > now { return [] }
        let expired = order[head...].filter { caller in deadlines[caller].map { $0 <= now } ?? false }
        for caller in expired { deadlines[caller] = nil }
        earliestDeadline = deadlines.values.min() ?? .never
        tidy()
        return expired
    }

    mutating func removeAll() -> [UInt64] {
        let callers = order[head...].filter { deadlines[$0] != nil }
        self = WaitingQueue()
        return callers
    }

    /// Drops the places of those who are gone once they are the majority.
    private mutating func tidy() {
        if deadlines.isEmpty {
            order.removeAll(keepingCapacity: true)
            head = 0
            earliestDeadline = .never
        } else if order.count > 64, order.count > 2 * deadlines.count {
            order = order[head...].filter { deadlines[$0] != nil }
            head = 0
        }
    }
}
