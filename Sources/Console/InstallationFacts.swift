// SPDX-License-Identifier: Apache-2.0

/// What the process knows of itself, for the pages that tell it.
package struct InstallationFacts: Sendable {
    /// The version of the program.
    package var version = ""
    /// When it was started, in microseconds since 1970; 0 where nobody asks.
    package var startedAt: Int64 = 0
    /// Whether PostgreSQL is the daemon's own.
    package var isEmbedded = false
    /// Where the API listens.
    package var listen = ""
    /// Proxies whose `X-Forwarded-For` is believed.
    package var trustedProxies: [String] = []
    /// The folder of the policies.
    package var policies = ""

    package init() {}
}
