// SPDX-License-Identifier: Apache-2.0
import Directory
import Glibc
package import Logging
package import NIOCore
import Postgres
import ServiceLifecycle
import Sync
import UnixSignals
package import WebSurface

/// Things that tests want otherwise.
package struct DaemonOptions: Sendable {
    /// The version of the program, for those who ask.
    package var version = ""
    package var embeddedPostgres = EmbeddedPostgres.Options()
    /// How often watched folders are looked at without any event.
    package var rescan = PolicyWatcher.period
    /// Where requests and connections are counted.
    package var metrics = PrometheusRegistry()
    /// Called with the listening channel once requests are taken.
    package var onListening: @Sendable (any Channel) async -> Void = { _ in }

    package init() {}
}

/// Composes the daemon; nothing is started before `run()`.
package func buildDaemon(_ configuration: MusterConfiguration, logger: Logger, options: DaemonOptions = DaemonOptions())
    -> MusterDaemon
{
    MusterDaemon(configuration: configuration, logger: logger, options: options)
}

/// The daemon: the database, then the installation, then what serves it; stopped in the opposite order.
package struct MusterDaemon: Service {
    /// How long requests and runs may take to end when the daemon drains; below the usual grace of supervisors.
    static let drainLimit = Duration.seconds(25)

    let configuration: MusterConfiguration
    let logger: Logger
    let options: DaemonOptions

    /// Runs until the graceful shutdown. A start that is told to stop leaves nothing behind.
    package func run() async throws {
        let embedded =
            configuration.database == nil
            ? EmbeddedPostgres(dataDirectory: configuration.dataDirectory, logger: logger, options: options.embeddedPostgres)
            : nil
        do {
            // A start can take long: recovery after a power failure, a database that is not there yet.
            let started = try await cancelWhenGracefulShutdown { try await start(embedded) }
            try await serve(started, embedded)
        } catch {
            await embedded?.shutdown()
            guard error is CancellationError || Task.isShuttingDownGracefully else { throw error }
        }
        logger.notice("muster has stopped")
    }

    private func start(_ embedded: EmbeddedPostgres?) async throws -> Installed {
        let database: PostgresConfiguration
        if let embedded {
            database = try PostgresConfiguration(url: try await embedded.start().url)
        } else if let given = configuration.database {
            database = given
        } else {
            throw CancellationError()
        }
        logger.info("the database", metadata: ["database": "\(database)"])
        let postgres = PostgresClient(configuration: database, logger: logger)
        let patience = Patience(limit: nil) { error, pause in
            logger.warning("the database is away: trying again", metadata: ["error": "\(error)", "pause": "\(pause)"])
        }
        do {
            return try await patience.whileAway {
                try await Installed.open(postgres, configuration, migrating: .always, logger: logger)
            }
        } catch {
            await postgres.close()
            throw error
        }
    }

    private func serve(_ installed: Installed, _ embedded: EmbeddedPostgres?) async throws {
        // Started in this order, stopped backwards, each after the ones below it are done.
        var services: [any Service] = []
        if let embedded { services.append(embedded) }
        services.append(installed.postgres)
        services.append(PasswordThreads(installed: installed))
        services.append(DataKeyService(directory: installed.directory, logger: logger))
        services.append(CallLimitService(tokens: installed.directory.tokens, logger: logger))
        services.append(TokenUseService(tokens: installed.directory.tokens, logger: logger))
        services.append(
            SyncService(reconciler: installed.reconciler, folder: configuration.policies, period: options.rescan, logger: logger))
        services.append(workService(installed))
        let desk = syncDesk(installed)
        services.append(SyncDeskService(desk: desk))
        services.append(try httpService(installed, desk))
        var group = ServiceGroupConfiguration(services: services, logger: logger)
        group.maximumGracefulShutdownDuration = Self.drainLimit
        try await ServiceGroup(configuration: group).run()
    }
}

extension MusterDaemon {
    /// Runs the daemon as the process's main work: SIGTERM and SIGINT drain it, a second one ends the process at once.
    package func runUntilSignalled() async throws {
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: self, successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(service: SecondSignal(logger: logger)),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }
}

/// Lets the second signal do what it does to any program.
private struct SecondSignal: Service {
    let logger: Logger

    func run() async throws {
        // Cancelled, not told to stop: the daemon failed.
        do { try await gracefulShutdown() } catch { return }
        logger.notice("stopping; a second signal ends the process at once")
        signal(SIGTERM, SIG_DFL)
        signal(SIGINT, SIG_DFL)
    }
}

/// The threads that hash passwords end with the daemon.
private struct PasswordThreads: Service {
    let installed: Installed

    func run() async throws {
        try? await gracefulShutdown()
        await installed.close()
    }
}
