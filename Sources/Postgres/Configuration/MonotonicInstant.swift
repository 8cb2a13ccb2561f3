// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A point on the monotonic clock, cheap to take and plain to compare.
package struct MonotonicInstant: Sendable, Hashable, Comparable {
    /// Nanoseconds since an arbitrary start.
    package var nanoseconds: Int64

    /// The instant that never comes.
    package static let never = MonotonicInstant(nanoseconds: .max)

    /// The present.
    package static var now: MonotonicInstant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicInstant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Makes an instant out of its nanoseconds.
    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The instant that lies `duration` later, at most `never`.
    package static func + (instant: Self, duration: Duration) -> Self {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return overflow ? .never : Self(nanoseconds: sum)
    }

    /// What `poll` takes to wait until this instant: -1 for ever, rounded up so that it never wakes early.
    func pollTimeout(from now: Self) -> Int32 {
        if self == .never { return -1 }
        let left = nanoseconds - now.nanoseconds
        if left <= 0 { return 0 }
        return Int32(clamping: left / 1_000_000 + 1)
    }
}

extension Duration {
    /// The duration in nanoseconds, clamped to what fits.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carried) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carried ? .max : sum
    }
}
