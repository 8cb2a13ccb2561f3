// SPDX-License-Identifier: Apache-2.0
import Glibc
import Logging

/// Brings the server of one existing cluster up: adopts, waits, clears away or starts, as the files and processes demand.
struct ClusterStartup: Sendable {
    /// Patience with the remains of an earlier server before its processes are ended, and before giving up.
    static let patience = (children: Duration.seconds(3), total: Duration.seconds(30))
    static let largestLog: Int64 = 16 << 20

    let layout: ClusterLayout
    let user: OSUser
    let programs: PostgresPrograms
    let limit: Duration
    let logger: Logger

    /// Returns when the server answers. Everything here blocks for small files only: run it on a thread that may.
    func bringUp(on actor: isolated (any Actor)? = #isolation) async throws -> RunningServer {
        let clock = ContinuousClock()
        let begin = clock.now
        var delay = RestartDelay()
        while true {
            try Task.checkCancellation()
            switch try decide() {
            case .adopt(let id):
                if let server = try await awaitReadiness(of: id) { return server }
            case .awaitEnd(let id):
                logger.debug("waiting for a server that is stopping", metadata: ["pid": "\(id)"])
            case .readAgain:
                break
            case .refuse(let id):
                throw EmbeddedPostgresError(
                    .singleUserMode, "Process \(id) works on the cluster in single-user mode.",
                    remedy: "End it, then start again.")
            case .discardFile(let reason):
                logger.notice("removing a stale postmaster.pid", metadata: ["reason": "\(reason)"])
                guard unlink(layout.postmasterFile) == 0 || errno == ENOENT else {
                    throw EmbeddedPostgresError.system("remove", layout.postmasterFile, errno)
                }
                continue
            case .start:
                if let failure = try await launch() {
                    guard case .stillInUse = StartFailure(log: failure.log), clock.now - begin < Self.patience.total else {
                        throw failure.error
                    }
                    logger.notice("processes of the earlier server are still ending")
                    if clock.now - begin > Self.patience.children { endOrphans() }
                } else if let server = try await startedServer() {
                    return server
                }
            }
            guard clock.now - begin < limit else { throw tooLong() }
            try await Task.sleep(for: delay.next(afterUptime: .zero))
        }
    }

    func decide() throws(EmbeddedPostgresError) -> StartDecision {
        guard let cluster = FileSystem.facts(of: layout.cluster, following: true) else {
            throw .system("find the cluster", layout.cluster, ENOENT)
        }
        let exists = FileSystem.facts(of: layout.postmasterFile) != nil
        return StartDecision.make(
            file: exists ? FileSystem.text(of: layout.postmasterFile) ?? "" : nil,
            evidence: { ProcessTable.evidence(for: $0, cluster: cluster, path: layout.cluster) },
            serverElsewhere: { ProcessTable.all().contains { $0.isServer(of: cluster, path: layout.cluster) } })
    }

    /// The server in `postmaster.pid` if it is ready for clients; its socket is where that file says.
    func readyServer(_ id: Int32, adopted: Bool) throws(EmbeddedPostgresError) -> RunningServer? {
        guard let file = FileSystem.text(of: layout.postmasterFile).flatMap(PostmasterFile.init), file.processID == id,
            file.status == .ready, let folder = file.socketFolder, let facts = ProcessTable.facts(of: id)
        else { return nil }
        try SocketFolder.check(folder, owner: facts.owner)
        let endpoint = EmbeddedPostgresEndpoint(socketDirectory: folder, port: file.port ?? ClusterLayout.port)
        return RunningServer(process: facts.identity, endpoint: endpoint, wasAdopted: adopted, startup: self)
    }

    // MARK: - Steps

