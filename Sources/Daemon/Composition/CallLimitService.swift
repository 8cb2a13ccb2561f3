// SPDX-License-Identifier: Apache-2.0
import Directory
import Logging
import ServiceLifecycle

/// Learns which limits operators have set for apps: at the start, and every so often what another process has set.
struct CallLimitService: Service {
    /// How late a limit set elsewhere is at most.
    static let period = Duration.seconds(5)

    let tokens: TokenStore
    let logger: Logger
    var period = Self.period

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                while true {
                    await refresh()
                    try await Task.sleep(for: period)
                }
            }
        } catch is CancellationError {
            return
        }
    }

    /// Should the database be away, the limits that are known go on holding.
    private func refresh() async {
        do {
            try await tokens.refreshCallLimits()
        } catch {
            logger.debug("the limits of apps are read later", metadata: ["error": "\(error)"])
        }
    }
}
