// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `muster policy`
struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Policies: how a source becomes users, accounts and roles.",
        subcommands: [PolicyCheckCommand.self, PolicyTestCommand.self])
}
