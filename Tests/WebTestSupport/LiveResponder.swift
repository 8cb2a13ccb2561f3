// SPDX-License-Identifier: Apache-2.0

import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle
package import WebSurface

/// Serves a responder on a free port of this machine while `body` runs.
///
/// - Parameters:
///   - configuration: the listener; its port is 0 unless a test says otherwise.
///   - log: where the listener logs to; nowhere by default.
///   - body: gets the port.
package func serving(
    _ responder: WebResponder, configuration: WebServerConfiguration = WebServerConfiguration(port: 0),
    log: any LogHandler = SwiftLogNoOpLogHandler(), _ body: @Sendable @escaping (Int) async throws -> Void
) async throws {
    let (ports, sink) = AsyncStream<Int>.makeStream()
    let application = WebServer.makeApplication(
        configuration, responder: responder, logger: Logger(label: "test", factory: { _ in log }),
        onRunning: { sink.yield($0.localAddress?.port ?? 0) })
    let quiet = Logger(label: "quiet", factory: { _ in SwiftLogNoOpLogHandler() })
    let group = ServiceGroup(configuration: .init(services: [application], logger: quiet))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        var iterator = ports.makeAsyncIterator()
        let port = await iterator.next() ?? 0
        do {
            try await body(port)
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}
