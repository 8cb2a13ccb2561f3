// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `muster account`
struct AccountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account", abstract: "Accounts: the tenants, and who works in them.",
        subcommands: [
            AccountListCommand.self, AccountShowCommand.self, AccountCreateCommand.self, AccountUpdateCommand.self,
            AccountSuspendCommand.self, AccountRestoreCommand.self, AccountDeleteCommand.self, AccountMembersCommand.self,
            AccountAddMemberCommand.self, AccountRemoveMemberCommand.self,
        ])
}
