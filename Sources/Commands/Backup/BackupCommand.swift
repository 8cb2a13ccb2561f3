// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import FoundationEssentials
import NIOPosix
import Secrets
import WebSurface

/// `muster backup`
struct BackupCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Writes all of the database into one file, while daemons go on.",
        discussion: """
            The master key is not in it: keep a copy of that file elsewhere, for without it no access token of the backup is valid. \
            The backup holds people's data and password hashes; the file is readable by its owner only. It is a tar archive of \
            manifest.json, database.dump (for pg_restore) and SHA256SUMS.
            """)

    @Argument(help: "A file that does not exist yet.", completion: .file())
    var file: String

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let workplace = try Workplace(options, output)
        let path = Paths.absolute(file)
        let keyFile = workplace.configuration.secretKeyFile
        let taken = try await workplace.withDatabase { postgres in
            try await Backup.take(of: postgres, to: path, version: MusterCommand.version) { written in
                await workplace.progress.show(text: "writing: \(ByteText.text(written))")
            }
        }
        await workplace.progress.clear()
        let key = try await NIOThreadPool.singleton.runIfActive { try? MasterKey.load(path: keyFile) }
        let isOurs = key?.fingerprint == taken.manifest.masterFingerprint
        if output.json {
            Console.json { writer in
                writer.object {
                    $0.field("file", path)
                    $0.field("bytes", taken.size)
                    $0.field("created_at", taken.manifest.createdAt)
                    $0.field("schema_version", Int64(taken.manifest.schemaVersion))
                    $0.field("master_fingerprint", taken.manifest.masterFingerprint)
                    $0.field("master_key_at_hand", isOurs)
                }
            }
        } else {
            Console.out("Backed up to \(path) (\(ByteText.text(taken.size))).")
            Console.out("The master key is not in it: keep a copy of \(keyFile) elsewhere.")
        }
        if !isOurs {
            Console.error(
                "muster: \(keyFile) does not hold the master key of this database (fingerprint "
                    + "\(taken.manifest.masterFingerprint.prefix(16))…), which this backup needs")
        }
    }
}

/// Paths as a command is given them.
enum Paths {
    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }
}

/// Sizes for people.
enum ByteText {
    static func text(_ bytes: Int64) -> String {
        let units = ["KB", "MB", "GB", "TB"]
        guard bytes >= 1_000 else { return "\(bytes) bytes" }
        var tenths = bytes / 100
        var unit = 0
        while tenths >= 10_000, unit < units.count - 1 {
            tenths /= 1_000
            unit += 1
        }
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
