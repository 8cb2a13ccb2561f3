// SPDX-License-Identifier: Apache-2.0
import Console
import Directory
import Documents
import Hummingbird
import Logging
import NIOCore
import PlatformAPI
import Postgres
import ServiceLifecycle
import SignIn
import SignInAPI
import SignInPage
import SuperAdminAPI
import Sync
import WebSurface

extension MusterDaemon {
    /// The listener with every surface on it.
    func httpService(_ installed: Installed, _ desk: SyncDesk) throws -> some Service {
        let router = WebRouter()
        router.addHealthRoutes { await Self.readiness(installed.postgres) }
        router.addMetricsRoute(options.metrics, readers: configuration.metricsReaders)
        addGauges(installed)
        try addSurfaces(to: router, installed, desk)
        var responder = WebResponder.Options()
        responder.trustedProxies = configuration.trustedProxies
        // 10,000 people of some 3 KB.
        responder.largeBodies = [PlatformAPI.bulkPath: 32 << 20]
        responder.addressLimit = configuration.addressLimit
        responder.tokenLimit = configuration.tokenLimit
        responder.ownLimit = { [directory = installed.directory] token in
            directory.callLimit(of: token).map { OwnLimit(client: $0.appID, RateLimit(perMinute: $0.perMinute)) }
        }
        responder.metrics = options.metrics
        responder.onToken = { await installed.directory.learnKey(of: $0) }
        let address = configuration.listen
        return WebServer.makeApplication(
            WebServerConfiguration(host: address.host, port: address.port), responder: WebResponder(router, options: responder),
            logger: logger,
            onRunning: { [logger, configuration, options] channel in
                logger.notice(
                    "muster is listening",
                    metadata: [
                        "address": "\(channel.localAddress?.description ?? address.description)",
                        "url": "\(configuration.publicURL)",
                    ])
                await options.onListening(channel)
            })
    }

    /// The surfaces, a line each.
    private func addSurfaces(to router: WebRouter, _ installed: Installed, _ desk: SyncDesk) throws {
        for audience in [PlatformAPI.Audience.platformApps, .superAdmins] {
            PlatformAPI(
                directory: installed.directory, senderAddress: configuration.senderAddress, publicURL: configuration.publicURL,
                audience: audience
            ).addRoutes(to: router)
            SyncRunAPI(directory: installed.directory, desk: desk, audience: audience).addRoutes(to: router)
        }
        SuperAdminAPI(directory: installed.directory).addRoutes(to: router)
        let service = SignInService(directory: installed.directory, passwords: installed.passwords)
        SignInAPI(directory: installed.directory, service: service).addRoutes(to: router)
        SignInPage(directory: installed.directory, service: service, publicURL: configuration.publicURL).addRoutes(to: router)
        Console(
            directory: installed.directory, passwords: installed.passwords, publicURL: configuration.publicURL,
            facts: facts, policies: desk.policies, sync: desk
        ).addRoutes(to: router)
        try Documents(publicURL: configuration.publicURL).addRoutes(to: router)
    }

    /// What the console tells of the process.
    private var facts: InstallationFacts {
        var facts = InstallationFacts()
        facts.version = options.version
        facts.startedAt = PostgresTimestamp.now.microseconds
        facts.isEmbedded = configuration.database == nil
        facts.listen = "\(configuration.listen)"
        facts.trustedProxies = configuration.trustedProxies.blocks.map(\.text)
        facts.policies = configuration.policies
        return facts
    }

    /// Whether the database answers now.
    private static func readiness(_ postgres: PostgresClient) async -> Readiness {
        do {
            _ = try await postgres.query(PostgresQuery("select 1").timeout(.seconds(2)))
            return .ready
        } catch {
            return .notReady("the database does not answer (\(error.code))")
        }
    }
}
