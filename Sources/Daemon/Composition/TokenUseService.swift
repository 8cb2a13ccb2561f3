// SPDX-License-Identifier: Apache-2.0
import Directory
import Logging
import ServiceLifecycle

/// Writes down when and from where tokens were used: every so often, and once more when the daemon drains.
struct TokenUseService: Service {
    /// How precise "last used" is.
    static let period = Duration.seconds(15)

    let tokens: TokenStore
    let logger: Logger
    var period = Self.period

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                while true {
                    try await Task.sleep(for: period)
                    await flush()
                }
            }
        } catch is CancellationError {
            // What the last requests used: the listener has drained by now.
            await flush()
        }
    }

    /// What cannot be written now stays in memory until the next time.
    private func flush() async {
        do {
            try await tokens.flush()
        } catch {
            logger.debug("the use of tokens is written later", metadata: ["error": "\(error)"])
        }
    }
}