    /// Waits for a running server; nil when it ended meanwhile or is stopping.
    private func awaitReadiness(
        of id: Int32, on actor: isolated (any Actor)? = #isolation
    ) async throws -> RunningServer? {
        let clock = ContinuousClock()
        let begin = clock.now
        var reported = begin
        while case .adopt(id) = try decide() {
            if let server = try readyServer(id, adopted: true) { return server }
            guard clock.now - begin < limit else { throw tooLong() }
            if clock.now - reported > .seconds(10) {
                reported = clock.now
                logger.notice("waiting for PostgreSQL to recover", metadata: ["pid": "\(id)", "for": "\(clock.now - begin)"])
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        return nil
    }

    private func startedServer(on actor: isolated (any Actor)? = #isolation) async throws -> RunningServer? {
        guard case .adopt(let id) = try decide() else { return nil }
        return try readyServer(id, adopted: false)
    }

    /// Starts a server through `pg_ctl`, which gives it a session of its own; nil when it is up.
    private func launch(
        on actor: isolated (any Actor)? = #isolation
    ) async throws -> (log: String, error: EmbeddedPostgresError)? {
        try SocketFolder.prepare(layout.socketFolder, for: user)
        // We hold the folder's lock and no server runs, so a socket and its lock file here are remains.
        let socket = EmbeddedPostgresEndpoint(socketDirectory: layout.socketFolder).socket
        unlink(socket)
        unlink("\(socket).lock")
        let logged = try prepareLog()
        try await writeSettings()
        let outcome = try await ProgramRunner(user: user).runDespiteCancellation(
            programs.path(of: "pg_ctl"),
            [
                "start", "--silent", "--wait", "--timeout=\(limit.components.seconds)", "--pgdata=\(layout.cluster)",
                "--log=\(layout.log)", "--options=\(ClusterSettings.fixedOptions(socketFolder: layout.socketFolder))",
            ])
        if outcome.succeeded { return nil }
        let log = FileSystem.tail(of: layout.log, from: logged) + outcome.output
        let error = StartFailure(log: log).error(.startFailed, "PostgreSQL did not start.", log: log, logFile: layout.log)
        return (log, error)
    }

    private func writeSettings(on actor: isolated (any Actor)? = #isolation) async throws {
        // The settings have to exist for the question below, for postgresql.conf includes them.
        if FileSystem.facts(of: "\(layout.cluster)/muster.conf") == nil {
            try FileSystem.write("", to: "\(layout.cluster)/muster.conf", mode: 0o600, owner: user)
        }
        let fast = try await ProgramRunner(user: user).run(
            programs.path(of: "postgres"), ["-D", layout.cluster, "-C", "wal_compression", "-c", "wal_compression=lz4"])
        let settings = ClusterSettings(
            machine: .measure(folder: layout.cluster), socketFolder: layout.socketFolder,
            walCompression: fast.succeeded ? "lz4" : "on")
        try FileSystem.write(settings.text, to: "\(layout.cluster)/muster.conf", mode: 0o600, owner: user)
    }

    /// Makes the log, or sets a big one aside, and returns how long it is.
    private func prepareLog() throws(EmbeddedPostgresError) -> Int64 {
        if let facts = FileSystem.facts(of: layout.log), facts.size > Self.largestLog {
            guard rename(layout.log, "\(layout.log).1") == 0 else { throw .system("rename", layout.log, errno) }
        }
        if FileSystem.facts(of: layout.log) == nil {
            try FileSystem.write("", to: layout.log, mode: 0o600, owner: user)
        }
        return FileSystem.facts(of: layout.log)?.size ?? 0
    }

    /// Ends children whose server was killed and that are too busy to notice. Only called when no server runs.
    private func endOrphans() {
        guard let cluster = FileSystem.facts(of: layout.cluster, following: true) else { return }
        for process in ProcessTable.all() where process.isChildOfServer(of: cluster) {
            logger.warning("ending a process that its killed server left", metadata: ["pid": "\(process.identity.id)"])
            // As the server's own immediate shutdown does; the write-ahead log brings everything back.
            ProcessTable.signal(process.identity, SIGQUIT)
        }
    }

    private func tooLong() -> EmbeddedPostgresError {
        EmbeddedPostgresError(
            .startFailed, "PostgreSQL was not ready within \(limit.components.seconds) seconds.",
            remedy: "It may still be recovering: see \(layout.log), and start again.")
    }
}
