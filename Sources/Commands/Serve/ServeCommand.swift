// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Glibc
import Logging
import Metrics
import NIOCore
import WebSurface

/// `muster serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Runs the daemon: the API, and the watch on the policies' folders.",
        discussion: "SIGTERM or Ctrl-C drains and stops it, a second one ends it at once; SIGHUP reads the policies again.")

    @OptionGroup var options: ConfigurationOptions

    @Option(
        name: .long,
        help: ArgumentHelp("Address and port of the API; default 127.0.0.1:3000. (MUSTER_LISTEN)", valueName: "address:port"))
    var listen: String?

    @Option(
        name: .long,
        help: ArgumentHelp("How others reach the API; default http://<listen>. (MUSTER_PUBLIC_URL)", valueName: "url"))
    var publicURL: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8. (MUSTER_TRUSTED_PROXIES)", valueName: "blocks"))
    var trustedProxies: String?

    func run() async throws {
        let configuration = try options.load([.listen: listen, .publicURL: publicURL, .trustedProxies: trustedProxies])
        LoggingSystem.bootstrap { LineLogHandler(label: $0, level: configuration.logLevel, format: configuration.logFormat) }
        let metrics = PrometheusRegistry()
        MetricsSystem.bootstrap(metrics)
        var daemon = DaemonOptions()
        daemon.metrics = metrics
        daemon.version = MusterCommand.version
        let logger = Logger(label: "muster")
        logger.notice(
            "muster is starting", metadata: ["version": "\(MusterCommand.version)", "data": "\(configuration.dataDirectory)"])
        // What is said at the end is said last.
        defer { LineLogHandler.flush() }
        do {
            try await buildDaemon(configuration, logger: logger, options: daemon).runUntilSignalled()
        } catch let error as IOError where [EADDRINUSE, EADDRNOTAVAIL, EACCES].contains(error.errnoCode) {
            throw Failure(
                code: "cannot_listen",
                "cannot listen on \(configuration.listen): \(String(cString: strerror(error.errnoCode))). "
                    + "Choose another address with --listen or MUSTER_LISTEN")
        }
    }
}
