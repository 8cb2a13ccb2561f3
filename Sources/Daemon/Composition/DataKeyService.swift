// SPDX-License-Identifier: Apache-2.0
import Directory
import Logging
import ServiceLifecycle

/// Looks every few seconds whether another program added a data key, so that new tokens are soon made with it here too.
///
/// What was already made with one is met sooner: by a token that is presented, or by a row that names its key.
struct DataKeyService: Service {
    static let period = Duration.seconds(5)

    let directory: Directory
    let logger: Logger
    var period = Self.period

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                var problem: String?
                while true {
                    try await Task.sleep(for: period)
                    let now = await look()
                    // Said once: it is the same every few seconds.
                    if let now, now != problem {
                        logger.error(
                            "the database has data keys that cannot be opened: does the file of the master key hold the new one?",
                            metadata: ["error": "\(now)"])
                    }
                    problem = now
                }
            }
        } catch is CancellationError {
            logger.debug("no longer looking for data keys")
        }
    }

    /// - Returns: why a key cannot be opened; nil where all is well, and while the database is away, which others say.
    private func look() async -> String? {
        do {
            if try await directory.refreshKeys() {
                logger.notice("the data keys have changed", metadata: ["current": "\(directory.currentKeyID)"])
            }
        } catch let error as DataKeyError {
            return "\(error)"
        } catch {
            logger.debug("the data keys are looked at later", metadata: ["error": "\(error)"])
        }
        return nil
    }
}
