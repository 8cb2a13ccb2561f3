// SPDX-License-Identifier: Apache-2.0
import Glibc
import Logging

/// Makes a cluster with its role and database.
///
/// All of it happens in a folder beside the final one, which is renamed as the last step: a cluster that exists is complete, and
/// what a killed daemon left is thrown away by the next.
struct ClusterCreation: Sendable {
    static let neededSpace: Int64 = 200 << 20

    let layout: ClusterLayout
    let user: OSUser
    let programs: PostgresPrograms
    let logger: Logger

    /// Removes what unfinished creations left. An `initdb` that outlived its daemon may still write there: then the rest stays.
    func discardUnfinished() {
        for name in FileSystem.names(in: layout.home) where name.hasPrefix(ClusterLayout.unfinishedPrefix) {
            do {
                try FileSystem.removeTree("\(layout.home)/\(name)")
                logger.info("removed what an interrupted creation of the cluster left", metadata: ["folder": "\(name)"])
            } catch {
                logger.warning("an unfinished cluster could not be removed", metadata: ["error": "\(error)"])
            }
        }
    }

    /// A folder to make the cluster in.
    func makeFolder() throws(EmbeddedPostgresError) -> String {
        if let free = FileSystem.freeSpace(at: layout.home), free < Self.neededSpace {
            throw EmbeddedPostgresError(
                .diskFull,
                "The file system of \(layout.home) has \(free >> 20) MB free; a cluster needs \(Self.neededSpace >> 20) MB.",
                remedy: EmbeddedPostgresError.freeSpace)
        }
        // A name of its own, so that an initdb left running by a killed daemon does not meddle with this one.
        let folder = "\(layout.home)/\(ClusterLayout.unfinishedPrefix)\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try FileSystem.makeFolder(folder, mode: 0o700, owner: user)
        return folder
    }

    /// Runs `initdb`, and makes the role and the database without a server, in single-user mode.
    func fill(_ folder: String) async throws {
        let runner = ProgramRunner(user: user)
        let made = try await runner.run(
            programs.path(of: "initdb"),
            [
                "--pgdata=\(folder)", "--username=\(ClusterLayout.superuser)", "--data-checksums", "--encoding=UTF8",
                "--locale=C",
                // Order by bytes, but know the letters of all languages: plain C upper-cases ASCII only.
                "--lc-ctype=\(Self.characterType)", "--auth-local=peer", "--auth-host=reject", "--no-instructions",
            ])
        guard made.succeeded else { throw failure("initdb failed.", made.output) }
        let statements = """
            create role \(ClusterLayout.role) login
            create database \(ClusterLayout.database) owner \(ClusterLayout.role) template template0 encoding 'UTF8'

            """
        let provisioned = try await runner.run(
            programs.path(of: "postgres"), ["--single", "-D", folder, "-c", "exit_on_error=on", "postgres"], input: statements)
        guard provisioned.succeeded, !provisioned.output.contains("ERROR:") else {
            throw failure("The database could not be made.", provisioned.output)
        }
    }

    /// Writes the access rules, includes our settings, and gives the cluster its final name.
    func finish(_ folder: String) throws(EmbeddedPostgresError) {
        let root = OSUser.numbered(0)?.name ?? "root"
        try FileSystem.write(ClusterAccess.hostBased, to: "\(folder)/pg_hba.conf", mode: 0o600, owner: user)
        let identities = ClusterAccess.identities(users: [root, user.name])
        try FileSystem.write(identities, to: "\(folder)/pg_ident.conf", mode: 0o600, owner: user)
        guard let settings = FileSystem.text(of: "\(folder)/postgresql.conf") else {
            throw .system("read", "\(folder)/postgresql.conf", EIO)
        }
        try FileSystem.write("\(settings)\ninclude = 'muster.conf'\n", to: "\(folder)/postgresql.conf", mode: 0o600, owner: user)
        try FileSystem.write("", to: "\(folder)/muster.conf", mode: 0o600, owner: user)
        try FileSystem.syncFolder(folder)
        guard rename(folder, layout.cluster) == 0 else { throw .system("rename \(folder) to", layout.cluster, errno) }
        try FileSystem.syncFolder(layout.home)
    }

    private func failure(_ message: String, _ output: String) -> EmbeddedPostgresError {
        StartFailure(log: output).error(.creationFailed, message, log: output, logFile: layout.log)
    }

    static var characterType: String {
        guard let locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nil) else { return "C" }
        freelocale(locale)
        return "C.UTF-8"
    }
}
