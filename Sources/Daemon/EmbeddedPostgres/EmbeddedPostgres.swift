// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
package import Logging
import ServiceLifecycle

/// The daemon's own PostgreSQL: one cluster in the data folder, reached through a Unix socket only.
///
/// `start()` makes the cluster where there is none, adopts a server that a killed daemon left running, or starts one. `run()` keeps
/// it running and stops it by fast shutdown when the daemon drains; as the first service of a group it is stopped last. The server
/// runs in a session of its own and outlives a `kill -9` of the daemon.
package actor EmbeddedPostgres: Service {
    /// Things that tests and packagers may want otherwise.
    package struct Options: Sendable {
        /// Where clusters of root's unreachable data folders live.
        package var relocationRoot = "/var/lib/muster"
        /// The variables to read `MUSTER_POSTGRES_BIN`, `PATH` and `XDG_RUNTIME_DIR` from.
        package var environment = ProcessInfo.processInfo.environment
        /// How long a server may take to become ready; a recovery after a power failure takes time.
        package var startLimit = Duration.seconds(600)
        /// How long a fast shutdown may take before an immediate one follows.
        package var stopLimit = Duration.seconds(60)

        /// The usual options.
        package init() {}
    }

    nonisolated private let thread = OwnThread(label: "muster.embedded-postgres")
    /// The actor works with files, so it has a thread of its own.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    let logger: Logger
    let options: Options
    let givenFolder: String
    private var locks: [FolderLock] = []
    private(set) var server: RunningServer?

    /// A cluster in `dataDirectory`; nothing is touched before `start()`.
    package init(dataDirectory: String, logger: Logger, options: Options = Options()) {
        self.givenFolder = dataDirectory
        self.logger = logger
        self.options = options
    }

    /// The data folder when none is configured: `MUSTER_DATA_DIR`, else one for the system or the user.
    package static func defaultDataDirectory(environment: [String: String], isRoot: Bool) -> String {
        if let named = environment["MUSTER_DATA_DIR"], !named.isEmpty {
            return named
        }
        if isRoot {
            return "/var/lib/muster"
        }
        if let share = environment["XDG_DATA_HOME"], share.hasPrefix("/") {
            return "\(share)/muster"
        }
        return "\(environment["HOME"] ?? ".")/.local/share/muster"
    }

    /// Takes the folder, brings the server up, and says where it answers.
    ///
    /// - Throws: ``EmbeddedPostgresError`` with a stable code and what to do next.
    package func start() async throws -> EmbeddedPostgresEndpoint {
        try await start(as: .daemon).endpoint
    }

    func start(as role: FolderLock.Role) async throws -> RunningServer {
        if let server {
            return server
        }
        let data = try dataFolder(creating: true)
        do {
            try takeLock(of: data, as: role)
            let home =
                try ClusterHome.existing(data: data) ?? ClusterHome.make(data: data, relocationRoot: options.relocationRoot)
            if home.path != data {
                logger.notice("the cluster lives outside of the data folder", metadata: ["folder": "\(home.path)"])
                try takeLock(of: home.path, as: role)
            }
            let startup = try await prepare(home)
            let running = try await startup.bringUp()
            server = running
            logger.info(
                "embedded PostgreSQL is ready",
                metadata: [
                    "pid": "\(running.process.id)", "adopted": "\(running.wasAdopted)", "version": "\(startup.programs.major)",
                    "socket": "\(running.endpoint.socketDirectory)",
                ])
            return running
        } catch {
            locks = []
            throw error
        }
    }

    /// Keeps the server running until the daemon drains, then stops it.
    package func run() async throws {
        _ = try await start()
        do {
            try await cancelWhenGracefulShutdown {
                try await self.supervise()
            }
        } catch is CancellationError {
            logger.debug("embedded PostgreSQL is asked to stop")
        } catch {
            await shutdown()
            throw error
        }
        await shutdown()
    }

    /// Stops the server by fast shutdown, waits for its end, and frees the folder. Does nothing when it does not run.
    package func shutdown() async {
        if let server {
            self.server = nil
            await server.stop(limit: options.stopLimit, logger: logger)
        }
        locks = []
    }

    /// Frees the folder and leaves the server running.
    func leaveRunning() {
        server = nil
        locks = []
    }

    func replaceServer(by running: RunningServer) {
        server = running
    }

    // MARK: - Steps of a start

    /// The data folder without links, made where it may be.
    func dataFolder(creating: Bool) throws(EmbeddedPostgresError) -> String {
        let path = URL(filePath: givenFolder).standardizedFileURL.path(percentEncoded: false)
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        if creating {
            // Root's is passable, for the cluster in it belongs to somebody else.
            try FileSystem.makeMissingFolder(trimmed, mode: geteuid() == 0 ? 0o711 : 0o700, owner: nil)
        }
        guard let resolved = FileSystem.resolved(trimmed) else { throw .system("find the data folder", trimmed, errno) }
        if let character = ClusterLayout.unsupportedCharacter(in: resolved) {
            throw EmbeddedPostgresError(
                .folderNameUnsupported, "The data folder's path has the character \(character.debugDescription).",
                remedy: "Choose a folder without quotes, $, ` and \\ in its path with --data or MUSTER_DATA_DIR.")
        }
        return resolved
    }

    private func takeLock(of folder: String, as role: FolderLock.Role) throws {
        switch try FolderLock.take(in: folder, as: role) {
        case .success(let lock): locks.append(lock)
        case .failure(let holder): throw FolderBusy(holder: holder, refusal: holder.refusal(of: folder)).asError(for: role)
        }
    }

    private func prepare(_ home: ClusterHome) async throws -> ClusterStartup {
        let layout = layout(of: home)
        let found = try await installations(for: home.user)
        let version = try existingVersion(layout)
        let programs = try PostgresPrograms.choose(from: found, needed: version, cluster: layout.cluster)
        let startup = ClusterStartup(
            layout: layout, user: home.user, programs: programs, limit: options.startLimit, logger: logger)
        let creation = ClusterCreation(layout: layout, user: home.user, programs: programs, logger: logger)
        creation.discardUnfinished()
        if version == nil {
            logger.info("making a PostgreSQL cluster", metadata: ["folder": "\(layout.cluster)", "user": "\(home.user.name)"])
            let folder = try creation.makeFolder()
            do {
                try await creation.fill(folder)
                try creation.finish(folder)
            } catch {
                try? FileSystem.removeTree(folder)
                throw error
            }
        }
        return startup
    }
}
