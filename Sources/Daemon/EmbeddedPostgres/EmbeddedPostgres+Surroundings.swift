// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What a start finds on this machine.
extension EmbeddedPostgres {
    func layout(of home: ClusterHome) -> ClusterLayout {
        var runtimeFolder: String?
        if let folder = options.environment["XDG_RUNTIME_DIR"] ?? Optional("/run/user/\(geteuid())"),
            let facts = FileSystem.facts(of: folder), facts.isFolder, facts.owner == geteuid(), facts.mode & 0o077 == 0
        {
            runtimeFolder = folder
        }
        return ClusterLayout(
            home: home.path, isRoot: geteuid() == 0, userID: home.user.id, runtimeFolder: runtimeFolder)
    }

    /// The major version of the cluster, nil when there is none yet.
    func existingVersion(_ layout: ClusterLayout) throws(EmbeddedPostgresError) -> Int? {
        guard FileSystem.facts(of: layout.cluster) != nil else { return nil }
        if let text = FileSystem.text(of: layout.versionFile), let version = Int(text.prefix { $0.isNumber }) {
            return version
        }
        // An empty folder is as good as none, a filled one is somebody's.
        if rmdir(layout.cluster) == 0 { return nil }
        throw EmbeddedPostgresError(
            .notACluster, "\(layout.cluster) is not a PostgreSQL cluster: PG_VERSION is missing or cannot be read.",
            remedy: "Move that folder away, or choose another data folder with --data or MUSTER_DATA_DIR.")
    }

    func installations(for user: OSUser) async throws -> [PostgresPrograms] {
        let candidates = PostgresPrograms.candidates(
            environment: options.environment, versionFolders: FileSystem.names(in: "/usr/lib/postgresql"))
        var found: [PostgresPrograms] = []
        for folder in candidates where PostgresPrograms.required.allSatisfy({ access("\(folder)/\($0)", X_OK) == 0 }) {
            let outcome = try await ProgramRunner(user: user).run("\(folder)/postgres", ["--version"])
            if let major = PostgresPrograms.major(versionLine: outcome.output) {
                found.append(PostgresPrograms(folder: folder, major: major))
            }
        }
        return found
    }
}
