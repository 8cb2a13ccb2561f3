// SPDX-License-Identifier: Apache-2.0

/// How many requests one client may make: `perMinute` at once, refilled evenly over a minute.
package struct RateLimit: Sendable, Equatable {
    package let perMinute: Int

    /// - Parameter perMinute: at least 1.
    package init(perMinute: Int) {
        self.perMinute = max(1, perMinute)
    }
}

/// Token buckets of many clients in constant memory. Pure: keys and instants in, allowances out.
///
/// Each bucket is one number, the instant at which it will be full again (GCRA). A bucket that is full is as good as none, so
/// nothing has to be cleaned up; where a set of slots has no room, the bucket that is fullest first makes place. Whoever
/// floods the table with new keys so gives requests away, and never takes any from somebody else.
struct RateLimiter: Sendable {
    /// What a client is told about its bucket.
    struct Allowance: Equatable {
        var isAllowed: Bool
        var limit: Int
        /// Requests left at once.
        var remaining: Int
        /// Seconds until the bucket is full.
        var reset: Int
        /// Seconds until a request is allowed, 0 when one is.
        var retryAfter: Int
    }

    private struct Slot {
        var key: UInt64 = 0
        /// Nanoseconds; in the past: full.
        var fullAt: Int64 = .min
    }

    /// Slots that a key may be in.
    private static let ways = 8

    private let limit: RateLimit
    private var slots: [Slot]

    /// - Parameter capacity: clients remembered at once, at 16 bytes each.
    init(_ limit: RateLimit, capacity: Int) {
        self.limit = limit
        slots = Array(repeating: Slot(), count: max(Self.ways, capacity / Self.ways * Self.ways))
    }

    /// Takes one request out of the client's bucket, or nothing when it is empty.
    ///
    /// - Parameters:
    ///   - key: stands for the client; evenly distributed.
    ///   - now: nanoseconds of a monotonic clock.
    ///   - own: the client's own limit in place of everybody's. Since a bucket is an instant, it may change from call to call.
    mutating func take(_ key: UInt64, now: Int64, own: RateLimit? = nil) -> Allowance {
        let limit = own ?? limit
        let interval = limit.interval
        let index = slot(of: key)
        let fullAt = slots[index].key == key ? max(slots[index].fullAt, now) : now
        let capacity = interval * Int64(limit.perMinute)
        let next = fullAt + interval
        guard next - now <= capacity else { return limit.allowance(fullAt - now, wait: next - now - capacity) }
        slots[index] = Slot(key: key, fullAt: next)
        return limit.allowance(next - now, wait: 0)
    }

    /// The slot that holds the key, or the one that it takes over.
    private func slot(of key: UInt64) -> Int {
        let first = Int(key % UInt64(slots.count / Self.ways)) * Self.ways
        var fullest = first
        for index in first..<first + Self.ways {
            if slots[index].key == key { return index }
            if slots[index].fullAt < slots[fullest].fullAt { fullest = index }
        }
        return fullest
    }
}

extension RateLimit {
    /// Nanoseconds in which one request is refilled.
    fileprivate var interval: Int64 { 60_000_000_000 / Int64(perMinute) }

    /// What a client is told whose bucket lacks `used` nanoseconds until it is full.
    fileprivate func allowance(_ used: Int64, wait: Int64) -> RateLimiter.Allowance {
        RateLimiter.Allowance(
            isAllowed: wait == 0, limit: perMinute, remaining: max(0, perMinute - Int((used + interval - 1) / interval)),
            reset: Self.seconds(used), retryAfter: Self.seconds(wait))
    }

    private static func seconds(_ nanoseconds: Int64) -> Int { Int((nanoseconds + 999_999_999) / 1_000_000_000) }
}
