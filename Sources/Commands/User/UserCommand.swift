// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `muster user`
struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Users: everybody that the installation knows.",
        subcommands: [
            UserListCommand.self, UserShowCommand.self, UserCreateCommand.self, UserUpdateCommand.self, UserSuspendCommand.self,
            UserRestoreCommand.self, UserDeleteCommand.self, UserLoginLinkCommand.self, UserTokenCommand.self,
            UserSessionsCommand.self, UserHandBackCommand.self,
        ])
}
