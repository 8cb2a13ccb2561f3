// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `muster admin`
struct AdminCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin", abstract: "Super admins: the people who operate the installation.",
        subcommands: [AdminCreateCommand.self])
}
