// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import Postgres
import Subprocess
import SystemPackage

/// PostgreSQL's programs for backups, in a version that the server understands.
struct PostgresTools: Sendable {
    static let required = ["pg_dump", "pg_restore", "psql"]

    let folder: String
    let major: Int
    /// How to reach the database, for the programs alone: a password stands neither in arguments nor in a file.
    let environment: [Environment.Key: String]

    func executable(_ program: String) -> Executable { .path(FilePath("\(folder)/\(program)")) }

    /// The oldest programs that are at least as new as the server: older ones refuse it, and newer ones may say what it does not
    /// understand yet.
    ///
    /// - Throws: ``BackupError`` of kind `toolsMissing`, which says what to install.
    static func find(
        for server: Int, _ database: PostgresConfiguration, variables: [String: String] = ProcessInfo.processInfo.environment
    ) async throws -> PostgresTools {
        let folders = PostgresPrograms.candidates(
            environment: variables, versionFolders: FileSystem.names(in: "/usr/lib/postgresql"))
        var found: [(major: Int, folder: String)] = []
        for folder in folders where required.allSatisfy({ access("\(folder)/\($0)", X_OK) == 0 }) {
            let answer = try? await Subprocess.run(
                .path(FilePath("\(folder)/pg_dump")), arguments: ["--version"], environment: .custom(["LC_ALL": "C"]),
                output: .string(limit: 1_024), error: .discarded)
            if let line = answer?.standardOutput, let major = major(versionLine: line) { found.append((major, folder)) }
        }
        guard let best = found.filter({ $0.major >= server }).min(by: { $0.major < $1.major }) else {
            let newest = found.map(\.major).max().map { " (only those of \($0) are)" } ?? ""
            throw BackupError(
                .toolsMissing,
                "the server is PostgreSQL \(server), and its programs \(required.joined(separator: ", ")) are not installed\(newest): "
                    + "apt-get install postgresql-client-\(server), or name their folder in MUSTER_POSTGRES_BIN")
        }
        return PostgresTools(folder: best.folder, major: best.major, environment: environment(for: database))
    }

    /// The major version in `pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
    static func major(versionLine: String) -> Int? {
        let words = versionLine.split(whereSeparator: \.isWhitespace)
        guard words.count >= 3, words[1] == "(PostgreSQL)" else { return nil }
        return Int(words[2].prefix { $0.isNumber })
    }

    /// The variables by which libpq finds the database; nothing of this process's own environment.
    static func environment(for database: PostgresConfiguration) -> [Environment.Key: String] {
        let servers = database.servers
        var variables: [Environment.Key: String] = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "PGAPPNAME": "muster backup",
            "PGHOST": servers.map(\.host).joined(separator: ","), "PGPORT": servers.map { "\($0.port)" }.joined(separator: ","),
            "PGUSER": database.user, "PGDATABASE": database.database, "PGCONNECT_TIMEOUT": "10", "PGGSSENCMODE": "disable",
            "PGTARGETSESSIONATTRS": database.targetSession.rawValue, "PGCLIENTENCODING": "UTF8",
        ]
        if servers.contains(where: { $0.hostAddress != nil }) {
            variables["PGHOSTADDR"] = servers.map { $0.hostAddress ?? "" }.joined(separator: ",")
        }
        variables["PGPASSWORD"] = database.password
        switch database.tls {
        case .disable: variables["PGSSLMODE"] = "disable"
        case .require: variables["PGSSLMODE"] = "require"
        case .verifyFull(let root):
            variables["PGSSLMODE"] = "verify-full"
            variables["PGSSLROOTCERT"] = root ?? systemRootCertificates
        }
        return variables
    }

    /// The authorities that the system knows, which libpq before 16 has no name for.
    private static var systemRootCertificates: String {
        let known = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"]
        return known.first { access($0, R_OK) == 0 } ?? known[0]
    }
}
