// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `muster app`
struct AppCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "app", abstract: "Platform Apps: the software that owns users and accounts.",
        subcommands: [
            AppCreateCommand.self, AppListCommand.self, AppTokenCommand.self, AppRotateCommand.self, AppGrantCommand.self,
            AppRevokeCommand.self,
        ])
}
