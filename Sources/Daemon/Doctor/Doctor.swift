// SPDX-License-Identifier: Apache-2.0
package import Logging
import Postgres

/// Looks whether an installation is well, and says how to mend what is not. Changes nothing.
///
/// No check depends on another one's success: what cannot be looked at is a finding too.
package struct Doctor: Sendable {
    let configuration: MusterConfiguration
    let logger: Logger

    /// For an installation as it is configured.
    package init(_ configuration: MusterConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// All findings, in the order in which one would mend them.
    package func examine() async -> [Finding] {
        var findings = await examineFiles()
        do {
            findings += try await withDatabase { await examine($0) }
        } catch let error as EmbeddedPostgresError {
            findings.append(.failure("database", error.message, error.remedy))
        } catch {
            findings.append(unreachable(error))
        }
        findings += await examineNetwork()
        return findings
    }

    private func withDatabase(_ body: @Sendable (PostgresClient) async -> [Finding]) async throws -> [Finding] {
        if let database = configuration.database { return await connect(database, body) }
        let data = configuration.dataDirectory
        let isMade = try await Self.blocking {
            try FileSystem.resolved(data).map { try ClusterHome.existing(data: $0) != nil } ?? false
        }
        guard isMade else {
            return [
                .warning(
                    "database", "there is no installation in \(data) yet", "start the daemon with muster serve, which makes it")
            ]
        }
        return try await EmbeddedPostgres.withEndpoint(dataDirectory: data, logger: logger) { endpoint in
            await connect(try PostgresConfiguration(url: endpoint.url), body)
        }
    }

    private func connect(
        _ database: PostgresConfiguration, _ body: @Sendable (PostgresClient) async -> [Finding]
    ) async -> [Finding] {
        var database = database
        database.pool.limit = 1
        database.statementTimeout = .seconds(10)
        let postgres = PostgresClient(configuration: database, logger: logger)
        let findings = await body(postgres)
        await postgres.close()
        return findings
    }

    func unreachable(_ error: any Error) -> Finding {
        .failure(
            "database", "the database does not answer (\(error))",
            configuration.database == nil
                ? "see postgres.log in \(configuration.dataDirectory)"
                : "check that it runs and that MUSTER_DATABASE_URL names its address, user and password")
    }

    /// A check whose failure is a finding of its own.
    func guarded(_ check: String, _ body: () async throws -> [Finding]) async -> [Finding] {
        do { return try await body() } catch {
            return [.failure(check, "cannot be checked: \(error)", "mend the other findings first, then run muster doctor again")]
        }
    }
}
