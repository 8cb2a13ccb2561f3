// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import Postgres
import WebSurface

/// `muster app list`
struct AppListCommand: ReportingCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists Platform Apps and how much each owns.")

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let apps = try await Workplace(options, output).withInstalled { try await $0.directory.platformApps.list(by: .command) }
        if output.json {
            Console.json { writer in writer.array { for app in apps { Self.write(app, to: &$0) } } }
        } else if apps.isEmpty {
            Console.out("There is no Platform App yet; `muster app create NAME` makes one.")
        } else {
            let rows = apps.map { app in
                [
                    "\(app.id)", Style.plain(app.name) + (app.disabled ? " (disabled)" : ""), "\(app.reach.users)",
                    "\(app.reach.accounts)",
                    "\(app.reach.agentBots)", RunText.time(PostgresTimestamp(microseconds: app.createdAt.microseconds)),
                ]
            }
            Console.out(Table.render(["id", "name", "users", "accounts", "bots", "created"], rows, Console.style))
        }
    }

    private static func write(_ app: PlatformApp, to writer: inout JSONWriter) {
        writer.object {
            $0.field("id", app.id)
            $0.field("name", app.name)
            $0.field("disabled", app.disabled)
            $0.field("users", app.reach.users)
            $0.field("accounts", app.reach.accounts)
            $0.field("agent_bots", app.reach.agentBots)
            $0.field("created_at", microseconds: app.createdAt.microseconds)
        }
    }
}
