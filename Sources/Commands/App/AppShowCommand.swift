// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import WebSurface

/// `muster app show`
struct AppShowCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows a Platform App: its settings, what it reaches, its sources.")

    @Argument(help: "The app's id.")
    var app: Int64

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (app, stakes) = try await Workplace(options, output).withInstalled { [app] installed in
            let apps = installed.directory.platformApps
            return (try await apps.show(app, by: .command), try await apps.stakes(app, by: .command))
        }
        if output.json {
            Console.json { writer in app.write(to: &writer, stakes) }
            return
        }
        let settings = app.settings
        let limit = settings.callsPerMinute.map { "\($0) a minute" } ?? "as configured"
        let sources = stakes.sources.map { source in
            Style.plain(source.name) + (source.policies.isEmpty ? "" : " (\(source.policies.joined(separator: ", ")))")
        }
        Console.out(
            """
            \(app.id), "\(Style.plain(app.name))"\(app.disabled ? ", disabled" : "")
            reaches: \(stakes.reach.text)
            tokens alive: \(app.liveTokens), last used \(app.lastUsedAt.text)
            webhooks: \(stakes.webhooks)
            sources: \(sources.isEmpty ? "none" : sources.joined(separator: ", "))
            sees users' tokens: \(settings.revealsUserTokens ? "yes" : "on creation only")
            login links live: \(settings.loginLinkSeconds) s
            calls: \(limit)
            """)
    }
}
