// SPDX-License-Identifier: Apache-2.0
import Directory
import Logging
import NIOPosix
import ServiceLifecycle
import Webhooks
import Work

extension MusterDaemon {
    /// What is done in the background: the purge, the outbox, the webhooks.
    func workService(_ installed: Installed) -> some Service {
        let directory = installed.directory
        return WorkService(
            queue: JobQueue(postgres: installed.postgres), logger: logger,
            handlers: { threads in
                [
                    PurgeHandler(
                        tombstones: directory.tombstones, retention: directory.retention,
                        lifetime: configuration.tombstoneLifetime),
                    OutboxHandler(outbox: directory.outbox),
                    DeliveryHandler(
                        deliveries: directory.deliveries, policy: AddressPolicy(allowed: configuration.webhookNetworks),
                        resolver: .system(threads), authorities: configuration.webhookAuthorities),
                ]
            })
    }
}

/// The worker, with the threads that look names up for as long as it runs.
private struct WorkService: Service {
    let queue: JobQueue
    let logger: Logger
    let handlers: @Sendable (NIOThreadPool) -> [any JobHandler]

    func run() async throws {
        let threads = NIOThreadPool(numberOfThreads: 2)
        threads.start()
        try await Worker(queue: queue, handlers: handlers(threads), logger: logger).run()
        try await threads.shutdownGracefully()
    }
}
