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

    @Option(
        name: .long,
        help: ArgumentHelp("Calls a minute with all of its tokens; none: what the configuration says.", valueName: "number"))
    var callsPerMinute: Int32?

    @OptionGroup var token: TokenOptions
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var draft = PlatformAppDraft(name: name)
        (draft.scopes, draft.expiresIn) = (try token.scopes, try token.seconds)
        draft.callsPerMinute = callsPerMinute
        let wanted = draft
        let app = try await Workplace(options, output).withInstalled { installed in
            try await installed.directory.platformApps.create(wanted, by: .command)
        }
        if output.json {
            Console.json { writer in
                writer.object {
                    $0.field("id", app.id)
                    $0.field("name", app.name)
                    $0.field("token_id", app.tokenID)
                    $0.field("access_token", app.accessToken)
                }
            }
        } else {
            Console.out("Created Platform App \(app.id), \"\(Style.plain(app.name))\".\naccess_token: \(app.accessToken)")
        }
    }
}
