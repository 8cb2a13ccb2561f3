// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Postgres
import Synchronization

/// A PostgreSQL server of the test run's own: private folder, Unix socket, no durability, gone with the process.
///
/// A small shell watches over it: it holds the reading end of a pipe whose writing end belongs to this process, so the
/// server is stopped and its folder removed however the process ends, even by `kill -9`.
package final class TestServer: Sendable {
    /// What went wrong while a server was started.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        /// Says what went wrong.
        package init(description: String) {
            self.description = description
        }
    }

    /// How a server is started.
    package struct Options: Sendable {
        /// Lines for `postgresql.conf`.
        package var settings: [String]
        /// The port for TCP on 127.0.0.1, where the server shall listen there.
        package var tcpPort: Int?
        /// Lines that replace `pg_hba.conf`.
        package var access: [String]
        /// Files put into the data folder, by name.
        package var files: [String: String]
        /// More words for `initdb`.
        package var initdb: String

        /// Options for a server on a Unix socket only, where nothing else is said.
        package init(
            settings: [String] = [], tcpPort: Int? = nil, access: [String] = [], files: [String: String] = [:],
            initdb: String = ""
        ) {
            self.initdb = initdb
            self.settings = settings
            self.tcpPort = tcpPort
            self.access = access
            self.files = files
        }
    }

    /// `POSIX_SPAWN_SETSID`, which the Glibc module does not have.
    private static let newSession: Int16 = 0x80
    private static let binaries = "/usr/lib/postgresql/15/bin"
    private static let once = Mutex<Result<TestServer, Failure>?>(nil)

    /// The folder of data and socket.
    package let folder: String
    private let options: Options
    /// The writing end of the pipe; closing it ends the server.
    private let leash = Mutex<Int32>(-1)

    /// The one server that the suites of this process share, started when it is first needed.
    package static var shared: TestServer {
        get throws(Failure) {
            try once.withLock { server in
                if server == nil { server = Result { () throws(Failure) in try TestServer() } }
                return server ?? .failure(Failure(description: "no server"))
            }.get()
        }
    }

    /// Makes and starts a server; the caller stops it, or the end of the process does.
    package init(_ options: Options = Options()) throws(Failure) {
        self.options = options
        var template = Array("/tmp/mpg.XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw Failure(description: "no folder in /tmp") }
        folder = String(cString: made)
        try Self.run("/bin/sh", ["-c", Self.asServer("chown postgres: \(folder)", only: "chown postgres: \(folder)")])
        let initdb =
            "\(Self.binaries)/initdb -D \(folder)/data -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync \(options.initdb) >\(folder)/initdb.log 2>&1"
        try Self.run("/bin/sh", ["-c", Self.asServer(initdb)])
        try configure()
        try start()
    }

    deinit {
        stop()
    }

    /// How to reach a database of this server.
    package func configuration(database: String = "postgres", pool: PostgresConfiguration.Pool = .forTests)
        -> PostgresConfiguration
    {
        PostgresConfiguration(host: folder, port: options.tcpPort ?? 5432, user: "postgres", database: database, pool: pool)
    }

    /// Starts the server after `stop`, and waits until it answers.
    package func start() throws(Failure) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Failure(description: "no pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // The shell's input is the pipe: `cat` ends when this process lets go of the other end.
        let script = """
            \(Self.asServer("exec \(Self.binaries)/postgres -D \(folder)/data >>\(folder)/server.log 2>&1 </dev/null")) &
            child=$!
            cat >/dev/null
            pid=$(head -n 1 \(folder)/data/postmaster.pid 2>/dev/null) && kill -QUIT "$pid" 2>/dev/null
            wait $child
            [ -e \(folder)/keep ] || rm -rf \(folder)
            """
        try Self.spawn("/bin/sh", ["-c", script], input: ends[0])
        close(ends[0])
        leash.withLock { $0 = ends[1] }
        try waitUntilReady()
    }

    /// Stops the server at once, as a crash would; its folder goes too unless `keepingData`.
    package func stop(keepingData: Bool = false) {
        let keep = "\(folder)/keep"
        if keepingData {
            let descriptor = open(keep, O_CREAT | O_WRONLY, 0o644)
            close(descriptor)
        } else {
            unlink(keep)
        }
        leash.withLock { leash in
            if leash >= 0 { close(leash) }
            leash = -1
        }
        // The lock file of the socket goes last.
        for _ in 0..<1000 where access("\(folder)/data/postmaster.pid", F_OK) == 0 { usleep(10_000) }
    }

    /// Stops and starts the server; its databases stay.
    package func restart() throws(Failure) {
        stop(keepingData: true)
        try start()
    }

    // MARK: Inside

    private func configure() throws(Failure) {
        var lines = [
            "listen_addresses = '\(options.tcpPort == nil ? "" : "127.0.0.1")'", "unix_socket_directories = '\(folder)'",
            "fsync = off", "synchronous_commit = off", "full_page_writes = off", "shared_buffers = 64MB",
            "max_connections = 300", "wal_level = minimal", "max_wal_senders = 0", "autovacuum_naptime = 1h",
            "checkpoint_timeout = 1h", "max_wal_size = 4GB", "restart_after_crash = on", "logging_collector = off",
        ]
        if let port = options.tcpPort { lines.append("port = \(port)") }
        try write(lines + options.settings, to: "data/postgresql.auto.conf")
        if !options.access.isEmpty { try write(options.access, to: "data/pg_hba.conf") }
        for (name, text) in options.files { try write([text], to: "data/\(name)") }
    }

    private func write(_ lines: [String], to name: String) throws(Failure) {
        let path = "\(folder)/\(name)"
        guard let file = fopen(path, "w") else { throw Failure(description: "cannot write \(path)") }
        fputs(lines.joined(separator: "\n") + "\n", file)
        fclose(file)
        chmod(path, 0o600)
        if getuid() == 0, let user = getpwnam("postgres") { chown(path, user.pointee.pw_uid, user.pointee.pw_gid) }
    }

    private func waitUntilReady() throws(Failure) {
        let port = options.tcpPort ?? 5432
        for _ in 0..<500 {
            if (try? Self.run("\(Self.binaries)/pg_isready", ["-q", "-h", folder, "-p", String(port)])) != nil { return }
            usleep(20_000)
        }
        throw Failure(description: "the server did not start, see \(folder)/server.log")
    }

    /// The server refuses to be run by root.
    private static func asServer(_ command: String, only root: String? = nil) -> String {
        guard getuid() == 0 else { return root == nil ? command : "true" }
        if let root { return root }
        return "setpriv --reuid=postgres --regid=postgres --clear-groups /bin/sh -c '\(command)'"
    }

    private static func run(_ path: String, _ arguments: [String]) throws(Failure) {
        let process = try spawn(path, arguments, input: nil)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else { throw Failure(description: "\(path) \(arguments.joined(separator: " ")) failed") }
    }

    /// Starts a program in a session of its own, so that Ctrl-C does not reach it.
    @discardableResult
    private static func spawn(_ path: String, _ arguments: [String], input: Int32?) throws(Failure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input { posix_spawn_file_actions_adddup2(&actions, input, 0) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Self.newSession)

        let words = ([path] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var process: pid_t = 0
        guard posix_spawn(&process, path, &actions, &attributes, words, environ) == 0 else {
            throw Failure(description: "cannot start \(path)")
        }
        return process
    }
}
