// SPDX-License-Identifier: Apache-2.0

package import Directory
import FoundationEssentials
import Glibc
package import Logging
import NIOPosix
package import Postgres
import Secrets
package import Sync

/// An installation that is open: its database migrated, its keys at hand. The daemon and the commands share it.
package struct Installed: Sendable {
    package let postgres: PostgresClient
    package let directory: Directory
    package let reconciler: Reconciler
    let passwords: PasswordHasher

    /// Whether a program may bring the schema up to date.
    package enum Migrating: Sendable {
        /// The daemon and `muster migrate`.
        case always
        /// Commands: a new database only, for an older daemon may be at work on one that is not.
        case newDatabase
    }

    /// Opens the installation in a database.
    ///
    /// - Throws: ``InstalledError``, `MigrationError`, `InstallationError`, `MasterKeyError` or `PostgresError`.
    package static func open(
        _ postgres: PostgresClient, _ configuration: MusterConfiguration, migrating: Migrating, logger: Logger
    ) async throws -> Installed {
        try await migrate(postgres, migrating, logger)
        let file = configuration.secretKeyFile
        let keyring = try await Installation.keyring(postgres) { generate in
            try await NIOThreadPool.singleton.runIfActive { try Self.masterKey(file: file, generate: generate, logger) }
        }
        let passwords = PasswordHasher()
        // Read anew each time: the master key may have been rotated since.
        let directory = Directory(postgres: postgres, keyring: keyring, passwords: passwords) {
            try await NIOThreadPool.singleton.runIfActive { try MasterKey.load(path: file) }
        }
        return Installed(
            postgres: postgres, directory: directory,
            reconciler: Reconciler(postgres: postgres, directory: directory, logger: logger), passwords: passwords)
    }

    /// Gives back what `open` took; the client stays open.
    package func close() async { await passwords.stop() }

    private static func migrate(_ postgres: PostgresClient, _ migrating: Migrating, _ logger: Logger) async throws {
        let migrations = try Schema.migrations()
        if migrating == .newDatabase {
            let pending = try await migrations.pending(in: postgres)
            if pending.isEmpty { return }
            guard pending.count == migrations.steps.count else { throw InstalledError.databaseOlder }
        }
        for step in try await migrations.apply(to: postgres) {
            logger.notice("migrated the database", metadata: ["step": "\(step.label)"])
        }
    }

    /// Blocks.
    private static func masterKey(file: String, generate: Bool, _ logger: Logger) throws -> MasterKey {
        let error: MasterKeyError
        do throws(MasterKeyError) { return try MasterKey.load(path: file) } catch let caught { error = caught }
        guard generate, case .missing = error else { throw error }
        let folder = URL(filePath: file).deletingLastPathComponent().path(percentEncoded: false)
        try FileSystem.makeMissingFolder(folder, mode: 0o700, owner: nil)
        do throws(MasterKeyError) {
            let key = try MasterKey.generate(path: file)
            logger.notice("made a master key: keep a copy of it", metadata: ["file": "\(file)"])
            return key
        } catch {
            // Another program on the same new database was quicker.
            if case .exists = error { return try MasterKey.load(path: file) }
            throw error
        }
    }
}

/// Why an installation could not be opened by a command.
package enum InstalledError: Error, Sendable, CustomStringConvertible {
    /// The database's schema is older than this program.
    case databaseOlder

    /// A stable name.
    package var code: String { "database_older" }

    package var description: String {
        "the database is of an older version of Muster: run `muster migrate` first, when no older daemon uses it any more"
    }
}
