// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import WebSurface

/// `muster app list`
struct AppListCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists Platform Apps, the newest first, and how much each reaches.")

    @Option(name: .long, help: ArgumentHelp("Only apps with this in their name.", valueName: "text"))
    var search: String?

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let apps = try await Workplace(options, output).withInstalled { installed in
            var (apps, page): ([PlatformApp], Page<PlatformApp>?) = ([], nil)
            repeat {
                let request = PageRequest(limit: 100, after: page?.next ?? 0)
                let next = try await installed.directory.platformApps.list(request, text: search, by: .command)
                apps += next.items
                page = next
            } while page?.next != nil
            return apps
        }
        if output.json {
            Console.json { writer in writer.array { for app in apps { app.write(to: &$0) } } }
        } else if apps.isEmpty {
            Console.out(
                search == nil
                    ? "There is no Platform App yet; `muster app create NAME` makes one." : "No Platform App is named so.")
        } else {
            let rows = apps.map { app in
                [
                    "\(app.id)", Style.plain(app.name) + (app.disabled ? " (disabled)" : ""), app.reach.users.text,
                    app.reach.accounts.text, app.reach.agentBots.text, "\(app.liveTokens)", app.lastUsedAt.text,
                    app.createdAt.text,
                ]
            }
            let heads = ["id", "name", "users", "accounts", "bots", "tokens", "last used", "created"]
            Console.out(Table.render(heads, rows, Console.style))
        }
    }
}
