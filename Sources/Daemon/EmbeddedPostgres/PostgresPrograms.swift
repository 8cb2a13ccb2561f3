// SPDX-License-Identifier: Apache-2.0

/// An installed PostgreSQL.
struct PostgresPrograms: Sendable, Hashable {
    static let required = ["initdb", "pg_ctl", "postgres"]
    static let oldestMajor = 15

    let folder: String
    let major: Int

    func path(of program: String) -> String { "\(folder)/\(program)" }

    /// The folders to look in: the one that the operator named and no other, else Debian's and those of PATH.
    static func candidates(environment: [String: String], versionFolders: [String]) -> [String] {
        if let named = environment["MUSTER_POSTGRES_BIN"], !named.isEmpty {
            return [named]
        }
        let versions = versionFolders.compactMap { Int($0) }.sorted(by: >).map { "/usr/lib/postgresql/\($0)/bin" }
        let path = (environment["PATH"] ?? "").split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
        return versions + path
    }

    /// The major version in what `postgres --version` prints.
    static func major(versionLine: String) -> Int? {
        let words = versionLine.split(whereSeparator: \.isWhitespace)
        guard words.count >= 3, words[0] == "postgres" else { return nil }
        return Int(words[2].prefix { $0.isNumber })
    }

    /// The installation for a cluster of version `needed`, or the newest for a cluster that is still to be made.
    static func choose(from found: [PostgresPrograms], needed: Int?, cluster: String) throws(EmbeddedPostgresError) -> Self {
        guard let newest = found.max(by: { $0.major < $1.major }) else {
            throw EmbeddedPostgresError(
                .programsMissing, "No PostgreSQL is installed (looked for \(required.joined(separator: ", "))).",
                remedy: "Run apt-get install postgresql, or name the folder of its programs in MUSTER_POSTGRES_BIN, "
                    + "or use an external database through MUSTER_DATABASE_URL.")
        }
        if let needed {
            guard let match = found.first(where: { $0.major == needed }) else {
                throw differs(cluster: cluster, version: needed, installed: newest)
            }
            return match
        }
        guard newest.major >= oldestMajor else {
            throw EmbeddedPostgresError(
                .versionTooOld, "PostgreSQL \(newest.major) in \(newest.folder) is too old.",
                remedy: "Install PostgreSQL \(oldestMajor) or newer.")
        }
        return newest
    }

    private static func differs(cluster: String, version: Int, installed: PostgresPrograms) -> EmbeddedPostgresError {
        let message = "The cluster in \(cluster) was made by PostgreSQL \(version), and only \(installed.major) is installed."
        guard installed.major > version else {
            return EmbeddedPostgresError(
                .majorVersionDiffers, message,
                remedy:
                    "A cluster cannot go back: run apt-get install postgresql-\(version), or restore a dump into a new folder.")
        }
        let old = "/usr/lib/postgresql/\(version)/bin"
        let new = "\(cluster).\(installed.major)"
        let remedy = """
            Either go on with it: apt-get install postgresql-\(version). Or install that too and upgrade: \
            (1) install -d -m 700 -o OWNER \(new) (2) as OWNER of the cluster, in a folder that user can write: \
            \(installed.folder)/initdb -D \(new) -U \(ClusterLayout.superuser) -k -E UTF8 --locale=C \
            --lc-ctype=\(ClusterCreation.characterType) && \(installed.folder)/pg_upgrade -U \(ClusterLayout.superuser) -b \(old) \
            -B \(installed.folder) -d \(cluster) -D \(new) (3) cp -p \(cluster)/pg_hba.conf \(cluster)/pg_ident.conf \(new)/ && \
            echo "include = 'muster.conf'" >> \(new)/postgresql.conf && mv \(cluster) \(cluster).\(version) && mv \(new) \(cluster)
            """
        return EmbeddedPostgresError(.majorVersionDiffers, message, remedy: remedy)
    }
}
