// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import Postgres
import WebSurface

/// `muster restore`
struct RestoreCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Puts a backup back, whole or not at all.",
        discussion: """
            The master key of the backup must be in its place (MUSTER_SECRET_KEY_FILE): it is checked by its fingerprint, as is the \
            whole file, before anything is changed. The database must be empty; with --replace the installation that is there is \
            removed in the same transaction. Stop the daemons first. A backup of an older version is brought up to date by \
            `muster migrate` or the next start.
            """)

    @Argument(help: "A file that `muster backup` wrote.", completion: .file())
    var file: String

    @Flag(name: .long, help: "Remove the installation that is in the database.")
    var replace = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let workplace = try Workplace(options, output)
        let progress = workplace.progress
        let schema = try Schema.migrations().steps.last?.version ?? 0
        await progress.show(text: "checking the file")
        let manifest = try await Restore.check(
            Paths.absolute(file), keyFile: workplace.configuration.secretKeyFile, schema: schema, progress: { _, _ in }
        ) { [replace] restore in
            try await workplace.withDatabase(limit: 1) { postgres in
                try await restore.put(into: postgres, replacing: replace) { done in
                    await progress.show(text: "restoring: \(ByteText.text(done))")
                }
            }
            return restore.manifest
        }
        await progress.clear()
        if output.json {
            Console.json { writer in
                writer.object {
                    $0.field("file", Paths.absolute(file))
                    $0.field("created_at", manifest.createdAt)
                    $0.field("schema_version", Int64(manifest.schemaVersion))
                }
            }
        } else {
            Console.out("Restored the backup of \(manifest.createdAt); its access tokens are valid again.")
            if manifest.schemaVersion < schema {
                Console.out("It is of an older version: run `muster migrate`, or start the daemon.")
            }
        }
    }
}
