// SPDX-License-Identifier: Apache-2.0

/// A registered piece of software with tokens; the owner of objects.
package struct PlatformApp: Sendable {
    package let id: Int64
    package let name: String
    package let disabled: Bool
    package let createdAt: Timestamp
    /// How many objects of each kind it may reach, tombstones apart.
    package let reach: Reach

    /// What an app may reach.
    package struct Reach: Sendable, Equatable {
        package let accounts: Int64
        package let users: Int64
        package let agentBots: Int64
    }
}

/// A new Platform App with the access token that authenticates it.
package struct IssuedPlatformApp: Sendable {
    package let id: Int64
    package let name: String
    package let accessToken: String
}
