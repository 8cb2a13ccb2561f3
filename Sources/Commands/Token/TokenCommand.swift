// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `muster token`
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Access tokens of Platform Apps, users, agent bots and super admins.",
        subcommands: [
            TokenListCommand.self, TokenShowCommand.self, TokenRevealCommand.self, TokenIssueCommand.self,
            TokenRotateCommand.self, TokenRevokeCommand.self,
        ])
}
