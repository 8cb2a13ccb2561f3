// SPDX-License-Identifier: Apache-2.0

/// How long to wait before the next attempt: doubles up to a limit, and starts over after a quiet time.
struct RestartDelay: Sendable, Hashable {
    static let first = Duration.milliseconds(100)
    static let longest = Duration.seconds(10)
    static let quietTime = Duration.seconds(60)

    private var following = Self.first

    /// The delay for an attempt after a server that lived for `uptime`.
    mutating func next(afterUptime uptime: Duration) -> Duration {
        if uptime >= Self.quietTime {
            following = Self.first
        }
        let delay = following
        following = min(following * 2, Self.longest)
        return delay
    }
}
