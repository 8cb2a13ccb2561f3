// SPDX-License-Identifier: Apache-2.0

/// The server's settings for a machine's size.
///
/// They are written to `muster.conf`, which the cluster's `postgresql.conf` includes; `ALTER SYSTEM` still overrides them,
/// except for where the server listens.
struct ClusterSettings: Sendable, Hashable {
    static let connections = 50

    /// Name and value, in the order of the file.
    let values: [(name: String, value: String)]

    static func == (left: Self, right: Self) -> Bool { left.text == right.text }
    func hash(into hasher: inout Hasher) { hasher.combine(text) }

    init(machine: MachineSize, socketFolder: String, walCompression: String) {
        let mebibyte: Int64 = 1 << 20
        let memory = machine.memory / mebibyte
        func part(_ divisor: Int64, from low: Int64, to high: Int64) -> String { "\(min(max(memory / divisor, low), high))MB" }
        // A full disk stops the server, so the log of changes never takes more than a twentieth of what is free.
        let journal = min(max(machine.freeDisk / mebibyte / 20, 256), 4096)
        values = [
            ("listen_addresses", ""),
            ("port", "\(ClusterLayout.port)"),
            ("unix_socket_directories", socketFolder),
            ("unix_socket_permissions", "0700"),
            ("max_connections", "\(Self.connections)"),
            // The daemon shares the machine: an eighth, where a dedicated server would take a quarter.
            ("shared_buffers", part(8, from: 32, to: 4096)),
            ("effective_cache_size", part(2, from: 128, to: 1 << 20)),
            ("work_mem", part(400, from: 4, to: 64)),
            ("maintenance_work_mem", part(32, from: 32, to: 1024)),
            ("max_parallel_workers", "\(min(max(machine.cores, 2), 16))"),
            ("max_parallel_workers_per_gather", machine.cores >= 4 ? "2" : "1"),
            ("fsync", "on"),
            ("full_page_writes", "on"),
            ("synchronous_commit", "on"),
            ("wal_compression", walCompression),
            ("wal_level", "replica"),
            ("max_wal_size", "\(journal)MB"),
            ("min_wal_size", "\(min(journal / 2, 512))MB"),
            ("checkpoint_timeout", "15min"),
            ("random_page_cost", "1.1"),
            ("effective_io_concurrency", "64"),
            ("jit", "off"),
            ("logging_collector", "off"),
            ("log_destination", "stderr"),
            ("log_line_prefix", "%m [%p] %q%u@%d "),
            // DETAIL lines carry values of rows, such as e-mail addresses.
            ("log_error_verbosity", "terse"),
            ("log_min_error_statement", "panic"),
            ("log_timezone", "UTC"),
            ("timezone", "UTC"),
        ]
    }

    /// The settings file.
    var text: String {
        let lines = values.map {
            "\($0.name) = '\($0.value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''"))'"
        }
        return """
            # Written by muster at every start: changes here are lost. Use ALTER SYSTEM, or postgresql.conf below the include.
            \(lines.joined(separator: "\n"))

            """
    }

    /// Server options that not even `ALTER SYSTEM` may change, quoted for the shell that `pg_ctl` starts.
    static func fixedOptions(socketFolder: String) -> String {
        [
            ("listen_addresses", ""), ("port", "\(ClusterLayout.port)"), ("unix_socket_directories", socketFolder),
            ("unix_socket_permissions", "0700"),
        ].map { "-c \(shellQuoted("\($0.0)=\($0.1)"))" }.joined(separator: " ")
    }

    private static func shellQuoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}

/// Who may connect: local users by their operating system identity, and nobody else.
enum ClusterAccess {
    /// The text of `pg_hba.conf`.
    static let hostBased = """
        # The socket's folder lets in root and the cluster's user only; peer checks it once more. There is no TCP.
        local all all peer map=muster

        """

    /// The text of `pg_ident.conf`: root and the cluster's own user may be either role.
    static func identities(users: [String]) -> String {
        var seen: Set<String> = []
        let lines = users.filter { seen.insert($0).inserted }.flatMap { user in
            [ClusterLayout.role, ClusterLayout.superuser].map { "muster \"\(user)\" \($0)" }
        }
        return "# map, operating system user, role\n" + lines.joined(separator: "\n") + "\n"
    }
}
