// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
package import Postgres
import Subprocess
import SystemPackage

/// Takes backups: all of the database, of one moment, in one file. The master key is not in it, and never was in the database.
package enum Backup {
    /// A backup that was taken.
    package struct Taken: Sendable {
        package let manifest: BackupManifest
        /// In bytes.
        package let size: Int64
    }

    /// Takes a backup while others may go on writing.
    ///
    /// - Parameters:
    ///   - path: a file that does not exist; it comes to be with all its content or not at all, readable by its owner only.
    ///   - progress: called with the bytes written so far.
    /// - Throws: ``BackupError``, `PostgresError`.
    package static func take(
        of postgres: PostgresClient, to path: String, version: String, progress: @Sendable (Int64) async -> Void
    ) async throws -> Taken {
        let before = try await DatabaseFacts.read(postgres)
        guard let fingerprint = before.masterFingerprint else {
            throw BackupError(.notMuster, "there is no installation of Muster in this database: nothing to back up")
        }
        let manifest = BackupManifest(
            muster: version, schemaVersion: before.schemaVersion, postgres: before.serverMajor, masterFingerprint: fingerprint,
            createdAt: before.now)
        let tools = try await PostgresTools.find(for: before.serverMajor, postgres.configuration)
        let writer = BackupWriter(path: path)
        do {
            try await writer.begin(manifest)
            try await dump(with: tools, to: writer, progress)
            // The snapshot lies between two looks; had something of the manifest changed, it would not match the dump.
            guard try await DatabaseFacts.read(postgres).isSameInstallation(as: before) else {
                throw BackupError(.changedMeanwhile, "the master key or the schema was changed meanwhile: take the backup again")
            }
            let size = try await writer.finish()
            await writer.discard()
            return Taken(manifest: manifest, size: size)
        } catch {
            await writer.discard()
            throw error
        }
    }

    private static func dump(
        with tools: PostgresTools, to writer: BackupWriter, _ progress: @Sendable (Int64) async -> Void
    ) async throws {
        let result = try await Subprocess.run(
            tools.executable("pg_dump"),
            // What a run stages is worth nothing without the run, and its tables come and go.
            arguments: [
                "--format=custom", "--no-owner", "--no-privileges", "--exclude-table=staging.*", "--lock-wait-timeout=60s",
                "--no-password",
            ],
            environment: .custom(tools.environment), workingDirectory: "/", input: .none, output: .sequence,
            error: .string(limit: 1 << 16)
        ) { pgDump in
            for try await buffer in pgDump.standardOutput {
                await progress(try await writer.append(dump: buffer.withUnsafeBytes { Array($0) }))
            }
        }
        guard result.terminationStatus.isSuccess else {
            throw BackupError(.toolFailed, "pg_dump failed: \(ToolOutput.summary(result.standardError))")
        }
    }
}

/// What PostgreSQL's programs say when they fail, without what could be data.
enum ToolOutput {
    static func summary(_ text: String) -> String {
        let lines = text.split(separator: "\n").filter { !$0.contains("DETAIL:") && !$0.contains("CONTEXT:") }
        let said = lines.prefix(3).joined(separator: "; ")
        return said.isEmpty ? "it says nothing" : said
    }
}
