// SPDX-License-Identifier: Apache-2.0

/// What an operator sees first: how much there is, and what waits for a person.
package struct Overview: Sendable {
    /// How many there are: counted when they are few, else as the database last estimated.
    package struct Size: Sendable, Equatable {
        package let count: Int64
        package let isEstimate: Bool
    }

    /// A webhook whose deliveries do not arrive.
    package struct FailingWebhook: Sendable {
        package let id: Int64
        package let url: String
        package let platformAppID: Int64
        package let platformAppName: String
        /// Deliveries that are tried again, and those given up; each counted as far as ``Overview/mostCounted``.
        package let retrying: Int
        package let givenUp: Int
    }

    /// A token that somebody should look at.
    package struct Token: Sendable {
        package let id: Int64
        /// `platform_app` or `super_admin`.
        package let ownerKind: String
        package let ownerID: Int64
        package let ownerName: String
        package let expiresAt: Timestamp?
        package let lastUsedAt: Timestamp?
        package let createdAt: Timestamp
        /// Whether it expires soon; else it has not been used for long.
        package let isExpiring: Bool
    }

    /// Work that does not get anywhere.
    package struct StalledJob: Sendable {
        package let kind: String
        package let attempts: Int
        package let runAt: Timestamp
        package let error: String?
    }

    /// Counting ends here.
    package static let mostCounted = 100

    package let databaseVersion: String
    /// The last step of the schema, such as `V0008_super_admins`.
    package let schema: String
    package let users: Size
    package let accounts: Size
    package let agentBots: Size
    package let platformApps: Size
    /// Plans that a person releases or rejects, counted as far as ``mostCounted``.
    package let waitingRuns: Int
    /// Disputes that wait for a person, entries in quarantine, and policies in trouble; each counted as far as ``mostCounted``.
    package let openDisputes: Int
    package let quarantinedEntries: Int
    package let policiesInTrouble: Int
    /// E-mail addresses of super admins without a second factor.
    package let superAdminsWithoutTOTP: [String]
    package let failingWebhooks: [FailingWebhook]
    package let tokens: [Token]
    package let stalledJobs: [StalledJob]
}
