// SPDX-License-Identifier: Apache-2.0

package import Postgres

/// How policies fare, for those who run them: no token reaches these calls.
package struct StandingStore: Sendable {
    /// A policy by its name, with the source and the Platform App that it says.
    package struct PolicyName: Sendable, Hashable {
        package let policy: String
        package let source: String
        package let platformApp: String

        package init(policy: String, source: String, platformApp: String) {
            self.policy = policy
            self.source = source
            self.platformApp = platformApp
        }
    }

    let postgres: PostgresClient

    package init(postgres: PostgresClient) {
        self.postgres = postgres
    }

    /// Notes that a run came to nothing: once it is trouble, the webhooks of its app are told, once.
    ///
    /// - Parameter stamp: the file and the rules for which the policy is put aside; nil where it is run on as ever.
    package func failed(_ run: Int64, stamp: String?) async throws {
        _ = try await postgres.query(StandingStatements.failed(run, stamp: stamp))
    }

    /// Notes that a run went well; the webhooks are told if they were told of trouble before.
    package func recovered(_ run: Int64) async throws {
        if try await !postgres.query(StandingStatements.recovered(run)).isEmpty {
            _ = try await postgres.execute(StandingStatements.forgetTheWell)
        }
    }

    /// Has the policy of a run tried again after a while where changes were refused for reasons that pass.
    package func retry(after run: Int64, _ isNeeded: Bool) async throws {
        if isNeeded {
            _ = try await postgres.execute(StandingStatements.retryLater(after: run))
        } else if try await postgres.execute(StandingStatements.forgetRetry(after: run)) > 0 {
            _ = try await postgres.execute(StandingStatements.forgetTheWell)
        }
    }

    /// Whether a policy is put aside for this file and these rules.
    package func isPutAside(_ name: PolicyName, stamp: String) async throws -> Bool {
        let statement = StandingStatements.isPutAside(
            name.policy, source: name.source, app: name.platformApp, stamp: stamp)
        return try await postgres.query(statement).first?.decode(Bool.self, "put_aside") ?? false
    }

    /// Policies that are to be run again though nothing is new at the source.
    package func due() async throws -> Set<PolicyName> {
        Set(
            try await postgres.query(StandingStatements.due).map { row in
                PolicyName(
                    policy: try row.decode(String.self, "policy"), source: try row.decode(String.self, "source"),
                    platformApp: try row.decode(String.self, "app"))
            })
    }
}
