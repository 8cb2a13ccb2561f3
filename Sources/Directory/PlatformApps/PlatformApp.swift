// SPDX-License-Identifier: Apache-2.0

/// A registered piece of software with tokens; the owner of objects.
package struct PlatformApp: Sendable {
    package let id: Int64
    package let name: String
    package let disabledAt: Timestamp?
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
    package let settings: PlatformAppSettings
    /// What it may reach, tombstones apart.
    package let reach: Reach
    /// How many of its tokens authenticate now.
    package let liveTokens: Int64
    /// When one of its tokens was used last; as precise as the interval at which replicas write it down.
    package let lastUsedAt: Timestamp?

    package var disabled: Bool { disabledAt != nil }

    /// How many objects of each kind an app may reach.
    package struct Reach: Sendable, Equatable {
        package let accounts: BoundedCount
        package let users: BoundedCount
        package let agentBots: BoundedCount

        /// How many of a kind.
        package subscript(_ kind: ObjectKind) -> BoundedCount {
            switch kind {
            case .account: accounts
            case .user: users
            case .agentBot: agentBots
            }
        }
    }
}

/// A number that was counted up to a bound and no further, so that no count costs a scan.
package struct BoundedCount: Sendable, Equatable {
    /// What was counted, at most the bound.
    package let value: Int64
    /// Whether there are more than that.
    package let isMore: Bool

    /// - Parameters:
    ///   - counted: how many live of those looked at.
    ///   - looked: how many were looked at; nil: all that there are.
    ///   - bound: at most so many are told.
    init(counted: Int64, of looked: Int64? = nil, bound: Int64) {
        value = min(counted, bound)
        isMore = counted > bound || looked == Self.looked(bound)
    }

    /// How many are looked at to count up to a bound: one more, and some for tombstones.
    static func looked(_ bound: Int64) -> Int64 { bound + bound / 10 + 1 }
}

/// What an operator sets of an app.
package struct PlatformAppSettings: Sendable, Equatable {
    /// Whether the app sees a user's secrets in every answer; if not, in the answer that creates the user and by POST token only.
    package let revealsUserTokens: Bool
    /// How long the app's login links live, 30 to 3600.
    package let loginLinkSeconds: Int32
    /// Calls a minute with all of the app's tokens; nil: what the configuration says of each token.
    package let callsPerMinute: Int32?

    /// What ``loginLinkSeconds`` may be.
    package static let loginLinkRange: ClosedRange<Int32> = 30...3_600
    /// What ``callsPerMinute`` may be.
    package static let callsRange: ClosedRange<Int32> = 1...1_000_000
}

/// What a call wants a new app to be.
package struct PlatformAppDraft: Sendable {
    package var name: String
    /// Of the app's first token; nil: whatever the app may do.
    package var scopes: [Scope]?
    /// Seconds until that token expires; nil: it does not.
    package var expiresIn: Int64?
    package var callsPerMinute: Int32?
    /// What the surface already found wrong.
    package var problems: [FieldProblem] = []

    package init(name: String) { self.name = name }
}

/// What a call wants to change of an app; nil leaves a thing as it is.
package struct PlatformAppUpdate: Sendable {
    package var name: String?
    package var revealsUserTokens: Bool?
    package var loginLinkSeconds: Int32?
    /// `.some(nil)`: what the configuration says.
    package var callsPerMinute: Int32??
    /// What the surface already found wrong.
    package var problems: [FieldProblem] = []

    package init(name: String? = nil) { self.name = name }
}

/// A new Platform App with the access token that authenticates it.
package struct IssuedPlatformApp: Sendable {
    package let id: Int64
    package let name: String
    package let tokenID: Int64
    package let accessToken: String
}

/// What deleting an app, or transferring all that it reaches, comes to; told before it is done.
package struct PlatformAppStakes: Sendable {
    /// Counted up to ``bound``.
    package let reach: PlatformApp.Reach
    /// Tokens that authenticate now.
    package let liveTokens: Int64
    package let webhooks: Int64
    /// The app's sources of syncs, by name, with the policies that fed them last.
    package let sources: [Source]

    /// Up to how many objects of a kind are counted.
    package static let bound: Int64 = 10_000

    /// A source, and whose runs read it.
    package struct Source: Sendable, Equatable {
        package let name: String
        package let policies: [String]
    }
}

/// What became of the objects that an app reached.
package struct PlatformAppHandover: Sendable, Equatable {
    /// Objects that live, by kind; tombstones were handed over as well.
    package internal(set) var counts: [ObjectKind: Int64] = [:]

    package subscript(_ kind: ObjectKind) -> Int64 { counts[kind] ?? 0 }
    package var total: Int64 { counts.values.reduce(0, +) }
}
