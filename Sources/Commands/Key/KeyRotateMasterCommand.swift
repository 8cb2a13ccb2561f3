// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import NIOPosix
import Secrets
import WebSurface

/// `muster key rotate-master`
struct KeyRotateMasterCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-master", abstract: "Wraps the data keys with another master key; every token stays valid.",
        discussion: """
            The new key is made, durably, in the file that is named, or read from it if it is there. Then all data keys are \
            wrapped with it in one transaction: until it commits the old file opens the database, from then on the new one. \
            Afterwards put the new file in the place of the old one, or point MUSTER_SECRET_KEY_FILE at it. Daemons that run go \
            on meanwhile. The old file is left alone: it still opens former backups, so destroy it together with them.
            """)

    @Option(name: .long, help: ArgumentHelp("The file of the new master key.", valueName: "file"))
    var newKeyFile: String

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let workplace = try Workplace(options, output)
        let old = workplace.configuration.secretKeyFile
        let new = Paths.absolute(newKeyFile)
        let count = try await workplace.withInstalled { installed in
            // The installation is open, so the old file holds the right key; the new one comes to be only then.
            let (from, to) = try await NIOThreadPool.singleton.runIfActive {
                (try MasterKey.load(path: old), try Self.newKey(file: new))
            }
            return try await installed.directory.dataKeys.rewrap(from: from, to: to, by: .command)
        }
        if output.json {
            Console.json { writer in
                writer.object {
                    $0.field("data_keys", Int64(count))
                    $0.field("new_key_file", new)
                    $0.field("old_key_file", old)
                }
            }
        } else {
            Console.out(
                """
                \(count) data \(count == 1 ? "key is" : "keys are") wrapped by the master key in \(new) now.
                Next: put that file in the place of \(old), or point MUSTER_SECRET_KEY_FILE at it; keep a copy; take a backup.
                The old key still opens former backups: destroy it together with them.
                """)
        }
    }

    /// Blocks.
    private static func newKey(file: String) throws(MasterKeyError) -> MasterKey {
        do throws(MasterKeyError) { return try MasterKey.generate(path: file) } catch {
            guard case .exists = error else { throw error }
            return try MasterKey.load(path: file)
        }
    }
}
