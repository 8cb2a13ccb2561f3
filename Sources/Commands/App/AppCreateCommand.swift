// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import WebSurface

/// `muster app create`
struct AppCreateCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Creates a Platform App and prints its access token.")

    @Argument(help: "A name that no other app has; policies name their app by it.")
    var name: String

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let app = try await Workplace(options, output).withInstalled { installed in
            try await installed.directory.platformApps.create(name: name, by: .command)
        }
        if output.json {
            Console.json { writer in
                writer.object {
                    $0.field("id", app.id)
                    $0.field("name", app.name)
                    $0.field("access_token", app.accessToken)
                }
            }
        } else {
            Console.out("Created Platform App \(app.id), \"\(Style.plain(app.name))\".\naccess_token: \(app.accessToken)")
        }
    }
}
