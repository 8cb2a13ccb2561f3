// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `muster app`
struct AppCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "app", abstract: "Platform Apps: the software that owns users and accounts.",
        discussion: "Tokens are under `muster token`, and what an app may reach under `muster grant`.",
        subcommands: [
            AppCreateCommand.self, AppListCommand.self, AppShowCommand.self, AppRenameCommand.self, AppSetCommand.self,
            AppDisableCommand.self, AppEnableCommand.self, AppTransferCommand.self, AppDeleteCommand.self,
            // Former spellings of `muster token issue`, `muster token rotate`, `muster grant add` and `muster grant revoke`.
            AppTokenCommand.self, AppRotateCommand.self, AppGrantCommand.self, AppRevokeCommand.self,
        ])
}
