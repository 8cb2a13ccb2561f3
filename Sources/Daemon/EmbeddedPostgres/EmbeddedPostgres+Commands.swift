// SPDX-License-Identifier: Apache-2.0
package import Logging

extension EmbeddedPostgres {
    /// Finds the running server of a data folder, for commands run beside the daemon. Starts nothing and takes no lock.
    ///
    /// - Throws: ``EmbeddedPostgresError`` of kind `notRunning` when none runs.
    package static func locate(dataDirectory: String, options: Options = Options()) async throws -> EmbeddedPostgresEndpoint {
        let logger = Logger(label: "muster.embedded-postgres")
        return try await EmbeddedPostgres(dataDirectory: dataDirectory, logger: logger, options: options).runningEndpoint()
    }

    /// Runs `body` with the server of a data folder: the daemon's if one runs, else one started for the duration.
    ///
    /// A command that finds another command at work waits for it, up to a minute.
    package static func withEndpoint<Value: Sendable>(
        dataDirectory: String, logger: Logger, options: Options = Options(),
        _ body: (EmbeddedPostgresEndpoint) async throws -> Value
    ) async throws -> Value {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(60)
        while true {
            let own = EmbeddedPostgres(dataDirectory: dataDirectory, logger: logger, options: options)
            do {
                let server = try await own.start(as: .command)
                return try await own.use(server, body)
            } catch let busy as FolderBusy {
                if busy.holder.role != .command, let endpoint = try? await own.runningEndpoint() {
                    return try await body(endpoint)
                }
                guard clock.now < deadline else { throw busy.refusal }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    /// Stops what was started for a command; what was found running goes on.
    private nonisolated func use<Value: Sendable>(
        _ server: RunningServer, _ body: (EmbeddedPostgresEndpoint) async throws -> Value
    ) async throws -> Value {
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(server.endpoint))
        } catch {
            result = .failure(error)
        }
        if server.wasAdopted {
            await leaveRunning()
        } else {
            await shutdown()
        }
        return try result.get()
    }

    private func runningEndpoint() throws(EmbeddedPostgresError) -> EmbeddedPostgresEndpoint {
        let data = try dataFolder(creating: false)
        guard let home = try ClusterHome.existing(data: data) else { throw Self.notRunning(data) }
        let startup = ClusterStartup(
            layout: layout(of: home), user: home.user, programs: PostgresPrograms(folder: "", major: 0), limit: .zero,
            logger: logger)
        guard case .adopt(let id) = try startup.decide(), let server = try startup.readyServer(id, adopted: true) else {
            throw Self.notRunning(data)
        }
        return server.endpoint
    }

    private static func notRunning(_ data: String) -> EmbeddedPostgresError {
        EmbeddedPostgresError(
            .notRunning, "No PostgreSQL of the data folder \(data) is running.",
            remedy: "Start the daemon with muster serve, or name its folder with --data or MUSTER_DATA_DIR.")
    }
}

/// The folder's lock is taken: commands wait or join, the daemon is refused.
struct FolderBusy: Error {
    let holder: FolderLock.Holder
    let refusal: EmbeddedPostgresError

    /// What the asker gets to see.
    func asError(for role: FolderLock.Role) -> any Error {
        role == .command ? self : refusal
    }
}
