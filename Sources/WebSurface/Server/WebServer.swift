// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
package import Hummingbird
import HummingbirdCore
package import Logging
package import NIOCore

/// How one listener behaves.
package struct WebServerConfiguration: Sendable {
    /// Where to listen; port 0 takes a free one.
    package var host: String
    package var port: Int
    /// Connections open at once; further ones wait in the kernel's queue.
    package var maximumConnections = 4096
    /// Bytes of all header fields together; more is 431.
    package var maximumHeaderSize = 16 * 1024
    /// Number of header fields; more is 431.
    package var maximumHeaderCount = 100
    package var timeouts = ConnectionTimeouts()

    /// A listener with the defaults for everything but the address.
    package init(host: String = "127.0.0.1", port: Int = 3000) {
        self.host = host
        self.port = port
    }
}

/// Makes the service that listens.
package enum WebServer {
    /// A Hummingbird application, to be run in the daemon's service group.
    ///
    /// On graceful shutdown it stops accepting, lets running requests finish and closes idle connections; the group's
    /// `maximumGracefulShutdownDuration` bounds that.
    ///
    /// - Parameter onRunning: called with the listening channel once the socket is bound; its `localAddress` has the port.
    package static func makeApplication(
        _ configuration: WebServerConfiguration, responder: WebResponder, logger: Logger,
        onRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
    ) -> Application<WebResponder> {
        let accessLog = AccessLog(logger: logger)
        let options = ConnectionGuard.Options(
            timeouts: configuration.timeouts, maximumBodySize: responder.maximumBodySize,
            streamsBody: { responder.streamsBody($0) },
            onRefusal: { status, requestID, peer in
                accessLog.record(
                    AccessLog.Entry(
                        method: "-", path: "-", status: status, duration: .zero, requestID: requestID,
                        remoteAddress: peer?.ipAddress ?? "unix", errorCode: "refused"),
                    status: status, isProbe: false)
            })
        let http = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionGuard(options)],
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: configuration.maximumHeaderSize, maxHeaderListSize: configuration.maximumHeaderSize,
                maxHeaderFieldCount: configuration.maximumHeaderCount))
        return Application(
            responder: responder, server: .http1(configuration: http),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                availableConnectionsDelegate: .maximum(configuration.maximumConnections, logger: logger)),
            onServerRunning: onRunning, logger: logger)
    }
}
