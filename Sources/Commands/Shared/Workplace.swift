// SPDX-License-Identifier: Apache-2.0
import Daemon
import Logging
import NIOPosix
import Policy
import Postgres
import Sync

/// What a command works with: the settings, and how it tells how far it is.
struct Workplace: Sendable {
    /// How long a command waits for a database that went away.
    static let patience = Duration.seconds(60)

    let configuration: MusterConfiguration
    let progress: ProgressLine
    private let logger: Logger

    init(_ options: ConfigurationOptions, _ output: OutputOptions) throws {
        configuration = try options.load()
        progress = ProgressLine(output)
        var logger = configuration.logger()
        // A command speaks for itself; its log is for those who ask for it.
        if options.logLevel == nil { logger.logLevel = max(.warning, configuration.logLevel) }
        self.logger = logger
    }

    /// Opens the installation: the operator's database, the daemon's, or an embedded one started for the duration.
    func withInstalled<T: Sendable>(
        migrating: Installed.Migrating = .newDatabase, _ body: @Sendable (Installed) async throws -> T
    ) async throws -> T {
        if let database = configuration.database { return try await open(database, migrating, body) }
        return try await EmbeddedPostgres.withEndpoint(dataDirectory: configuration.dataDirectory, logger: logger) { endpoint in
            try await open(PostgresConfiguration(url: endpoint.url), migrating, body)
        }
    }

    /// A client of the database as it is: nothing is migrated, and no key is asked for.
    ///
    /// - Parameter limit: how many connections there may be.
    func withDatabase<T: Sendable>(limit: Int = 2, _ body: @Sendable (PostgresClient) async throws -> T) async throws -> T {
        if let database = configuration.database { return try await connect(database, limit, body) }
        return try await EmbeddedPostgres.withEndpoint(dataDirectory: configuration.dataDirectory, logger: logger) { endpoint in
            try await connect(PostgresConfiguration(url: endpoint.url), limit, body)
        }
    }

    /// Looks whether the installation is well.
    var doctor: Doctor { Doctor(configuration, logger: logger) }

    /// How runs sit out an outage.
    var patience: Patience {
        Patience(limit: Self.patience) { [progress] error, _ in
            await progress.note((error as? SyncError)?.message ?? "the database is away; trying again for up to a minute")
        }
    }

    /// A policy by its name in the policies folder, or by the path of its file.
    func policy(_ named: String) async throws -> Policy {
        let folder = configuration.policies
        return try await NIOThreadPool.singleton.runIfActive {
            if named.contains("/") || named.hasSuffix(".yaml") || named.hasSuffix(".yml") { return try Policy.load(file: named) }
            let load = Policy.load(folder: folder)
            if let policy = load.policies.first(where: { $0.name == named }) { return policy }
            let names = load.policies.map(\.name)
            let hint = NearestName.find(named, among: names).map { "; did you mean \"\($0)\"?" } ?? ""
            let known = names.isEmpty ? "there is none" : "known: \(names.joined(separator: ", "))"
            let broken = load.diagnostics.isEmpty ? "" : " (some have mistakes: `muster policy check` shows them)"
            throw Failure(
                code: "no_policy", "no policy \"\(named)\" in \(folder) (\(known))\(hint)\(broken)", status: .usage)
        }
    }

    /// The export to read: the one named, or the newest that the policy means.
    func export(_ named: String?, of policy: Policy) async throws -> String {
        if let named { return named }
        return try await NIOThreadPool.singleton.runIfActive {
            if let newest = WatchedFile.newest(policy.exports()) { return newest.path }
            let patterns = policy.read.files.map(\.text).joined(separator: ", ")
            let meant = patterns.isEmpty ? "the policy names no files" : "no file matches \(patterns) beside the policy"
            throw Failure(
                code: "no_file", "\(meant): name the export, as in `muster sync plan \(policy.name) FILE`", status: .usage)
        }
    }

    /// What a run is to read: the file as the policy means it, or as it is said to be meant.
    func input(_ named: String?, of policy: Policy, isChanges: Bool) async throws -> RunInput {
        let file = try await export(named, of: policy)
        if isChanges { return .changes(file) }
        return try await NIOThreadPool.singleton.runIfActive { policy.input(file) }
    }

    private func open<T: Sendable>(
        _ database: PostgresConfiguration, _ migrating: Installed.Migrating, _ body: @Sendable (Installed) async throws -> T
    ) async throws -> T {
        try await connect(database, 4) { postgres in
            let installed = try await Installed.open(postgres, configuration, migrating: migrating, logger: logger)
            let result: Result<T, any Error>
            do { result = .success(try await body(installed)) } catch { result = .failure(error) }
            await installed.close()
            return try result.get()
        }
    }

    private func connect<T: Sendable>(
        _ database: PostgresConfiguration, _ limit: Int, _ body: @Sendable (PostgresClient) async throws -> T
    ) async throws -> T {
        var database = database
        database.pool.limit = limit
        let postgres = PostgresClient(configuration: database, logger: logger)
        let result: Result<T, any Error>
        do { result = .success(try await body(postgres)) } catch { result = .failure(error) }
        await postgres.close()
        return try result.get()
    }
}
