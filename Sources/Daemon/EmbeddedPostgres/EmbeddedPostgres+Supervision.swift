// SPDX-License-Identifier: Apache-2.0
import Logging

extension EmbeddedPostgres {
    /// Starts the server again whenever it ends by itself, for as long as it takes. Ends by cancellation.
    func supervise() async throws {
        let clock = ContinuousClock()
        var delay = RestartDelay()
        while let running = server {
            let begin = clock.now
            while running.isAlive {
                try await Task.sleep(for: .milliseconds(100))
            }
            logger.error(
                "embedded PostgreSQL ended unexpectedly: starting it again",
                metadata: ["pid": "\(running.process.id)", "log": "\(running.startup.layout.log)"])
            var uptime = clock.now - begin
            repeat {
                try await Task.sleep(for: delay.next(afterUptime: uptime))
                uptime = .zero
            } while try await !restart(running)
        }
    }

    private func restart(_ ended: RunningServer) async throws -> Bool {
        do {
            let running = try await ended.startup.bringUp()
            replaceServer(by: running)
            logger.notice("embedded PostgreSQL runs again", metadata: ["pid": "\(running.process.id)"])
            return true
        } catch let error as EmbeddedPostgresError {
            logger.error("embedded PostgreSQL did not start", metadata: ["code": "\(error.code)", "error": "\(error)"])
            return false
        }
    }
}
