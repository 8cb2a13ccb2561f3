// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import Postgres
import WebSurface

/// `muster migrate`
struct MigrateCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Brings the database to this version; the daemon does so when it starts.")

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let steps = try Schema.migrations().steps
        try await Workplace(options, output).withInstalled(migrating: .always) { _ in }
        if output.json {
            Console.json { $0.object { $0.field("version", Int64(steps.last?.version ?? 0)) } }
        } else {
            Console.out("The database is at version \(steps.last?.label ?? "0").")
        }
    }
}
